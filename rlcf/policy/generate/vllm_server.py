"""`vllm` with an `endpoint`: a vLLM server, so that completions are sampled on other cards than training's.

    VLLM_SERVER_DEV_MODE=1 VLLM_ALLOW_RUNTIME_LORA_UPDATING=1 vllm serve MODEL \\
        --generation-config vllm --logprobs-mode processed_logprobs --enable-lora --max-lora-rank RANK

One request a row (`/v1/completions`, prompt and completion in token ids, a seed of its own). Weights go
through a temporary folder, which the server must see (TMPDIR names a shared one): a whole checkpoint takes
the place of MODEL's weights, at the start and, where all are trained, after every `sync`; of a LoRA policy
the adapter alone then. What the server has is asked before every batch: one that was started anew gets all
again. The first row after a change is scored by the policy too, so that one of another model is noticed.

Run on the CPU with vLLM 0.32 (`.ci/vllm`), NOT RUN on a GPU. Not covered: several training processes,
several servers, keys, servers of other makes, and on the CPU a head that is tied to its embedding (vLLM keeps
the one that it packed).
"""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
import time
import weakref
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from peft.tuners.lora import LoraLayer
from safetensors.torch import save_file
from torch import nn
from transformers import PreTrainedModel

from rlcf.errors import BadInput
from rlcf.policy.batch import Tokens
from rlcf.policy.generate.continuous import GenerationFailed
from rlcf.policy.generate.sampled import Decoding, Sampled, cut
from rlcf.policy.generate.vllm import base_weights, check_alone, check_lengths, sampling, write_adapter

if TYPE_CHECKING:
    import httpx2

START = "VLLM_SERVER_DEV_MODE=1 VLLM_ALLOW_RUNTIME_LORA_UPDATING=1 vllm serve MODEL --enable-lora"
CONCURRENCY = 128
"""Requests under way."""
SECONDS = 1800.0
"""That one request may take; the server answers in full, and may have others before it."""
PAUSES = (1.0, 4.0, 15.0, 60.0)
"""Seconds before what got no answer, or a server's error, is sent again."""
FAR = 0.5
"""Mean difference in nats between a row's log-probabilities and the policy's, from which on the server has
another model: rounding to bfloat16 makes a tenth of it on small models."""


