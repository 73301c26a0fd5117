"""`vllm`: a vLLM engine in the same process and on the same GPU, its weights loaded from the policy.

The engine starts without weights and gets them from `sync`, with LoRA adapters added in on the way, tensor
by tensor, so that the policy itself is never merged (a bf16 merge that is undone drifts). It must be synced
after every change of the weights. It samples with its own kernels and its own seeded generators: a row's seed
fixes its draws, but other backends draw other tokens, and its log-probabilities differ from those of training
by more than rounding in fp32 does. The old log-probabilities are recomputed by training.

NOT RUN on the machines that this was written on: they have neither GPU nor vLLM. It is written for the V1
engine (0.11 and later) and its documented `LLM`, `SamplingParams` and `apply_model`; only the merging of
adapters and the missing package are tested.

Not covered: tensor parallelism, sleeping between generations (the engine keeps its share of the memory),
encoder-decoder models, quantised policies.
"""

from __future__ import annotations

import copy
import importlib
import importlib.util
import os
import tempfile
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from peft.tuners.lora import LoraLayer
from torch import Tensor
from transformers import PreTrainedModel

from rlcf.errors import BadInput
from rlcf.policy.batch import Tokens
from rlcf.policy.generate.sampled import Decoding, Sampled, cut

MEMORY = 0.35
"""Share of the GPU that the engine takes for its weights and cache."""


class Vllm:
    """See the module. It starts its engine at the first `generate` or `sync`; that takes a minute."""

    def __init__(self) -> None:
        """Raises BadInput if vLLM is not installed."""
        if importlib.util.find_spec("vllm") is None:
            raise BadInput("vLLM is not installed: pip install 'rlcf[vllm]'", field="backend")
        self.engine: Any = None

    def generate(
        self, model: PreTrainedModel, prompts: Sequence[Tokens], seeds: Sequence[int], decoding: Decoding
    ) -> list[Sampled]:
        """See `Backend`; samples from the weights of the last `sync`."""
        if self.engine is None:
            self.sync(model)
        vllm = importlib.import_module("vllm")
        parameters = [
            vllm.SamplingParams(
                temperature=decoding.temperature,
                top_p=decoding.top_p,
                top_k=0,
                min_p=0.0,
                seed=seed,
                max_tokens=decoding.max_new_tokens,
                stop_token_ids=sorted(decoding.stop_ids),
                ignore_eos=True,  # the stop tokens above are all there are
                logprobs=0,  # that of the sampled token alone
                detokenize=False,
            )
            for seed in seeds
        ]
        inputs = [{"prompt_token_ids": list(prompt)} for prompt in prompts]
        outputs = self.engine.generate(inputs, parameters, use_tqdm=False)
        return [_sampled(output.outputs[0], decoding.stop_ids) for output in outputs]

    def sync(self, policy_model: PreTrainedModel) -> None:
        """Loads the policy's weights, adapters merged, into the engine and forgets its cached prefixes."""
        if self.engine is None:
            self.engine = _start(policy_model)

        def load(own: Any) -> None:
            own.load_weights(merged_weights(policy_model))

        self.engine.apply_model(load)
        self.engine.reset_prefix_cache()


def _start(model: PreTrainedModel) -> Any:
    # In this process: weights are handed over as tensors, not through a pipe.
    os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
    vllm = importlib.import_module("vllm")
    config = copy.deepcopy(model.config)
    config.architectures = [type(model).__name__]
    with tempfile.TemporaryDirectory() as folder:
        config.save_pretrained(folder)
        return vllm.LLM(
            model=folder,
            load_format="dummy",  # the weights come with `sync`
            skip_tokenizer_init=True,
            generation_config="vllm",  # not the checkpoint's
            logprobs_mode="processed_logprobs",  # at the temperature of sampling
            dtype=model.dtype,
            gpu_memory_utilization=MEMORY,
        )


def _sampled(output: Any, stop_ids: frozenset[int]) -> Sampled:
    ids = [int(token) for token in output.token_ids]
    logps = [float(found[token].logprob) for token, found in zip(ids, output.logprobs, strict=True)]
    return cut(ids, logps, stop_ids)


@torch.no_grad()
def merged_weights(model: PreTrainedModel) -> Iterator[tuple[str, Tensor]]:
    """Name and value of every parameter as if the active LoRA adapters were merged; the model stays as it
    is, and only one merged tensor exists at a time. Tied parameters come once."""
    adapted = {name: module for name, module in model.named_modules() if isinstance(module, LoraLayer)}
    for name, parameter in model.named_parameters():
        owner, _, rest = name.partition(".base_layer.")
        if rest:
            layer = adapted[owner]
            value = parameter.detach()
            if rest == "weight" and not layer.merged:
                for adapter in layer.active_adapters:
                    value = value + layer.get_delta_weight(adapter).to(value.dtype)
            yield f"{owner}.{rest}", value
        elif not any(name.startswith(f"{place}.") for place in adapted):
            yield name, parameter.detach()
