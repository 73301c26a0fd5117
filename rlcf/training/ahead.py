"""Completions of the next step, generated while this one learns, by a copy of the policy as it was.

The copy takes the policy's values over before each update, in memory beside it, and answers in a thread. So
a step's completions are by the policy of one step before. `rollout.importance_cap` makes up for that: old
log-probabilities are the present policy's, and each token's loss is weighted by how much likelier it has
become since it was drawn, up to the cap (decoupled PPO, arXiv 2505.24298).

It pays most where generation and update have hardware of their own (`--endpoint`); on two cores that both
share, a step of the quickstart takes 6 to 11 % less (LOG.md). Not covered: more than one step, weights that
change while a completion is generated.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

import torch

from rlcf.policy import Policy
from rlcf.policy.generate import Sampled
from rlcf.training.rollout import Pending

Begin = Callable[[Policy], Pending]
"""Generates a batch with a policy."""


class Ahead:
    """A batch that is on its way."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._copy = copy.copy(policy)
        self._copy.model, self._copy.adapters = copy.deepcopy((policy.sampler, policy.sampler_adapters))
        self._copy.sampler, self._copy.sampler_adapters = self._copy.model, self._copy.adapters
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ahead")
        self._batch: Future[Pending] | None = None

    def close(self) -> None:
        """End the thread, after the batch that it is at."""
        self._thread.shutdown()

    @torch.no_grad()
    def start(self, begin: Begin) -> None:
        """Generate a batch from the policy's present values, beside what comes next."""
        theirs = dict(self._policy.sampler.named_parameters())
        for name, parameter in self._copy.model.named_parameters():
            if theirs[name].requires_grad:
                parameter.copy_(theirs[name])
        self._batch = self._thread.submit(begin, self._copy)

    def take(self) -> Pending | None:
        """Wait for the batch, and give it away; None where none was started."""
        batch, self._batch = self._batch, None
        return batch.result() if batch is not None else None

    def state(self) -> dict[str, Any] | None:
        """Wait for the batch, and return its completions, for checkpoints."""
        if self._batch is None:
            return None
        pending = self._batch.result()
        rows = [ask.row for ask in pending.asked]
        return {"rows": rows, "sampled": [asdict(one) for one in pending.sampled]}


def saved_completions(state: Mapping[str, Any]) -> list[tuple[int, Sampled]]:
    """Read what `Ahead.state` returned: rows and their completions, in the order in which they ended."""
    sampled = [Sampled(**one) for one in state["sampled"]]
    return list(zip(state["rows"], sampled, strict=True))
