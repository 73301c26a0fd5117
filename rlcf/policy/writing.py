"""Completions that are delivered as each of them ends, for benchmarks: stop strings, top-p, tokens counted.

    write(policy, [policy.encode_prompt(prompt)], seeds, [Stop((), prompt)], settings, receiver)

Stop strings and closing braces are looked for while the model writes, each row its own. A row is read as text
only when it has written a token that may end it, so that looking costs nearly nothing. Not covered: training,
whose samples end at stop tokens alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import torch

from rlcf.policy.batch import Tokens
from rlcf.policy.generate import Decoding
from rlcf.policy.policy import Policy
from rlcf.stopping import LENGTH, STOP, Stop


@dataclass(frozen=True, slots=True)
class Writing:
    """How completions are drawn."""

    temperature: float
    top_p: float
    max_new_tokens: int
    batch: int
    """Rows that are written together."""


@dataclass(frozen=True, slots=True)
class Written:
    """A completion that has ended."""

    text: str
    """Without its end token or stop string."""
    finish_reason: str
    """Of `rlcf.stopping`."""
    tokens: int
    """That were drawn."""


class Receiver(Protocol):
    """Who is told."""

    def written(self, number: int, completion: Written) -> None:
        """Prompt `number` is answered."""

    def tokens(self, count: int) -> None:
        """So many more tokens were drawn."""


def write(
    policy: Policy,
    prompts: Sequence[Tokens],
    seeds: Sequence[int],
    stops: Sequence[Stop],
    writing: Writing,
    receiver: Receiver,
) -> None:
    """Answers every prompt once and tells `receiver` of each answer when it ends. An answer depends on its
    prompt and its seed, not on the batch, up to rounding in the logits."""
    decoding = Decoding(
        writing.temperature, writing.max_new_tokens, policy.stop_ids, policy.pad_id, writing.top_p
    )
    may_end = _MayEnd(policy)
    for first in range(0, len(prompts), writing.batch):
        rows = range(first, min(first + writing.batch, len(prompts)))
        ends = _Ends(policy, rows, stops, decoding, may_end, receiver)
        with torch.autocast(policy.device.type, policy.autocast, enabled=policy.autocast is not None):
            sampled = policy.backend.generate(
                policy.sampler,
                [prompts[row] for row in rows],
                [seeds[row] for row in rows],
                replace(decoding, ends=ends),
            )
        for number, one in enumerate(sampled):
            ends.afterwards(number, one.ids)


class _Ends:
    """`Decoding.ends` of a batch."""

    def __init__(
        self,
        policy: Policy,
        rows: range,
        stops: Sequence[Stop],
        decoding: Decoding,
        may_end: _MayEnd,
        receiver: Receiver,
    ) -> None:
        self.policy, self.rows, self.stops, self.decoding = policy, rows, stops, decoding
        self.may_end, self.receiver = may_end, receiver
        self.ids: list[list[int]] = [[] for _ in rows]

    def __call__(self, number: int, token: int) -> bool:
        ids, row = self.ids[number], self.rows[number]
        ids.append(token)
        self.receiver.tokens(1)
        stop = self.stops[row]
        stopped, last = token in self.decoding.stop_ids, len(ids) == self.decoding.max_new_tokens
        if not (stopped or last or self.may_end(token, stop.characters)):
            return False
        text = self.policy.decode(ids)
        found = stop.end(text)
        if found is None and not (stopped or last):
            return False
        kept, reason = found or (len(text), STOP if stopped else LENGTH)
        self.receiver.written(row, Written(text[:kept], reason, len(ids)))
        return True

    def afterwards(self, number: int, ids: Sequence[int]) -> None:
        """For a backend that does not tell what it writes: all at once."""
        if not self.ids[number]:
            any(self(number, token) for token in ids)


class _MayEnd:
    """Whether a token writes one of some characters, or a part of a character."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.texts: dict[int, str] = {}

    def __call__(self, token: int, characters: frozenset[str]) -> bool:
        if not characters:
            return False
        text = self.texts.get(token)
        if text is None:
            text = self.policy.decode([token])
            # sentencepiece: decoded alone, a token loses the space before it
            piece = str(self.policy.tokenizer.convert_ids_to_tokens(token))
            text = self.texts[token] = f" {text}" if piece.startswith("\u2581") else text
        return "\ufffd" in text or not characters.isdisjoint(text)
