"""Several processes through accelerate: ranks, wrapped modules, sums and gathers.

    accelerate launch --num_processes 4 -m rlcf train RECIPE              # data parallel: DDP
    accelerate launch --num_processes 4 --use_fsdp -m rlcf train RECIPE   # weights sharded too: FSDP 2

Rollouts, rewards and statistics are complete on every rank (tokens and a few floats a token), so that
advantages, whitening and plans are those of one process. Only generation, judging, and forward and backward
passes are shared out. DDP and FSDP *average* gradients over ranks; losses here are sums by a global count,
hence the factor `world` in `backward`. Every rank makes the same number of backward passes.

Not covered: DeepSpeed, tensor or pipeline parallelism, ranks that come or go during a run.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, TypeVar, cast

import torch
import torch.distributed
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list, gather_object
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.nn.parallel import DistributedDataParallel

T = TypeVar("T")
WAITING = "OMP_WAIT_POLICY"


class Parallel:
    """The process group, as seen by one process; with one process everything here does nothing."""

    def __init__(self, accelerator: Accelerator | None = None) -> None:
        self.accelerator = accelerator or Accelerator()
        self.rank, self.world = self.accelerator.process_index, self.accelerator.num_processes
        self.main = self.rank == 0
        # What `accelerate launch --use_fsdp` sets; accelerate itself heeds it on accelerators alone.
        self.sharded = self.world > 1 and os.environ.get("ACCELERATE_USE_FSDP", "false").lower() == "true"

    @property
    def device(self) -> torch.device:
        return cast(torch.device, self.accelerator.device)

    # ---- cores

    def half_of_the_cores(self) -> None:
        """Compute on the CPU with half of this process's cores: the judge's JVMs have the others, and a
        computation on two threads waits for the slower one. `OMP_NUM_THREADS` bounds this and `all_cores`.
        How many threads there are changes results by rounding alone."""
        torch.set_num_threads(_at_most(_cores() // (2 * self.world)))

    @contextmanager
    def all_cores(self) -> Iterator[None]:
        """Compute with all of this process's cores for a while, in which nothing is judged. Where threads
        wait by spinning (`rlcf/__init__.py`), nothing changes."""
        before = torch.get_num_threads()
        if os.environ.get(WAITING, "").lower() == "passive":
            torch.set_num_threads(_at_most(_cores() // self.world))
        try:
            yield
        finally:
            torch.set_num_threads(before)

    # ---- modules

    def wrap(self, module: nn.Module, layers: Sequence[nn.Module]) -> nn.Module:
        """Wrap a module for DDP or FSDP. `layers`: those that FSDP gathers one at a time."""
        if self.world == 1:
            return module
        if self.sharded:
            mesh = init_device_mesh(self.device.type, (self.world,))
            for layer in layers:
                fully_shard(layer, mesh=mesh)
            return cast(nn.Module, fully_shard(module, mesh=mesh))
        return DistributedDataParallel(
            module,
            device_ids=[self.device] if self.device.type == "cuda" else None,
            # Masks and rotary tables, the same everywhere.
            forward_sync_buffers=False,
            # The passes of a critic alone leave the policy out.
            find_unused_parameters=True,
        )

    @contextmanager
    def sync_gradients(self, module: nn.Module, *, last: bool) -> Iterator[None]:
        """Wrap a forward and its backward; only the `last` of a series synchronises gradients over ranks."""
        postponed = isinstance(module, DistributedDataParallel) and not last
        with cast(DistributedDataParallel, module).no_sync() if postponed else nullcontext():
            yield

    def backward(self, loss: Tensor) -> None:
        """Add the gradients of a loss that is a sum over ranks."""
        (loss * self.world).backward()

    # ---- values

    def total(self, tensor: Tensor) -> Tensor:
        """Sum a CPU tensor over ranks, element by element."""
        if self.world == 1:
            return tensor
        summed: Tensor = self.accelerator.reduce(tensor.to(self.device), reduction="sum")
        return summed.cpu()

    def gather(self, items: Sequence[T]) -> list[T]:
        """Concatenate the items of all ranks, in the order of ranks."""
        if self.world == 1:
            return list(items)
        return cast(list[T], gather_object(list(items)))

    def from_main(self, value: T) -> T:
        """Broadcast the first process's value."""
        return cast(T, broadcast_object_list([value])[0]) if self.world > 1 else value

    def same(self, tensors: Iterable[Tensor]) -> None:
        """Overwrite the tensors with the first rank's values."""
        if self.world > 1:
            for tensor in tensors:
                torch.distributed.broadcast(tensor.data, 0)

    def wait(self) -> None:
        self.accelerator.wait_for_everyone()


def _cores() -> int:
    """Those of this machine that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _at_most(threads: int) -> int:
    bound = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, min(threads, int(bound)) if bound.isdigit() else threads)


def gather_full(tensor: Any) -> Any:
    """Gather a sharded tensor on the CPU; every rank must call at the same time. Other values come back as
    they are."""
    if isinstance(tensor, DTensor):
        tensor = tensor.full_tensor()
    return tensor.detach().cpu() if isinstance(tensor, Tensor) else tensor


def shard_like(tensor: Any, like: Tensor) -> Any:
    """Place and shard a full tensor as `like` is; a number, in a tensor or not, comes back as it is."""
    if not isinstance(tensor, Tensor) or tensor.dim() == 0:
        return tensor
    if isinstance(like, DTensor):
        return distribute_tensor(tensor.to(like.device), like.device_mesh, like.placements)
    return tensor.to(like.device)
