"""`vllm`: a vLLM engine in the same process and on the same device, its weights loaded from the policy.

The engine starts from the policy's config, without weights, and gets them with the first completions after a
`sync`: LoRA adapters added in on the way, tensor by tensor, so that the policy itself is never merged (a bf16
merge that is undone drifts), or with `adapters` as a LoRA adapter on the frozen base, which alone is copied
then. It computes in the type that the policy computes in. It samples with its own kernels and its own seeded
generators: a row's seed fixes its draws, but other backends draw other tokens.

Its log-probabilities are those of training up to rounding: in fp32 on the CPU, on small models, 2e-5 nats
apart at most. The old log-probabilities are recomputed by training all the same.

Run on the CPU with vLLM 0.32 (`.ci/vllm`), NOT RUN on a GPU. Not covered: several training processes, tensor
parallelism, sleeping between generations (it exists on CUDA alone: the engine keeps its share of the memory),
encoder-decoder models, quantised policies, other adapters than LoRA.
"""

from __future__ import annotations

import copy
import importlib
import importlib.util
import os
import random
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy
import torch
import torch.distributed
from peft.tuners.lora import LoraLayer
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import PreTrainedModel

from rlcf.errors import BadInput
from rlcf.policy.batch import Tokens
from rlcf.policy.generate.sampled import Decoding, Sampled, cut

MEMORY = 0.35
"""Share of the GPU that the engine takes for its weights and cache."""
CPU_CACHE = 1 << 30
"""Bytes of the cache on the CPU."""
RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""Ranks of adapters that an engine can be made for; it then takes lower ones too."""
ENVIRONMENT = {
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_LOGGING_LEVEL": "ERROR",  # it warns of a start without a tokenizer
    # Bound to a core, this process and the JVMs that it starts would share that one.
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
}
"""Of the engine, where the user's own says nothing else."""


