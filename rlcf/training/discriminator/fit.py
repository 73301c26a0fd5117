"""The training loop of small scorers, the discriminator and the verifier."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import torch
from torch import nn

T = TypeVar("T")

LARGEST_GRADIENT = 1.0
"""Norm that gradients are clipped to."""


def fit(
    module: nn.Module,
    add_gradients: Callable[[Sequence[T]], float],
    batches: Iterator[Sequence[T]],
    optimizer: torch.optim.Optimizer,
    lr_factor: Callable[[int], float],
    steps: int,
) -> Iterator[float]:
    """Take `steps` optimiser steps and yield the loss of each. `add_gradients` adds those of a batch and
    returns its loss; `lr_factor` is the learning rate's at each 0-based step."""
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lr_factor)
    for _ in range(steps):
        loss = add_gradients(next(batches))
        nn.utils.clip_grad_norm_(module.parameters(), LARGEST_GRADIENT)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        yield loss


def shuffled_batches(items: Sequence[T], size: int, seed: str) -> Iterator[list[T]]:
    """Draw batches without end, at least one item given: every item once before any comes again."""
    rng = random.Random(seed)
    waiting: list[int] = []
    while True:
        while len(waiting) < size:
            waiting += rng.sample(range(len(items)), len(items))
        chosen, waiting = waiting[:size], waiting[size:]
        yield [items[index] for index in chosen]
