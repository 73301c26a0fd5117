"""Passes of a small model side by side on a CPU, each on its share of the cores.

The matrix products of a model of a million parameters are too small to be shared: a second thread in each of
them hardly made supervised training faster, a second pass beside the first one 1.2 to 1.3 times (LOG.md).
Results come in the order of the items, so what is added up does not depend on which was ready first.

Not covered: random numbers, which threads would draw from in no order; what changes state that passes share.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch

T = TypeVar("T")
Result = TypeVar("Result")


def side_by_side(items: Sequence[T], work: Callable[[T], Result]) -> Iterator[Result]:
    """Iterate over `work` of each item, in their order; at most as many are at work, or done and not yet
    taken, as torch has threads, which they share."""
    threads = torch.get_num_threads()
    at_once = min(threads, len(items) or 1)
    torch.set_num_threads(threads // at_once)  # threads begun from here have as many
    waiting: deque[Future[Result]] = deque()
    try:
        with ThreadPoolExecutor(at_once) as pool:
            for item in items:
                if len(waiting) == at_once:
                    yield waiting.popleft().result()
                waiting.append(pool.submit(work, item))
            while waiting:
                yield waiting.popleft().result()
    finally:
        torch.set_num_threads(threads)
