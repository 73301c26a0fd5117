"""Supervised steps by tokens: random rows, each once an epoch, however they are computed."""

from __future__ import annotations

import random
from itertools import chain, islice

import pytest
import torch
from torch import Tensor

from rlcf.machine import Machine
from rlcf.policy import tiny_policy
from rlcf.training.pretrain import token_batches, train_supervised

LENGTHS = [7, 3, 90, 5, 5, 12, 1, 40, 8, 3, 22, 6]
ROWS = [
    ("class A {\n", "    int x = 1;\n}\n"),
    ("class B {\n    static int f(int y) {\n", "        return y;\n    }\n}\n"),
    ("int z", ";"),
    ("class C {\n    static String long_name() {\n", '        return "a" + "b" + "c" + "d";\n    }\n}\n'),
    ("return", " 0;"),
]


@pytest.mark.parametrize("tokens", [1, 20, 64, 1000])
def test_each_row_comes_once_an_epoch_and_a_step_has_its_tokens(tokens: int) -> None:
    epochs = 30
    drawn = token_batches(len(LENGTHS), LENGTHS.__getitem__, tokens, random.Random(0))
    batches = list(islice(drawn, epochs * len(LENGTHS)))
    rows = list(chain.from_iterable(batches))
    orders = [rows[at : at + len(LENGTHS)] for at in range(0, epochs * len(LENGTHS), len(LENGTHS))]
    assert all(sorted(order) == list(range(len(LENGTHS))) for order in orders)
    assert len(set(map(tuple, orders))) == epochs, "an order of its own each"
    held = [sum(LENGTHS[row] for row in batch) for batch in batches]
    for batch, size, following in zip(batches, held, batches[1:], strict=False):
        assert size <= tokens or len(batch) == 1, "a longer row is a step of its own"
        assert size + LENGTHS[following[0]] > tokens, "no row is put off that would fit"


def test_rows_of_a_step_are_not_of_one_length() -> None:
    lengths = list(range(1, 101))
    batches = list(islice(token_batches(100, lengths.__getitem__, 1000, random.Random(0)), 20))
    spread = [max(lengths[row] for row in batch) - min(lengths[row] for row in batch) for batch in batches]
    assert min(spread) > 40


def weights(seed: int, microbatch: int = 0) -> tuple[list[Tensor], list[float]]:
    """Those of a fresh policy after six steps of 60 tokens, and the losses."""
    torch.set_num_threads(1)
    policy = tiny_policy(["int", "class", "return", "static", "        "], seed=1)
    machine = Machine(tokens_per_microbatch=microbatch)
    learnt, losses = train_supervised(policy, ROWS, steps=6, lr=1e-3, seed=seed, tokens=60, machine=machine)
    return [parameter.detach() for parameter in learnt.model.parameters()], losses


def test_micro_batches_change_no_step_by_tokens() -> None:
    whole, losses = weights(0, microbatch=4096)
    parts, same = weights(0, microbatch=1)
    assert same == pytest.approx(losses, abs=1e-5)
    assert all(torch.allclose(one, other, atol=1e-5) for one, other in zip(whole, parts, strict=True))
    assert losses[-1] < losses[0]


def test_begun_again_it_ends_with_the_same_bits() -> None:
    """A run that is killed before its first checkpoint begins its supervised training again."""
    one, other, another = weights(0), weights(0), weights(1)
    assert one[1] == other[1] != another[1]
    assert all(torch.equal(mine, theirs) for mine, theirs in zip(one[0], other[0], strict=True))
