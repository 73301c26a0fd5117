"""Supervised training on prompts with completions: pre-training of `tiny`, fine-tuning of others.

Loss on completion tokens only, divided by the token count of the whole batch. AdamW
with warm-up and cosine decay to 5 %: PPO from a checkpoint in mid-decay failed in a trial,
so the decay always runs to its end. A step is BATCH rows of similar length, or random rows of so many tokens
together; both come in micro-batches by tokens. Not covered: several rows in one, evaluation during training,
going on with one that was interrupted.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial

import torch

from rlcf.machine import Machine
from rlcf.policy import Policy
from rlcf.progress import progress
from rlcf.training.prompts import PLAIN, PromptFormat
from rlcf.training.runtime.distributed import Parallel, gather_full
from rlcf.training.trained_policy import Encoded, TrainedModule, accumulate

BETAS = (0.9, 0.98)
WEIGHT_DECAY = 0.05
BATCH = 64
"""Rows a step."""
WARM_UP = 50
"""Steps, at most a tenth of all."""
LAST_LR = 0.05
"""Share of the learning rate at the end."""
SORTED_BATCHES = 16
"""Batches whose rows are sorted by length together: three times less padding, order still random."""

Row = tuple[str, str]


def train_supervised(
    policy: Policy,
    rows: Sequence[Row],
    *,
    steps: int,
    lr: float,
    seed: int,
    tokens: int = 0,
    machine: Machine | None = None,
    parallel: Parallel | None = None,
    form: PromptFormat = PLAIN,
) -> tuple[Policy, list[float]]:
    """Train `policy` for `steps` batches of `rows`, what it reads and what it then writes in the form `form`:
    of `tokens` tokens each, prompts included, or of BATCH rows where it is 0. Returns the trained policy, its
    adapters merged and begun anew, and the loss of each step. `policy` itself is used up."""
    encoded = _Rows(policy, rows, form)
    machine, parallel = machine or Machine(), parallel or Parallel()
    module = TrainedModule(policy, policy.scorer(), machine, parallel)
    parameters = module.scorer.policy_parameters()
    optimizer = torch.optim.AdamW(parameters, lr=lr, betas=BETAS, weight_decay=WEIGHT_DECAY, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: lr_factor(step, steps))
    losses: list[float] = []
    count, rng = len(rows), random.Random(f"sft {seed}")
    batches = (
        token_batches(count, encoded.length, tokens, rng)
        if tokens
        else row_batches(count, encoded.length, BATCH, rng)
    )
    with parallel.all_cores(), progress("supervised training", total=steps) as advance:
        for _ in range(steps):
            losses.append(accumulate(module, [encoded[index] for index in next(batches)]))
            gather_full(torch.nn.utils.clip_grad_norm_(parameters, 1.0))
            optimizer.step()
            schedule.step()
            optimizer.zero_grad(set_to_none=True)
            advance(1, loss=losses[-1])
    return module.trained_policy(), losses


def lr_factor(step: int, steps: int) -> float:
    """Compute the learning rate's factor: warm-up, then cosine to `LAST_LR`."""
    warm_up = min(WARM_UP, max(1, steps // 10))
    if step < warm_up:
        return (step + 1) / warm_up
    done = (step - warm_up) / max(1, steps - warm_up)
    return LAST_LR + (1 - LAST_LR) * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


class _Rows:
    """Rows as tokens. Each text is encoded when a batch may first have it, and then kept: a short training
    reads little of a corpus."""

    def __init__(self, policy: Policy, rows: Sequence[Row], form: PromptFormat) -> None:
        self._rows = rows
        self._prompt = cache(partial(form.encode, policy))
        self._completion = cache(partial(form.reply_ids, policy))

    def __getitem__(self, index: int) -> Encoded:
        prompt, completion = self._rows[index]
        return self._prompt(prompt), self._completion(completion)

    def length(self, index: int) -> int:
        """Tokens of a row."""
        return sum(map(len, self[index]))


def token_batches(
    count: int, length: Callable[[int], int], tokens: int, rng: random.Random
) -> Iterator[list[int]]:
    """Draw batches of row indices without end, in random order, each row once an epoch: as many as follow
    with at most `tokens` together, at least one. Rows stay whole."""
    batch: list[int] = []
    held = 0
    while True:
        for row in rng.sample(range(count), count):
            if batch and held + length(row) > tokens:
                yield batch
                batch, held = [], 0
            batch.append(row)
            held += length(row)


def row_batches(
    count: int, length: Callable[[int], int], batch: int, rng: random.Random
) -> Iterator[list[int]]:
    """Draw batches of row indices without end: each row once an epoch, rows of similar length together."""
    waiting: list[int] = []
    while True:
        while len(waiting) < batch * SORTED_BATCHES:
            waiting += rng.sample(range(count), count)
        window, waiting = waiting[: batch * SORTED_BATCHES], waiting[batch * SORTED_BATCHES :]
        window.sort(key=length)
        groups = [window[start : start + batch] for start in range(0, len(window), batch)]
        rng.shuffle(groups)
        yield from groups
