"""`rlcf data tests`: makes cases for problems and says how much better the suites are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from rlcf.commands.bench import load_model
from rlcf.commands.grade import check_folder
from rlcf.commands.options import FLAT, Judging, Limiting
from rlcf.errors import BadInput
from rlcf.evaluation.samples import read_samples
from rlcf.problems import Problem, load_problems
from rlcf.problems.cases import write_problems
from rlcf.problems.java_file import read_methods
from rlcf.problems.synthesis import Made, Score, add_cases
from rlcf.problems.synthesis.asked import Asked, ask
from rlcf.progress import progress

AT_A_TIME = 16
"""Problems: enough to keep the judge busy, few enough for progress."""
TEMPERATURE, NEW_TOKENS = 0.8, 256
"""Of a model that proposes inputs."""


@dataclass(frozen=True)
class Tests:
    """Make test cases: inputs from the types and the examples, outputs from the references.

    Example: rlcf data tests mbjp --split train --out mbjp-train-tests.jsonl
    """

    problems: Positional[Annotated[str, arg(metavar="PROBLEMS")]]
    """mbjp, humaneval-x or another name, a file of problems, or NAME.java: its static methods with a
    Javadoc."""
    out: Annotated[str, arg(metavar="FILE")]
    """Where the problems go, with their new cases in the field `cases`; load it like any file of problems."""
    split: Annotated[str | None, arg(metavar="SPLIT")] = None
    """Keep one part of the problems: train, validation or test."""
    most: Annotated[int, arg(metavar="N")] = 12
    """New cases a problem, at most."""
    seed: int = 0
    """Of inputs and mutants; the same seed gives the same cases."""
    model: Annotated[str | None, arg(metavar="MODEL")] = None
    """Let this model propose inputs too: a checkpoint's folder, or a model on the Hugging Face hub."""
    witnesses: Annotated[str | None, arg(metavar="SAMPLES")] = None
    """Other programs, JSONL with task_id and completion: where one that passes the old cases disagrees with
    the reference, there is no case."""
    judging: Annotated[Judging, FLAT] = field(default_factory=Judging)
    limiting: Annotated[Limiting, FLAT] = field(default_factory=Limiting)

    def run(self) -> int:
        self.judging.check()
        self.limiting.check()
        if self.most < 1:
            raise BadInput(f"must be at least 1, is {self.most}", field="most")
        out = Path(self.out)
        check_folder(out)
        problems = self.limiting.limited(self._problems())
        if out.exists() and Path(self.problems).exists() and out.samefile(self.problems):
            raise BadInput("the new problems would overwrite the old ones", field="out")
        witnesses = self._witnesses(problems)
        asked = self._ask(problems) if self.model else Asked()
        made: list[Made] = []
        with (
            self.judging.judge() as judge,
            self.judging.judge(lane="strict", determinism=False) as doubter,
            progress("making tests", len(problems)) as advance,
        ):
            for start in range(0, len(problems), AT_A_TIME):
                some = problems[start : start + AT_A_TIME]
                made += add_cases(
                    some,
                    judge,
                    doubter,
                    most=self.most,
                    seed=self.seed,
                    more=asked.inputs,
                    witnesses=witnesses,
                )
                advance(len(some), cases=str(sum(one.added for one in made)))
        with out.open("w", encoding="utf-8") as lines:
            write_problems((one.problem for one in kept(made)), lines)
        print("\n".join(summary(made)))
        if self.model:
            print(f"{self.model} wrote {asked.written} calls, usable {part(asked.usable, asked.written)}")
        print(f"problems: {out}")
        return 0

    def _witnesses(self, problems: Sequence[Problem]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        if self.witnesses:
            known = problems if self.split is None else load_problems(self.problems)
            for sample in read_samples(self.witnesses, known, self.problems):
                found.setdefault(sample.problem.task_id, []).append(sample.completion)
        return found

    def _ask(self, problems: Sequence[Problem]) -> Asked:
        policy = load_model(self.model or "")

        def sample(prompts: Sequence[str]) -> list[str]:
            return policy.sample(prompts, temperature=TEMPERATURE, max_new_tokens=NEW_TOKENS, seed=self.seed)

        asked = Asked()
        with progress("asking for inputs", len(problems)) as advance:
            for start in range(0, len(problems), AT_A_TIME):
                some = ask(problems[start : start + AT_A_TIME], sample)
                asked.inputs |= some.inputs
                asked.written, asked.usable = asked.written + some.written, asked.usable + some.usable
                advance(len(problems[start : start + AT_A_TIME]), usable=str(asked.usable))
        return asked

    def _problems(self) -> list[Problem]:
        if self.problems.endswith(".java"):
            return read_methods(Path(self.problems))
        return load_problems(self.problems, self.split)


def kept(made: Sequence[Made]) -> list[Made]:
    """Without those that a stub passes, and those that have no case at all."""
    return [one for one in made if not one.stub_after and not one.problem.suite.compile_only]


def summary(made: Sequence[Made]) -> Iterator[str]:
    """What was made, line by line."""
    done = [one for one in made if not one.note]
    solved = [one for one in made if one.problem.reference is not None]
    yield f"{len(made)} problems, {len(solved)} with a reference"
    yield f"signatures that inputs are made for: {part(sum(one.covered for one in solved), len(solved))}"
    cases = sum(one.added for one in done)
    yield f"{len(done)} have new cases: {cases}, {cases / max(1, len(done)):.1f} a problem"
    if whole := sum(one.whole for one in done):
        yield f"{whole} of them had one test program, which the cases replace (below it is no old case)"
    for note, count in Counter(one.note.partition(":")[0] for one in made if one.note).most_common():
        yield f"{count} have none: {note}"
    proposed = sum(one.proposed for one in made)
    yield f"{proposed} inputs, dropped:"
    yield f"  the reference gives no answer      {part(sum(one.unanswered for one in made), proposed)}"
    yield f"  it gives another the second time   {part(sum(one.unsteady for one in made), proposed)}"
    yield f"  a witness gives another answer     {part(sum(one.disputed for one in made), proposed)}" + (
        f", in {sum(one.disputed > 0 for one in made)} problems"
    )
    yield f"{sum(one.inconsistent for one in made)} chosen cases failed by their own reference, dropped"
    yield f"a stub passes the old cases of {sum(one.stub_before for one in made)} problems"
    yield f"a stub passes the new suites of {sum(one.stub_after for one in made)} (left out of the file)"
    yield from scores("mutants by kinds of change that chose the cases", [one.same_kinds for one in done])
    yield from scores("mutants by other kinds of change", [one.other_kinds for one in done])


def scores(name: str, found: Sequence[Score]) -> Iterator[str]:
    """The two numbers of mutants that took no part in the choice."""
    judged = [score for score in found if score.mutants]
    if not judged:
        return
    before = sum(score.before / score.mutants for score in judged) / len(judged)
    after = sum(score.after / score.mutants for score in judged) / len(judged)
    missed = sum(score.mutants - score.before for score in judged)
    caught = sum(score.after - score.before for score in judged)
    yield f"{name}: {sum(score.mutants for score in judged)} that compile, of {len(judged)} problems"
    yield f"  mean mutation score {before:.1%} before, {after:.1%} after"
    yield f"  of those that the old cases pass the new suite catches {part(caught, missed)}"


def part(count: int, of: int) -> str:
    return f"{count} of {of} ({count / max(1, of):.1%})"
