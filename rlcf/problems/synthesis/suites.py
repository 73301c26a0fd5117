"""Suites with more cases: inputs proposed, answered by the reference, filtered, chosen and scored.

    inputs       varied examples, or values of the types (inputs.py); those that somebody else proposes too
    answers      what the reference returns; where it throws, exceeds limits or returns no value of the JDK,
                 there is no case
    determinism  the reference is run a second time in a fresh JVM, with chance let in and the inputs in
                 reverse order (so a counter in a static field is found out); where it differs, no case
    choice       the cases that tell wrong programs (mutants of the reference) from right ones, greedily;
                 cases that were there stay
    witnesses    where another program that passes the old cases answers otherwise, there is no case
    consistency  the reference passes the suite as it is in the end
    stubs        bodies that do nothing fail it
    score        the share of mutants that fail it, by mutants which took no part in the choice

A mutant that behaves as the reference does is counted as one not found, so scores are below 1 always. A
reference that is wrong makes wrong cases: nothing here can know.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from javabox import AnyJudge, Limits, Outcome, Suite, SuiteCase, Verdict
from javabox.verdict import NO_VERDICT
from rlcf.javasource.literals import calls
from rlcf.javasource.mutate import Change
from rlcf.javasource.signature import Signature, read_signature
from rlcf.javasource.types import Uncovered, java
from rlcf.problems.mutants import LOGIC, OTHER_LOGIC, mutants_of
from rlcf.problems.problem import Problem
from rlcf.problems.suite import import_lines
from rlcf.problems.synthesis.answers import answers, tolerance_of
from rlcf.problems.synthesis.domain import Arguments
from rlcf.problems.synthesis.inputs import propose
from rlcf.problems.synthesis.stubs import stubs
from rlcf.problems.synthesis.witnesses import disputed

PROPOSED = 48
"""Inputs a problem, of which the cases are chosen."""
CHOOSING, SAME_KINDS, OTHER_KINDS = 24, 16, 32
"""Mutants a problem that choose cases; that score them, by the same kinds of change and by others (of which
half do not compile)."""
LIMITS = Limits(
    fuel=40_000_000, wall_seconds=30.0, idle_seconds=2.0, allocation_mb=8192, output_bytes=1 << 20
)
"""Of mutants: twice what all inputs took the reference at most."""
_TO_THE_END = (Outcome.PASSED, Outcome.FAILED, Outcome.UNTESTED, Outcome.RUNTIME_ERROR)


@dataclass(frozen=True, slots=True)
class Score:
    """How many mutants that compile the cases there were before tell from the reference, and how many all."""

    mutants: int = 0
    before: int = 0
    after: int = 0


@dataclass(slots=True)
class Made:
    """What became of a problem."""

    problem: Problem
    """With its new suite; as it was where there is a `note`."""
    note: str = ""
    """Why it has no new cases."""
    whole: bool = False
    """Whether its test is one program, in the place of which come the new cases."""
    covered: bool = False
    """Whether inputs can be made for its signature."""
    before: int = 0
    """Cases that it had."""
    proposed: int = 0
    unanswered: int = 0
    unsteady: int = 0
    disputed: int = 0
    inconsistent: int = 0
    """Of the chosen cases, those that the reference fails in the end."""
    stub_before: bool = False
    """Whether a stub passed the cases that there were."""
    stub_after: bool = False
    same_kinds: Score = field(default_factory=Score)
    other_kinds: Score = field(default_factory=Score)

    @property
    def added(self) -> int:
        return len(self.problem.suite.cases) - self.before


def add_cases(
    problems: Sequence[Problem],
    judge: AnyJudge,
    doubter: AnyJudge,
    *,
    most: int = 12,
    seed: int = 0,
    more: Mapping[str, Sequence[Arguments]] | None = None,
    witnesses: Mapping[str, Sequence[str]] | None = None,
) -> list[Made]:
    """Each problem with at most `most` more cases, in the order given; no two have one task_id. Where the
    test is one whole program the cases take its place.

    `doubter` gives each program a fresh JVM and lets chance in. `more`: inputs by task_id that are proposed
    beside those made here. `witnesses`: completions by task_id (witnesses.py). The same
    arguments give the same cases.
    """
    made = [Made(problem, before=len(problem.suite.cases)) for problem in problems]
    called = {one.task_id: examples(one, one.entry_point) for one in problems}
    able = _able(made, judge)
    candidates = _candidates(able, called, judge, doubter, seed, more or {}, witnesses or {})
    known = {one.problem.task_id: set[str]() for one, _ in able}
    working = [one for one, _ in able if not one.note]
    _choose(working, candidates, known, judge, most, seed)
    _check(working, judge, doubter)
    _fail_stubs(working, judge)
    working = [one for one in working if not one.note]
    for kinds, changes, count in (
        ("same_kinds", LOGIC, SAME_KINDS),
        ("other_kinds", OTHER_LOGIC, OTHER_KINDS),
    ):
        judged = _judge_mutants(working, changes, count, known, judge, f"{kinds} {seed}")
        for one, verdicts in zip(working, judged, strict=True):
            setattr(one, kinds, _score(verdicts, one.before))
    for one, problem in zip(made, problems, strict=True):
        if one.note:
            one.problem = problem
    return made


def _able(made: Sequence[Made], judge: AnyJudge) -> list[tuple[Made, Signature]]:
    """Those that cases can be made for; the others get their note."""
    able = []
    for one in made:
        try:
            if one.problem.reference is None:
                raise Uncovered("no reference")
            if one.problem.suite.stdin:
                raise Uncovered("a program that reads standard input")
            able.append((one, read_signature(one.problem.prompt)))
            one.covered = True
        except Uncovered as reason:
            one.note = f"not covered: {reason}"
    verdicts = judge.grade([one.problem.job(one.problem.reference or "") for one, _ in able])
    for (one, _), verdict in zip(able, verdicts, strict=True):
        if not verdict.passed:  # one without tests passes once it compiles
            one.note = f"its reference does not pass its own tests: {verdict.outcome}"
        elif one.problem.suite.whole is not None:
            one.whole = True
            suite = Suite(imports=import_lines(one.problem.prompt), assertions=one.problem.suite.assertions)
            one.problem = replace(one.problem, suite=suite, test="")
    return [(one, signature) for one, signature in able if not one.note]


def _candidates(
    able: Sequence[tuple[Made, Signature]],
    called: Mapping[str, Sequence[Arguments]],
    judge: AnyJudge,
    doubter: AnyJudge,
    seed: int,
    more: Mapping[str, Sequence[Arguments]],
    witnesses: Mapping[str, Sequence[str]],
) -> dict[str, list[SuiteCase]]:
    """Cases with the expected values, by task_id."""
    problems = {one.problem.task_id: one.problem for one, _ in able}
    asked = {}
    for one, signature in able:
        rng = random.Random(f"inputs {seed} {one.problem.task_id}")
        inputs = [*more.get(one.problem.task_id, ())]
        own = propose(signature, called[one.problem.task_id], PROPOSED, rng)
        inputs += [arguments for arguments in own if arguments not in inputs]
        asked[one.problem.task_id] = [_case(index, signature, args) for index, args in enumerate(inputs)]
        one.proposed = len(inputs)
    first = answers(asked, problems, judge)
    again = {
        task_id: [case for case in reversed(cases) if case.name in first[task_id]]
        for task_id, cases in asked.items()
    }
    second = answers(again, problems, doubter)
    contested = disputed(problems, asked, first, witnesses, judge)
    found = {}
    for one, _ in able:
        task_id = one.problem.task_id
        values = {name: value for name, value in first[task_id].items() if second[task_id].get(name) == value}
        one.unanswered = one.proposed - len(first[task_id])
        one.unsteady = len(first[task_id]) - len(values)
        one.disputed = len(contested[task_id] & set(values))
        values = {name: value for name, value in values.items() if name not in contested[task_id]}
        found[task_id] = [
            replace(case, expected=values[case.name], tolerance=tolerance_of(values[case.name]))
            for case in asked[task_id]
            if case.name in values
        ]
        if not found[task_id]:
            one.note = "no input that its reference answers, twice the same, and undisputed"
    return found


def examples(problem: Problem, name: str) -> list[Arguments]:
    """The arguments of the calls of method `name` in the tests and in the prompt."""
    found = [
        one for case in problem.suite.cases for text in (case.code, case.value) for one in calls(text, name)
    ]
    for text in (problem.suite.whole or "", problem.prompt):
        found += [arguments for arguments in calls(text, name) if arguments not in found]
    return found


def _case(index: int, signature: Signature, arguments: Arguments) -> SuiteCase:
    written = [java(value, to) for value, to in zip(arguments, signature.parameters, strict=True)]
    code = f"var result = {signature.call(written)};"
    return SuiteCase(name=f"new {index}", code=code, value="result", expected=None)


def _choose(
    made: Sequence[Made],
    candidates: Mapping[str, Sequence[SuiteCase]],
    known: Mapping[str, set[str]],
    judge: AnyJudge,
    most: int,
    seed: int,
) -> None:
    """Gives each problem its cases."""
    for one in made:
        _put(one, candidates[one.problem.task_id])
    judged = _judge_mutants(made, LOGIC, CHOOSING, known, judge, f"choosing {seed}")
    for one, verdicts in zip(made, judged, strict=True):
        old = {case.name for case in one.problem.suite.cases[: one.before]}
        kills = [failed for verdict in verdicts if (failed := _failed(verdict)) and not failed & old]
        _put(one, cover(candidates[one.problem.task_id], kills, most))


def _put(one: Made, new: Sequence[SuiteCase]) -> None:
    """In place of the new cases that it had."""
    suite = one.problem.suite
    one.problem = replace(one.problem, suite=replace(suite, cases=(*suite.cases[: one.before], *new)))


def cover(cases: Sequence[SuiteCase], kills: Sequence[set[str]], most: int) -> list[SuiteCase]:
    """At most `most` of the cases: over and over the one that fails most mutants which none chosen in this
    round fails; once all are failed another round begins, for mutants that nobody has seen. Then those
    with expected values that no other has. `kills`: for each mutant the names of the cases that it fails."""
    left, chosen = list(cases), list[SuiteCase]()
    open_kills = list(kills)
    while left and len(chosen) < most:
        counts = {case.name: sum(case.name in failed for failed in open_kills) for case in left}
        best = max(left, key=lambda case: counts[case.name])
        if counts[best.name] == 0:
            if len(open_kills) == len(kills):
                break
            open_kills = list(kills)
            continue
        chosen.append(best)
        left.remove(best)
        open_kills = [failed for failed in open_kills if best.name not in failed]
    values = {case.expected for case in chosen}
    for case in left:
        if len(chosen) < most and case.expected not in values:
            values.add(case.expected)
            chosen.append(case)
    return sorted(chosen, key=cases.index)


def _failed(verdict: Verdict) -> set[str]:
    """The cases that tell this program from a right one; empty where it does not compile."""
    if verdict.outcome in (Outcome.COMPILE_ERROR, *NO_VERDICT):
        return set()
    failed = [case for case in verdict.cases if case.outcome is not Outcome.PASSED]
    if verdict.outcome in _TO_THE_END:
        return {case.name for case in failed}
    ended = [case.name for case in failed if case.outcome is verdict.outcome][:1]  # the others did not run
    return {case.name for case in failed if case.outcome in _TO_THE_END} | set(ended)


def _judge_mutants(
    made: Sequence[Made],
    changes: Mapping[str, Change],
    count: int,
    known: Mapping[str, set[str]],
    judge: AnyJudge,
    seed: str,
) -> list[list[Verdict]]:
    """For each problem the verdicts of new mutants of its reference, on its suite as it is."""
    jobs = []
    for one in made:
        rng = random.Random(f"{seed} {one.problem.task_id}")
        found = mutants_of(one.problem, changes, count, rng, known[one.problem.task_id])
        jobs.append([one.problem.job(mutant.completion, LIMITS) for mutant in found])
    verdicts = iter(judge.grade([job for some in jobs for job in some]))
    return [[next(verdicts) for _ in some] for some in jobs]


def _score(verdicts: Sequence[Verdict], before: int) -> Score:
    judged = [v for v in verdicts if v.outcome not in (Outcome.COMPILE_ERROR, *NO_VERDICT)]
    old = [any(case.outcome is not Outcome.PASSED for case in verdict.cases[:before]) for verdict in judged]
    return Score(len(judged), sum(old), sum(verdict.outcome is not Outcome.PASSED for verdict in judged))


def _check(made: Sequence[Made], judge: AnyJudge, doubter: AnyJudge) -> None:
    """Drops new cases that the reference fails, under the limits that all programs have."""
    for each in (judge, doubter):
        verdicts = each.grade([one.problem.job(one.problem.reference or "") for one in made])
        for one, verdict in zip(made, verdicts, strict=True):
            passed = {case.name for case in verdict.cases if case.outcome is Outcome.PASSED}
            new = one.problem.suite.cases[one.before :]
            kept = [case for case in new if case.name in passed]
            one.inconsistent += len(new) - len(kept)
            _put(one, kept)
            if not kept:
                one.note = "its reference does not pass the new cases"


def _fail_stubs(made: Sequence[Made], judge: AnyJudge) -> None:
    jobs = [[one.problem.job(stub, LIMITS) for stub in stubs(one.problem)] for one in made]
    verdicts = iter(judge.grade([job for some in jobs for job in some]))
    for one, some in zip(made, jobs, strict=True):
        answered = [next(verdicts) for _ in some]
        one.stub_after = any(verdict.passed for verdict in answered)
        one.stub_before = one.before > 0 and any(
            verdict.executed is not None
            and bool(verdict.cases)
            and all(case.outcome is Outcome.PASSED for case in verdict.cases[: one.before])
            for verdict in answered
        )
        if one.stub_after:
            one.note = "a stub passes"
