"""Passes side by side give what they give one after the other, in their order."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from rlcf.machine import Machine
from rlcf.policy import tiny_policy
from rlcf.policy.batch import Pass
from rlcf.training.runtime.distributed import Parallel
from rlcf.training.runtime.side_by_side import side_by_side
from rlcf.training.trained_policy import TrainedModule, accumulate, row_batch, row_passes

ROWS = [([5 + row, 6, 7], list(range(8, 10 + row))) for row in range(9)]


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize(("threads", "items"), [(1, 3), (3, 0), (3, 1), (3, 2), (3, 20)])
def test_results_come_in_order_and_few_at_a_time(threads: int, items: int) -> None:
    torch.set_num_threads(threads)
    at_work, most, lock = 0, 0, threading.Lock()

    def work(item: int) -> tuple[int, int]:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        time.sleep(random.Random(item).random() / 50)
        with lock:
            at_work -= 1
        return item, torch.get_num_threads()

    found = list(side_by_side(range(items), work))
    share = threads // min(threads, items or 1)
    assert found == [(item, share) for item in range(items)]
    assert most <= threads
    assert most > 1 or min(threads, items) <= 1
    assert torch.get_num_threads() == threads


def test_an_error_is_that_of_the_first_item_that_failed() -> None:
    torch.set_num_threads(2)

    def work(item: int) -> int:
        time.sleep(0.02 if item == 1 else 0)
        if item:
            raise ValueError(item)
        return item

    with pytest.raises(ValueError, match=r"^1$"):
        list(side_by_side(range(4), work))
    assert torch.get_num_threads() == 2


def module_of(machine: Machine, lora_rank: int = 0) -> TrainedModule:
    policy = tiny_policy(["int", "class", "return"], seed=1, lora_rank=lora_rank)
    module = TrainedModule(policy, policy.scorer(), machine, Parallel())
    for parameter in module.scorer.policy_parameters():
        torch.nn.init.normal_(parameter, std=0.1, generator=torch.Generator().manual_seed(parameter.numel()))
    return module


def gradients(module: TrainedModule, threads: int) -> tuple[list[Tensor], float, int]:
    """Of two sums, one after the other, with the number of threads that computed."""
    torch.set_num_threads(threads)
    seen: set[int] = set()
    forward = module.scorer.register_forward_pre_hook(lambda *_: seen.add(threading.get_ident()))
    loss = accumulate(module, ROWS, last=False) + accumulate(module, ROWS[:5], weight=0.5)
    forward.remove()
    found = [parameter.grad for parameter in module.scorer.policy_parameters()]
    assert all(gradient is not None and gradient.abs().sum() > 0 for gradient in found)
    for parameter in module.scorer.policy_parameters():
        parameter.grad = None
    return [gradient for gradient in found if gradient is not None], loss, len(seen)


def test_gradients_are_the_same_to_the_last_bit() -> None:
    module = module_of(Machine(tokens_per_microbatch=16))
    one, one_loss, alone = gradients(module, 1)
    two, two_loss, beside = gradients(module, 2)
    assert (alone, one_loss) == (1, two_loss)
    assert beside > 1
    assert all(torch.equal(mine, theirs) for mine, theirs in zip(one, two, strict=True))


@pytest.mark.parametrize(
    ("machine", "lora_rank"),
    [
        (Machine(tokens_per_microbatch=16), 2),
        (Machine(tokens_per_microbatch=16, gradient_checkpointing=True), 0),
        (Machine(tokens_per_microbatch=4096), 0),
    ],
    ids=["adapters", "activations computed again", "one pass"],
)
def test_what_passes_would_share_is_computed_one_after_the_other(machine: Machine, lora_rank: int) -> None:
    module = module_of(machine, lora_rank)
    one, loss, _ = gradients(module, 1)
    two, same, threads = gradients(module, 2)
    assert (threads, same) == (1, pytest.approx(loss, rel=1e-5))
    assert all(torch.allclose(mine, theirs, atol=1e-5) for mine, theirs in zip(one, two, strict=True))


def test_what_is_returned_is_in_the_order_of_passes() -> None:
    module = module_of(Machine(tokens_per_microbatch=8))
    torch.set_num_threads(2)

    def loss_of(one: Pass) -> tuple[Tensor, list[int]]:
        return module(row_batch(module, ROWS, one), 1.0).logps_BT.sum(), one.rows

    own = row_passes(module, ROWS)
    assert len(own) > 3
    assert module.add_gradients(own, loss_of) == [one.rows for one in own]
