"""From rows and replies to rewards: the one way that every host's adapter takes.

    scored = Rewards(grounding="pass").score(asked, replies)
    [one.score for one in scored]                  # [1.0, 0.0, None]: None where the judge failed

The program that a reply means is judged (`rlcf.evaluation.extraction`), and the grounding says what it is
worth: the scores are those of `rlcf grade` on the same replies. What it holds is plain, so it may be pickled,
copied and sent to workers; problems are read once a process, and one judge serves a machine.

Not covered: feedback on tokens (`spans` and `loss_spans` of a Signal), which other trainers have no place
for, and groundings that ask a discriminator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from javabox import Job, SharedJudge, Verdict
from javabox.interface import AnyJudge
from rlcf.adapters.rows import problem_of_row
from rlcf.errors import BadInput
from rlcf.evaluation.extraction import Extraction, extract
from rlcf.grounding.signal import LACKS, NEEDED, Answer, Signal
from rlcf.grounding.table import Entry, grounding_entry
from rlcf.problems.broken import BrokenSuites
from rlcf.problems.problem import Problem


@dataclass(frozen=True, slots=True)
class Scored:
    """A reply, judged and grounded."""

    answer: Answer
    """The reply with its verdict, whose places count in the reply."""
    signal: Signal

    @property
    def score(self) -> float | None:
        """None: the judge failed or the tests are broken; leave the sample out, it is worth neither 0 nor
        anything else."""
        return self.signal.score

    @property
    def outcome(self) -> str:
        return str(self.answer.verdict.outcome)

    @property
    def facts(self) -> dict[str, float]:
        """For a host's logs: `compiled`, `executed` and `passed` (1 or 0), `judged` (0 where the score is
        None) and the named parts of the score."""
        verdict = self.answer.verdict
        rates = {name: float(bool(getattr(verdict, name))) for name in ("compiled", "executed", "passed")}
        return {**rates, "judged": float(self.score is not None), **self.signal.parts}


@dataclass(frozen=True)
class Rewards:
    """Scores replies to problems."""

    problems: str = "mbjp"
    """The data set or file that a task_id is looked up in; rows that carry their problem need none."""
    grounding: str = "tests"
    """A name of docs/methods.md, or `path/to/file.py:function`."""
    judge: AnyJudge = field(default_factory=SharedJudge, repr=False, compare=False)

    def score(self, asked: Sequence[str], replies: Sequence[Any]) -> list[Scored]:
        """What the replies are worth, in their order. `asked`: of each its task_id or its problem's JSON;
        a reply is text or a conversation's messages (`text_of`).

        Raises BadInput for an unknown problem or grounding, JudgeUnavailable where no judge can be started.
        """
        batch = self._batch(asked, replies)
        return self._scored(batch, self.judge.grade(self._jobs(batch)))

    async def score_async(self, asked: Sequence[str], replies: Sequence[Any]) -> list[Scored]:
        """`score` for asyncio."""
        batch = self._batch(asked, replies)
        return self._scored(batch, await self.judge.grade_async(self._jobs(batch)))

    async def reference_passes(self, asked: str) -> bool | None:
        """Whether the reference of a problem passes; None where it has none, or nothing came of it."""
        reference = problem_of_row(asked, self.problems).reference
        if reference is None:
            return None
        (one,) = await self.score_async([asked], [reference])
        return one.answer.verdict.passed

    def _batch(self, asked: Sequence[str], replies: Sequence[Any]) -> list[tuple[Problem, Extraction]]:
        problems = [problem_of_row(one, self.problems) for one in asked]
        for need in _entry(self.grounding).needs:
            lacking = [problem.task_id for problem in problems if LACKS[need](problem)]
            if lacking:
                message = f"{self.grounding!r} needs {NEEDED[need]}, which {lacking[0]} lacks: choose another"
                raise BadInput(message, field="grounding")
        pairs = zip(problems, map(text_of, replies), strict=True)
        return [(problem, extract(reply, problem)) for problem, reply in pairs]

    def _jobs(self, batch: Sequence[tuple[Problem, Extraction]]) -> list[Job]:
        entry = _entry(self.grounding)
        return [
            found.job(problem, compile_only=not entry.runs, coverage=entry.covers) for problem, found in batch
        ]

    def _scored(
        self, batch: Sequence[tuple[Problem, Extraction]], verdicts: Sequence[Verdict]
    ) -> list[Scored]:
        judged = list(zip(batch, verdicts, strict=True))
        for (problem, _), verdict in judged:
            _BROKEN.seen(problem, verdict)
        ground = _entry(self.grounding).make(None, 0.0)
        signals = ground([found.answer(problem, verdict) for (problem, found), verdict in judged])
        return [
            Scored(Answer(problem, found.reply, found.verdict(verdict)), found.signal(signal))
            for ((problem, found), verdict), signal in zip(judged, signals, strict=True)
        ]


@lru_cache(maxsize=16)
def cached_rewards(grounding: str, problems: str = "mbjp") -> Rewards:
    """The same object at every call, for hosts that call a function a sample: it keeps its connection."""
    return Rewards(problems, grounding)


_BROKEN = BrokenSuites()
"""Named once a process."""


@lru_cache(maxsize=64)
def _entry(grounding: str) -> Entry:
    """Raises BadInput where there is no such grounding, or it needs what is trained along."""
    entry = grounding_entry(grounding)
    if entry.compares(0.0):
        message = f"{grounding!r} asks a discriminator, which only `rlcf train` has: choose another, as tests"
        raise BadInput(message, field="grounding")
    return entry


def text_of(reply: Any) -> str:
    """The text of a reply: a string, or messages (or one), of which the last that has text counts. None and
    what has no text is an empty reply."""
    if reply is None or isinstance(reply, str):
        return reply or ""
    if isinstance(reply, Mapping):
        return text_of(reply.get("content", reply.get("text")))
    parts = [text_of(part) for part in reply]
    if all(isinstance(part, Mapping) and "role" in part for part in reply):
        return next((part for part in reversed(parts) if part), "")
    return "".join(parts)
