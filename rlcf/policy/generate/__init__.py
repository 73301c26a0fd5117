"""Generation: one small protocol, several backends.

| name | what | for |
| --- | --- | --- |
| `loop` | an own loop over a key/value cache | causal models; the fastest for small ones on the CPU |
| `transformers` | `model.generate`, its defaults off | every model, encoder-decoders too |
| `static` | the same, a static cache, compiled on CUDA | models of up to some 3B on a GPU |
| `continuous` | `model.generate_batch`, paged | many rows of very different lengths on a GPU |
| `vllm` | a vLLM engine beside the policy, or a server | large models; `pip install 'rlcf[vllm]'` |
| `vllm-adapters` | the engine, LoRA not merged | LoRA: less is copied, a token costs more |

`loop`, `continuous` and `vllm` decode causal models alone; the first two raise BadInput for an
encoder-decoder, so its caller asks for `transformers`.

The first three draw the same tokens from the same seeds. `Sampled.logps` are the sampler's: training
computes the old log-probabilities anew with its own forward (docs/training-details.md#old-log-probabilities)
and may use these to measure how far a sampler is off.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from rlcf.errors import BadInput
from rlcf.policy.batch import Tokens
from rlcf.policy.generate.choose import choose, stable_seed, uniforms
from rlcf.policy.generate.continuous import Continuous, GenerationFailed
from rlcf.policy.generate.huggingface import Generate
from rlcf.policy.generate.native import Loop
from rlcf.policy.generate.sampled import Backend, Decoding, Finished, Sampled, hand_out, tell_nobody
from rlcf.policy.generate.vllm import Vllm
from rlcf.policy.generate.vllm_server import VllmServer

__all__ = [
    "BACKENDS",
    "Backend",
    "Decoding",
    "Finished",
    "GenerationFailed",
    "Sampled",
    "Tokens",
    "choose",
    "hand_out",
    "make_backend",
    "stable_seed",
    "tell_nobody",
    "uniforms",
]

BACKENDS: dict[str, Callable[[], Backend]] = {
    "loop": Loop,
    "transformers": Generate,
    "static": partial(Generate, static=True),
    "continuous": Continuous,
    "vllm": Vllm,
    "vllm-adapters": partial(Vllm, adapters=True),
}


def make_backend(name: str, endpoint: str = "") -> Backend:
    """The backend of that name, of `vllm` a server's where there is an `endpoint`; BadInput for an unknown
    one, or one whose package is missing."""
    if endpoint:
        if name != "vllm":
            raise BadInput("is a vLLM server's: set --backend vllm too", field="endpoint")
        return VllmServer(endpoint)
    if name not in BACKENDS:
        raise BadInput(f"no backend {name!r}; there are {', '.join(BACKENDS)}", field="backend")
    return BACKENDS[name]()
