"""`rlcf data check`: says of each problem of a file whether it can be learned from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from tyro.conf import Positional, arg

from rlcf.commands.options import FLAT, Judging, Limiting
from rlcf.problems import load_problems
from rlcf.problems.check import check

LONGEST = 100
"""Characters of a fault."""


@dataclass(frozen=True)
class Check:
    """Check problems: the reference compiles and passes the tests, a stub fails them. Exit code 1 if not.

    Example: rlcf data check my-problems.jsonl
    """

    problems: Positional[Annotated[str, arg(metavar="FILE")]]
    """A file of problems, or the name of a data set, as `rlcf grade` takes it."""
    judging: Annotated[Judging, FLAT] = field(default_factory=Judging)
    limiting: Annotated[Limiting, FLAT] = field(default_factory=Limiting)

    def run(self) -> int:
        self.judging.check()
        self.limiting.check()
        problems = self.limiting.limited(load_problems(self.problems))
        width = max(len(problem.task_id) for problem in problems)
        print(f"{'problem':<{width}}  cases  reference       stub   what is wrong")
        bad = 0
        with self.judging.judge() as judge:
            for one in check(problems, judge):
                bad += bool(one.fault)
                cases = "main" if one.problem.suite.whole is not None else str(len(one.problem.suite.names))
                stub = "fails" if one.stub == "fails" else "PASSES" if one.stub != "-" else "-"
                fault = " ".join(one.fault.split())[:LONGEST] or "nothing"
                row = f"{one.problem.task_id:<{width}}  {cases:>5}  {one.reference:<14}  {stub:<6} {fault}"
                print(row, flush=True)
        print(f"{len(problems) - bad} of {len(problems)} problems are sound")
        return 1 if bad else 0