class Vllm:
    """See the module. It starts its engine with the first completions; on a GPU that takes a minute."""

    samples_from_model = False

    def __init__(self, adapters: bool = False) -> None:
        """`adapters`: LoRA adapters stay adapters in the engine; of other policies all weights are loaded.
        Raises BadInput if vLLM is not installed."""
        if importlib.util.find_spec("vllm") is None:
            raise BadInput("vLLM is not installed: pip install 'rlcf[vllm]'", field="backend")
        self.adapters = adapters
        self.engine: Any = None
        self._config: dict[str, Any] = {}
        """Of the model that the engine was started for."""
        self._base: weakref.ref[nn.Module] | None = None
        """Whose frozen weights the engine has: with LoRA the first adapted layer, for a model may be merged
        in its place and begin new adapters; None where they must be loaded again."""
        self._adapter: Any = None
        self._syncs = 0
        self._stale = True

    def generate(
        self, model: PreTrainedModel, prompts: Sequence[Tokens], seeds: Sequence[int], decoding: Decoding
    ) -> list[Sampled]:
        """See `Backend`; samples from the weights that the policy had at the first completions after the last
        `sync`. Raises BadInput where a prompt and its completion are longer than the model takes, and beside
        other training processes."""
        kind = model.device.type
        dtype = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else model.dtype
        with torch.autocast(kind, enabled=False), own_random(model.device):
            self._load(model, dtype)
            check_lengths(prompts, decoding, int(self.engine.model_config.max_model_len))
            found = {}
            for row, one in self._completions(prompts, seeds, decoding):
                found[row] = one
                decoding.finished(row, one)
        return [found[row] for row in range(len(prompts))]

    def sync(self, policy_model: PreTrainedModel) -> None:
        """The weights changed: the next completions load them first."""
        del policy_model
        self._stale = True

    def close(self) -> None:
        """Ends the engine and gives its memory back; the next completions would start another one."""
        if self.engine is not None:
            self.engine.llm_engine.engine_core.shutdown()
            self.engine = self._base = self._adapter = None
            importlib.import_module("vllm.distributed").cleanup_dist_env_and_memory()

    def _completions(
        self, prompts: Sequence[Tokens], seeds: Sequence[int], decoding: Decoding
    ) -> Iterator[tuple[int, Sampled]]:
        """Each row as it ends, with its number."""
        parameters = importlib.import_module("vllm").SamplingParams
        # logprobs=0: that of the sampled token alone
        shared = {"logprobs": 0, "detokenize": False, **sampling(decoding)}
        own = [parameters(seed=seed, **shared) for seed in seeds]
        inputs = [{"prompt_token_ids": list(prompt)} for prompt in prompts]
        names = self.engine.enqueue(inputs, own, lora_request=self._adapter, use_tqdm=False)
        # A name is a number, and letters that the output is without.
        rows = {name.partition("-")[0]: row for row, name in enumerate(names)}
        engine = self.engine.llm_engine
        try:
            while engine.has_unfinished_requests():
                for output in engine.step():
                    if output.finished:
                        yield rows[output.request_id], _sampled(output.outputs[0], decoding.stop_ids)
        finally:
            if engine.has_unfinished_requests():
                engine.abort_request(names, internal=True)

    def _load(self, model: PreTrainedModel, dtype: torch.dtype) -> None:
        """Starts the engine where there is none for such a model, and loads what changed."""
        layers = [module for module in model.modules() if isinstance(module, LoraLayer)]
        as_adapter = self.adapters and bool(layers)
        config = model.config.to_dict() | {"computed in": dtype}
        if self.engine is not None and config != self._config:
            self.close()
        if self.engine is None:
            self.engine = _start(model, dtype, highest_rank(layers) if as_adapter else 0)
            self._config = config
        anchor: nn.Module = layers[0] if layers else model
        same_base = self._base is not None and self._base() is anchor
        if not same_base or (self._stale and not as_adapter):
            _reload(self.engine, base_weights(model) if as_adapter else merged_weights(model))
            self._base = weakref.ref(anchor)
        if as_adapter and (self._stale or not same_base):
            self._swap_adapter(model)
        self._stale = False

    def _swap_adapter(self, model: PreTrainedModel) -> None:
        """A name and a number of its own for each: the engine takes completions of one for those of another
        otherwise."""
        self._syncs += 1
        request = importlib.import_module("vllm.lora.request").LoRARequest
        with tempfile.TemporaryDirectory() as folder:
            write_adapter(model, Path(folder))
            loaded = request(f"policy-{self._syncs}", self._syncs, folder)
            if self._adapter is not None:
                self.engine.llm_engine.remove_lora(self._adapter.lora_int_id)
            self.engine.llm_engine.add_lora(loaded)
        self._adapter = loaded


def _start(model: PreTrainedModel, dtype: torch.dtype, rank: int) -> Any:
    """`rank`: of the adapters that the engine will be given; 0: none."""
    check_alone()
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    # In this process: weights are handed over as tensors, not through a pipe.
    os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
    vllm = importlib.import_module("vllm")
    config = copy.deepcopy(model.config)
    config.architectures = [type(model).__name__]
    on_cpu = model.device.type == "cpu"
    lora = {"enable_lora": True, "max_loras": 1, "max_lora_rank": min(r for r in RANKS if r >= rank)}
    with tempfile.TemporaryDirectory() as folder:
        config.save_pretrained(folder)
        return vllm.LLM(
            model=folder,
            load_format="dummy",  # the weights come later
            skip_tokenizer_init=True,
            generation_config="vllm",  # not the checkpoint's
            logprobs_mode="processed_logprobs",  # at the temperature of sampling
            dtype=dtype,
            gpu_memory_utilization=MEMORY,
            kv_cache_memory_bytes=CPU_CACHE if on_cpu else None,
            enforce_eager=on_cpu,  # compiling takes minutes there
            **(lora if rank else {}),
        )


def _reload(engine: Any, weights: Iterator[tuple[str, Tensor]]) -> None:
    """Loads the weights and forgets what was computed from others."""

    def load(worker: Any) -> None:
        # `load_weights` of the model itself fails where the engine has packed its weights, as on the CPU.
        worker.reload_weights(weights_iterator=weights)
        # What vLLM 0.32 leaves as it was: the packed copy of a head that is tied to the embedding.
        for module in worker.get_model().modules():
            if type(module).__name__ == "ParallelLMHead" and worker.device.type == "cpu":
                module.quant_method.process_weights_after_loading(module)

    engine.collective_rpc(load)
    engine.reset_prefix_cache()


