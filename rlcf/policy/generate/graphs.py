"""Decoding steps as CUDA graphs: one launch a token in the place of hundreds.

`graphed` captures a decoder's step as its rows and cache are now. A replayed step is compared with the plain
one, from the same state; where the tokens differ, or capturing fails, the plain step stays and a line in the
log says so. Graphs live as long as the batch does: capturing costs about as much as a plain step.

Not covered: anything but CUDA; steps whose cache grows.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from rlcf.policy.generate.native import Decoder

log = logging.getLogger("rlcf")

LARGEST_DIFFERENCE = 0.05
"""Between log-probabilities of the same token, in nats: kernels for other shapes round otherwise in bf16."""
FAILED: set[str] = set()
"""Kinds of models whose graph did not do as the plain step does."""


def graphed(decoder: Decoder) -> Callable[[], None]:
    """The decoder's step as a graph, or the plain step where that does not do the same."""
    ring = decoder.steps.ring  # type: ignore[attr-defined]
    kind = type(ring.model).__name__
    if kind in FAILED:
        return decoder.step
    state = [decoder.token_R, decoder.position_R, decoder.written_R, decoder.ended_R]
    state += [ring.column_1, ring.bias_R11L]
    kept = [tensor.clone() for tensor in state]
    column, wrapped = ring.column, ring.wrapped

    def restore() -> None:
        for tensor, before in zip(state, kept, strict=True):
            tensor.copy_(before)
        ring.column, ring.wrapped = column, wrapped

    try:
        # Twice on a stream of its own, as capturing wants its kernels chosen and its memory ready.
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(2):
                restore()
                decoder.step()
        torch.cuda.current_stream().wait_stream(stream)
        plain = _written(decoder)
        restore()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            decoder.step()
        restore()
        graph.replay()
        same = _same(decoder, plain)
    except RuntimeError as error:
        log.warning("decoding without a CUDA graph: %s", str(error).splitlines()[0])
        FAILED.add(kind)
        restore()
        return decoder.step
    restore()
    if not same:
        log.warning("decoding without a CUDA graph: %s does not do the same in one", kind)
        FAILED.add(kind)
        return decoder.step

    def replay() -> None:
        graph.replay()
        ring.count()

    return replay


def _written(decoder: Decoder) -> tuple[Tensor, Tensor]:
    """The last tokens of rows that have not ended, and their log-probabilities."""
    alive_R = ~decoder.ended_R
    place_R, column_R = decoder.row_R[alive_R], decoder.written_R[alive_R] - 1
    return decoder.token_R[alive_R].clone(), decoder.logps_BT[place_R, column_R].clone()


def _same(decoder: Decoder, plain: tuple[Tensor, Tensor]) -> bool:
    """Whether the step drew what the plain one drew, but for a draw at a border, which rounding can turn."""
    tokens, logps = _written(decoder)
    if tokens.shape != plain[0].shape:
        return False
    equal = tokens == plain[0]
    near = (logps - plain[1]).abs()[equal] < LARGEST_DIFFERENCE
    return bool(near.all()) and float(equal.float().mean() if len(equal) else 1.0) > 0.95