class VllmServer:
    """See the module; the server is the user's, and is neither started nor ended."""

    samples_from_model = False

    def __init__(self, endpoint: str) -> None:
        """`endpoint`: such as `http://localhost:8000`. Raises BadInput where httpx2 is missing."""
        if importlib.util.find_spec("httpx2") is None:
            raise BadInput("endpoints need httpx2: pip install 'rlcf[endpoint]'", field="endpoint")
        import httpx2

        self.endpoint = endpoint.rstrip("/").removesuffix("/v1")
        limits = httpx2.Limits(max_connections=CONCURRENCY, max_keepalive_connections=CONCURRENCY)
        self._client = httpx2.Client(timeout=httpx2.Timeout(SECONDS, connect=30.0), limits=limits)
        self._lost: type[Exception] = httpx2.TransportError
        self._base: weakref.ref[nn.Module] | None = None
        """Whose frozen weights the server has; see `Vllm`."""
        self._names = {"base": "", "adapter": ""}
        """Of what the server was last given, and of its folders in this one."""
        self._folder = tempfile.TemporaryDirectory(prefix="rlcf-weights-")
        self._stale = True

    def generate(
        self, model: PreTrainedModel, prompts: Sequence[Tokens], seeds: Sequence[int], decoding: Decoding
    ) -> list[Sampled]:
        """See `Backend` and `Vllm.generate`. Raises BadInput where the server refuses or has another model,
        GenerationFailed where it does not answer."""
        check_alone()
        own, longest, adapters = self._models()
        check_lengths(prompts, decoding, longest)
        layers = [module for module in model.modules() if isinstance(module, LoraLayer)]
        anchor: nn.Module = layers[0] if layers else model
        version = self._ask("/weight_info").json()["weight_version"]
        same_base = self._base is not None and self._base() is anchor and version == self._names["base"]
        changed = self._stale or not same_base or (bool(layers) and self._names["adapter"] not in adapters)
        if not same_base or (changed and not layers):
            self._load_base(model)
            self._base = weakref.ref(anchor)
        if changed and layers:
            self._load_adapter(model, adapters)
        self._stale = False  # now: a `sync` while the server answers is of weights to come
        name = self._names["adapter"] if layers else own
        shared = {"model": name, "logprobs": 0, "return_token_ids": True, **sampling(decoding)}
        bodies = [shared | {"prompt": list(p), "seed": seed} for p, seed in zip(prompts, seeds, strict=True)]
        found: dict[int, Sampled] = {}
        with ThreadPoolExecutor(CONCURRENCY) as pool:
            rows = {pool.submit(self._ask, "/v1/completions", body): row for row, body in enumerate(bodies)}
            for answer in as_completed(rows):
                one = _sampled(answer.result().json(), decoding.stop_ids)
                found[rows[answer]] = one
                decoding.finished(rows[answer], one)
        sampled = [found[row] for row in range(len(prompts))]
        if changed and sampled and decoding.top_p == 1.0:
            self._check(model, prompts[0], sampled[0], decoding.temperature)
        self._stale |= changed and not sampled
        return sampled

    def sync(self, policy_model: PreTrainedModel) -> None:
        """The weights changed: the next completions load them first."""
        del policy_model
        self._stale = True

    def close(self) -> None:
        """Ends the connections and removes the folder; the server goes on."""
        self._client.close()
        self._folder.cleanup()

    # ---- weights

    def _load_base(self, model: PreTrainedModel) -> None:
        folder = Path(tempfile.mkdtemp(prefix="rlcf-", dir=self._folder.name))
        weights = {name: value.cpu().contiguous() for name, value in base_weights(model)}
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        model.config.save_pretrained(folder)
        path = {"weights_path": str(folder)}
        self._ask("/collective_rpc", {"method": "reload_weights", "kwargs": path})
        self._ask("/reset_prefix_cache", {})
        self._ask("/update_weight_version", {"new_version": folder.name})
        self._given("base", folder)

    def _load_adapter(self, model: PreTrainedModel, adapters: set[str]) -> None:
        folder = Path(tempfile.mkdtemp(prefix="rlcf-", dir=self._folder.name))
        write_adapter(model, folder)
        self._ask("/v1/load_lora_adapter", {"lora_name": folder.name, "lora_path": str(folder)})
        if self._names["adapter"] in adapters:
            self._ask("/v1/unload_lora_adapter", {"lora_name": self._names["adapter"]})
        self._given("adapter", folder)

    def _given(self, kind: str, folder: Path) -> None:
        """The server has it, and needs no more what it had before."""
        if self._names[kind]:
            shutil.rmtree(folder.parent / self._names[kind])
        self._names[kind] = folder.name

    def _models(self) -> tuple[str, int, set[str]]:
        """The name of the server's own model, its longest row in tokens, and the names of its adapters."""
        rows = self._ask("/v1/models").json()["data"]
        own = next(row for row in rows if row["parent"] is None)
        return str(own["id"]), int(own["max_model_len"]), {str(row["id"]) for row in rows if row["parent"]}

    @torch.no_grad()
    def _check(self, model: PreTrainedModel, prompt: Tokens, one: Sampled, temperature: float) -> None:
        ids_1L = torch.tensor([[*prompt, *one.ids]], device=model.device)
        logits_TV = model(input_ids=ids_1L).logits[0, len(prompt) - 1 : -1].float() / (temperature or 1.0)
        own_T = logits_TV.log_softmax(-1).gather(1, ids_1L[0, len(prompt) :, None])[:, 0].cpu()
        far = float((own_T - torch.tensor(one.logps)).abs().mean())
        if not far < FAR:
            raise BadInput(
                f"{self.endpoint} is {far:.2g} nats a token from the policy: it must serve a model of the "
                "policy's config, with --logprobs-mode processed_logprobs",
                field="endpoint",
            )

    # ---- requests

    def _ask(self, path: str, body: dict[str, Any] | None = None) -> httpx2.Response:
        """The answer to a GET, or to the POST of a body; asks again after each of the pauses."""
        method = "GET" if body is None else "POST"
        for pause in (0.0, *PAUSES):
            time.sleep(pause)
            try:
                response = self._client.request(method, self.endpoint + path, json=body)
            except self._lost as lost:
                reason = f"{type(lost).__name__}: {lost}"
            else:
                if response.status_code == 200:
                    return response
                reason = f"{response.status_code} {response.text[:300]}"
                if response.status_code < 500:
                    start = f" (start it with {START})" if response.status_code == 404 else ""
                    raise BadInput(f"{self.endpoint}{path} refuses: {reason}{start}", field="endpoint")
        raise GenerationFailed(f"{self.endpoint}{path} does not answer, start it again and resume: {reason}")


def _sampled(answer: dict[str, Any], stop_ids: frozenset[int]) -> Sampled:
    (choice,) = answer["choices"]
    ids = [int(token) for token in choice["token_ids"]]
    logps = [float(logp) for logp in choice["logprobs"]["token_logprobs"]]
    return cut(ids, logps[: len(ids)], stop_ids)