def sampling(decoding: Decoding) -> dict[str, Any]:
    """vLLM's sampling parameters that all rows share; every one is named, so that no checkpoint's own and no
    server's are taken."""
    return {
        "temperature": decoding.temperature,
        "top_p": decoding.top_p,
        "top_k": 0,
        "min_p": 0.0,
        "repetition_penalty": 1.0,
        "max_tokens": decoding.max_new_tokens,
        "stop_token_ids": sorted(decoding.stop_ids),
        "ignore_eos": True,  # the stop tokens above are all there are
    }


def check_lengths(prompts: Sequence[Tokens], decoding: Decoding, longest: int) -> None:
    """Raises BadInput where a row may be longer than `longest`, the model's own limit: vLLM refuses such a
    prompt, or cuts its completion without a word."""
    most = max(map(len, prompts), default=0) + decoding.max_new_tokens
    if most > longest:
        raise BadInput(
            f"a prompt and its completion are {most} tokens, the model takes {longest}: "
            "lower rollout.max_new_tokens, or take the backend `loop`",
            field="backend",
        )


def check_alone() -> None:
    """Raises BadInput beside other training processes: the engine would take their process group for its
    own."""
    if torch.distributed.is_initialized() and torch.distributed.get_world_size() > 1:
        raise BadInput("vLLM serves one training process: train with one", field="backend")


@contextmanager
def own_random(device: torch.device) -> Iterator[None]:
    """Leaves the process's random generators as they were: vLLM seeds them, and draws for rows that
    have generators of their own too."""
    states = random.getstate(), numpy.random.get_state()
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        try:
            yield
        finally:
            random.setstate(states[0])
            numpy.random.set_state(states[1])


def _sampled(output: Any, stop_ids: frozenset[int]) -> Sampled:
    ids = [int(token) for token in output.token_ids]
    logps = [float(found[token].logprob) for token, found in zip(ids, output.logprobs, strict=True)]
    return cut(ids, logps, stop_ids)


# ---- what is handed over


def base_weights(model: PreTrainedModel) -> Iterator[tuple[str, Tensor]]:
    """Name and value of every parameter as if there were no LoRA adapters. Tied parameters come once."""
    adapted = {name for name, module in model.named_modules() if isinstance(module, LoraLayer)}
    for name, parameter in model.named_parameters():
        owner, _, rest = name.partition(".base_layer.")
        if rest:
            yield f"{owner}.{rest}", parameter.detach()
        elif not any(name.startswith(f"{place}.") for place in adapted):
            yield name, parameter.detach()


@torch.no_grad()
def merged_weights(model: PreTrainedModel) -> Iterator[tuple[str, Tensor]]:
    """Name and value of every parameter as if the active LoRA adapters were merged; the model stays as it
    is, and only one merged tensor exists at a time. Tied parameters come once."""
    adapted = {name: module for name, module in model.named_modules() if isinstance(module, LoraLayer)}
    for name, value in base_weights(model):
        owner, _, kind = name.rpartition(".")
        layer = adapted.get(owner)
        if layer is not None and kind == "weight" and not layer.merged:
            for adapter in layer.active_adapters:
                value = value + layer.get_delta_weight(adapter).to(value.dtype)
        yield name, value


def highest_rank(layers: Sequence[LoraLayer]) -> int:
    """The highest rank of their active adapters."""
    return max(int(layer.r[layer.active_adapters[0]]) for layer in layers)


def write_adapter(model: PreTrainedModel, folder: Path) -> None:
    """Writes the active LoRA adapter as a folder of peft's form."""
    tensors, active = {}, ""
    for name, layer in model.named_modules():
        if isinstance(layer, LoraLayer):
            (active,) = layer.active_adapters
            for side, matrices in (("lora_A", layer.lora_A), ("lora_B", layer.lora_B)):
                weight = matrices[active].weight.detach().cpu().contiguous()
                tensors[f"base_model.model.{name}.{side}.weight"] = weight
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "adapter_model.safetensors")
    config = copy.copy(model.peft_config[active])
    config.inference_mode = True
    config.save_pretrained(str(folder))
