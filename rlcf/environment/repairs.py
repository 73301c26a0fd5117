"""A benchmark in turns: n answers to each problem, and of those that fail a better one, turn by turn.

    found = benchmark_in_turns(problems, 20, writer, judge, Setting(turns=2), ks=(1, 10), line=line)
    [evaluation.rates["pass"][1] for evaluation in found.evaluations]     # after turn 1, after turn 2

Each turn is asked, judged and kept as a benchmark of one turn is (`rlcf/evaluation/generation/`). After a
turn a sample counts with its last program. What the judge failed on, or has broken tests, is not asked again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from javabox import AnyJudge, Job, Limits, Verdict
from rlcf.environment.feedback import feedback_on
from rlcf.environment.setting import Setting
from rlcf.evaluation.bench import Judging, evaluation_of
from rlcf.evaluation.extraction import Extraction
from rlcf.evaluation.generation import Ask, Completion, Journal, Writer
from rlcf.evaluation.generation.benchmark import Line, all_asks, answered
from rlcf.evaluation.generation.prompting import Exchange
from rlcf.evaluation.metrics import METRICS
from rlcf.evaluation.summary import Evaluation
from rlcf.grounding.signal import Answer
from rlcf.problems.problem import Problem


@dataclass(frozen=True)
class Repaired:
    """What a benchmark in turns found."""

    evaluations: Sequence[Evaluation]
    """After each turn, of every sample's last program; `seconds` from the start."""
    asked: Sequence[int]
    """Samples that were asked at each turn."""
    answers: Sequence[Answer]
    """The last of every sample, n in a row for each problem."""
    asks: Sequence[Ask]
    """As every sample was asked last."""


def benchmark_in_turns(
    problems: Sequence[Problem],
    n: int,
    write: Writer,
    judge: AnyJudge,
    setting: Setting,
    *,
    ks: Sequence[int],
    line: Line,
    journal: Journal | None = None,
    limits: Limits | None = None,
    what: str = "bench",
) -> Repaired:
    """n answers to each problem, each in up to `setting.turns` turns. What `journal` has is neither asked for
    nor judged again. `line` may read `Ask.exchanges`. `limits` hold for problems that have none of their own.
    Raises BadInput if a k is more than n."""
    samples = _Samples(all_asks(problems, n, ks), setting)
    started = time.monotonic()
    evaluations: list[Evaluation] = []
    asked: list[int] = []
    left = list(range(len(samples.asks)))
    for turn in range(1, setting.turns + 1):
        if turn > 1:
            left = samples.asked_again(left)
        asked.append(len(left))
        if left:
            asks = [samples.asks[place] for place in left]
            judging, completions = answered(
                asks,
                write,
                judge,
                k=min(ks),
                line=line,
                journal=journal,
                extraction=setting.extract,
                what=what if turn == 1 else f"{what}, turn {turn}",
                limits=limits,
            )
            samples.take(left, judging, completions)
        seconds = time.monotonic() - started
        evaluations.append(evaluation_of(samples.judged, judge, ks, seconds, setting.extract))
    answers = [Answer(problem, found.reply, verdict) for problem, found, _, verdict in samples.judged]
    return Repaired(evaluations, asked, answers, samples.asks)


def turns_json(evaluations: Sequence[Evaluation], asked: Sequence[int]) -> list[dict[str, Any]]:
    """A row a turn: how many samples it asked, and the outcomes and rates after it."""
    kept = ("outcomes", *METRICS, "intervals", "seconds")
    return [
        {"turn": turn, "asked": count} | {name: row[name] for name in kept}
        for turn, (row, count) in enumerate(
            zip((one.to_json() for one in evaluations), asked, strict=True), start=1
        )
    ]


class _Samples:
    """All samples: how each was asked last, and what came of it."""

    def __init__(self, asks: list[Ask], setting: Setting) -> None:
        self.asks, self.setting = asks, setting
        self._judged: dict[int, tuple[Problem, Extraction, Job, Verdict]] = {}
        self._written: dict[int, Completion] = {}

    @property
    def judged(self) -> list[tuple[Problem, Extraction, Job, Verdict]]:
        """Of every sample its problem and its last program, once all are judged."""
        return [self._judged[place] for place in range(len(self.asks))]

    def take(self, places: Sequence[int], judging: Judging, completions: Sequence[Completion]) -> None:
        """The verdicts and completions of the samples at `places`."""
        for at, place in enumerate(places):
            self._judged[place] = (self.asks[place].problem, *judging.judged(at))
            self._written[place] = completions[at]

    def asked_again(self, places: Sequence[int]) -> list[int]:
        """Those of `places` that have something to correct; they are told what."""
        again = []
        for place in places:
            ask = self.asks[place]
            problem, found, _, verdict = self._judged[place]
            facts = feedback_on(problem, found, verdict, self.setting)
            if facts is not None:
                row = {"turn": ask.turn, **self._written[place].to_json(), **found.to_json()}
                row |= verdict.to_json(expected_values=self.setting.expected_values) | {"feedback": facts}
                said = Exchange(found.reply, facts, row)
                self.asks[place] = replace(ask, exchanges=(*ask.exchanges, said))
                again.append(place)
        return again
