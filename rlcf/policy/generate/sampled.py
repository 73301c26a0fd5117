"""What every way of generating takes and gives: token lists, never text.

Not covered: beams, several completions of a prompt (repeat the prompt), constrained decoding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from transformers import PreTrainedModel

from rlcf.policy.batch import Tokens


@dataclass(frozen=True, slots=True)
class Sampled:
    """A completion in tokens."""

    ids: list[int]
    """The stop token, if one was reached, is the last."""
    stopped: bool
    """By a stop token or by `Decoding.ends`; False: cut at `max_new_tokens`."""
    logps: list[float]
    """Log-probability (nats) of each id under the sampler, at the temperature of sampling; greedy: at 1."""


Finished = Callable[[int, Sampled], None]
"""Told a completion, with the number of its prompt."""


def tell_nobody(_number: int, _sampled: Sampled) -> None:
    """Where nobody waits for completions one by one."""


@dataclass(frozen=True, slots=True)
class Decoding:
    """How to draw. No top-k and no penalty; training leaves `top_p` and `ends` alone too, for what is sampled
    must be what its log-probabilities describe; anything else shows up as a negative KL
    (docs/training-details.md)."""

    temperature: float
    """0 takes the likeliest token."""
    max_new_tokens: int
    """At least 1."""
    stop_ids: frozenset[int]
    """Every token that ends a completion: some models have several."""
    pad_id: int
    """Fills prompts up; may be a stop token, for nothing is read off it."""
    top_p: float = 1.0
    """Draws from the likeliest tokens alone that together have this probability (nucleus sampling)."""
    ends: Callable[[int, int], bool] | None = None
    """Told every token that is written, as (number of the prompt, token), those of a prompt in order and up
    to its end, stop tokens too. True ends that completion. `continuous` and `vllm` do not tell."""
    finished: Finished = tell_nobody
    """Told each completion as it ends, in the thread that generates; by `continuous` when all have ended."""


class Backend(Protocol):
    """A way to generate."""

    samples_from_model: bool
    """Whether it computes with the policy's own weights: then adapters are merged into them meanwhile."""

    def generate(
        self, model: PreTrainedModel, prompts: Sequence[Tokens], seeds: Sequence[int], decoding: Decoding
    ) -> list[Sampled]:
        """One completion a prompt, in order. Prompts are not empty; `seeds` has one seed a prompt.

        The model is in eval mode with gradient checkpointing off (it would disable the cache).
        """

    def sync(self, policy_model: PreTrainedModel) -> None:
        """The weights changed. Nothing to do for a backend that uses the model itself."""


def cut(ids: list[int], logps: list[float], stop_ids: frozenset[int]) -> Sampled:
    """The completion up to its first stop token; what a batched sampler wrote after that goes."""
    end = next((place + 1 for place, token in enumerate(ids) if token in stop_ids), None)
    return Sampled(ids[:end], end is not None, logps[:end])


def hand_out(sampled: list[Sampled], decoding: Decoding) -> list[Sampled]:
    """What a backend does that knows of no end before the last: tells of all, and returns them."""
    for number, one in enumerate(sampled):
        decoding.finished(number, one)
    return sampled
