"""Supervised training on prompts with completions: pre-training of `tiny`, fine-tuning of others.

Loss on completion tokens only, divided by the token count of the whole batch (trainers.md b12). AdamW
with warm-up and cosine decay to 5 %: PPO from a checkpoint in mid-decay failed in the reference study,
so the decay always runs to its end. Not covered: packing, evaluation during training.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence

import torch

from rlcf.policy import Policy
from rlcf.policy.batch import Tokens
from rlcf.progress import progress

BETAS = (0.9, 0.98)
WEIGHT_DECAY = 0.05
WARM_UP = 50
"""Steps, at most a tenth of all."""
LAST_LR = 0.05
"""Share of the learning rate at the end."""
SORTED_BATCHES = 16
"""Batches whose rows are sorted by length together: three times less padding, order still random."""

Row = tuple[str, str]


def train_supervised(
    policy: Policy, rows: Sequence[Row], *, steps: int, batch: int, lr: float, seed: int
) -> list[float]:
    """Trains `policy` for `steps` batches of `rows` (prompt, completion); returns the loss of each step."""
    encoded = _encode(policy, rows)
    optimizer = torch.optim.AdamW(policy.parameters(), lr=lr, betas=BETAS, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: lr_factor(step, steps))
    losses: list[float] = []
    batches = _batches([len(p) + len(c) for p, c in encoded], batch, random.Random(f"sft {seed}"))
    with progress("supervised training", total=steps) as advance:
        for _ in range(steps):
            chosen = [encoded[index] for index in next(batches)]
            loss = supervised_loss(policy, [p for p, _ in chosen], [c for _, c in chosen])
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(policy.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad(set_to_none=True)
            losses.append(loss.item())
            advance(1, loss=losses[-1])
    return losses


def supervised_loss(policy: Policy, prompts: Sequence[Tokens], completions: Sequence[Tokens]) -> torch.Tensor:
    """Mean negative log-probability of the completion tokens."""
    tokens = policy.collate(prompts, completions)
    return -policy.token_stats(tokens).logps_BT.sum() / tokens.mask_BT.sum()


def lr_factor(step: int, steps: int) -> float:
    """Warm-up, then cosine to `LAST_LR`."""
    warm_up = min(WARM_UP, max(1, steps // 10))
    if step < warm_up:
        return (step + 1) / warm_up
    done = (step - warm_up) / max(1, steps - warm_up)
    return LAST_LR + (1 - LAST_LR) * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def _encode(policy: Policy, rows: Sequence[Row]) -> list[tuple[list[int], list[int]]]:
    prompts = {prompt: policy.encode_prompt(prompt) for prompt in dict.fromkeys(p for p, _ in rows)}
    completions = {text: policy.encode_completion(text) for text in dict.fromkeys(c for _, c in rows)}
    return [(prompts[prompt], completions[completion]) for prompt, completion in rows]


def _batches(lengths: Sequence[int], batch: int, rng: random.Random) -> Iterator[list[int]]:
    """Row indices without end: each row once an epoch, rows of similar length together."""
    waiting: list[int] = []
    while True:
        while len(waiting) < batch * SORTED_BATCHES:
            waiting += rng.sample(range(len(lengths)), len(lengths))
        window, waiting = waiting[: batch * SORTED_BATCHES], waiting[batch * SORTED_BATCHES :]
        window.sort(key=lambda index: lengths[index])
        groups = [window[start : start + batch] for start in range(0, len(window), batch)]
        rng.shuffle(groups)
        yield from groups
