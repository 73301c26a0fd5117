"""Replies judged as the programs that they mean: forms, templates, and samples that must stay as they are.

    RLCF_DATA=… python -m benchmarks.replies             # about 20,000 programs, some minutes

1. Of MBJP's references that pass, 119 (every seventh) in each of FORMS: passed through `extract` (auto) and
   without it; and with the class renamed, which passes nowhere and is told so.
2. All 874 references through each of TEMPLATES: the outcome of every case is that of the bare reference.
3. All 2,849 samples that come with MBJP and MathQA, and all references: unchanged.

Exits with 1 where one of the three does not hold. Not measured: replies of models (tests/ holds 60 by hand).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.reply_forms import FORMS, RENAMED, TEMPLATES, Form
from javabox import Judge, Outcome, Verdict
from rlcf import Problem, load_problems
from rlcf.evaluation.extraction import Extraction, extract

CHOSEN = 119
SAMPLES = {"mbjp": "mbxp/mbjp_samples.jsonl", "mathqa": "mathqa/mathqa_java_samples.jsonl"}


def main() -> int:
    problems = [problem for problem in load_problems("mbjp") if problem.reference is not None]
    held = unchanged()
    with Judge() as judge:
        bare = judge.grade([problem.job(str(problem.reference)) for problem in problems])
        passing = [one for one, verdict in zip(problems, bare, strict=True) if verdict.passed]
        held &= forms(passing[:: len(passing) // CHOSEN][:CHOSEN], judge)
        held &= templates(problems, bare, judge)
    return 0 if held else 1


def unchanged() -> bool:
    """Whether all samples and references stay as they are."""
    data = Path(os.environ["RLCF_DATA"])
    total = changed = 0
    for name, file in SAMPLES.items():
        by_id = {problem.task_id: problem for problem in load_problems(name)}
        rows = map(json.loads, (data / file).read_text(encoding="utf-8").splitlines())
        pairs = [(by_id[row["task_id"]], str(row["completion"])) for row in rows]
        total += len(pairs)
        pairs += [(one, one.reference) for one in by_id.values() if one.reference is not None]
        for problem, completion in pairs:
            found = extract(completion, problem)
            if found.kind != "none" or found.job(problem) != problem.job(completion):
                changed += 1
                print(f"  changed: {problem.task_id} ({found.kind})")
    print(f"{total} samples and all references under auto: {changed} changed")
    return changed == 0


def forms(problems: Sequence[Problem], judge: Judge) -> bool:
    """Whether each form passes as often as the bare reference does."""
    print(f"\n{len(problems)} references that pass: form, passed under none, under auto, kinds")
    held = True
    for name, form in FORMS.items():
        replies = [form(problem, str(problem.reference)) for problem in problems]
        before = sum(
            v.passed is True for v in judge.grade([p.job(r) for p, r in zip(problems, replies, strict=True)])
        )
        found, verdicts = judged(problems, replies, judge)
        passed = sum(verdict.passed is True for verdict in verdicts)
        kinds = sorted({one.kind for one in found})
        print(f"  {name:<42} {before:>4} {passed:>4}  {', '.join(kinds)}")
        held &= passed == len(problems)
    replies = [RENAMED(problem, str(problem.reference)) for problem in problems]
    found, verdicts = judged(problems, replies, judge)
    passed = sum(verdict.passed is True for verdict in verdicts)
    hints = sum("declares class" in one.hint for one in found)
    print(f"  {'class renamed':<42}    – {passed:>4}  with a hint: {hints}")
    return held and passed == 0 and hints == len(problems)


def templates(problems: Sequence[Problem], bare: Sequence[Verdict], judge: Judge) -> bool:
    """Whether every template gives each reference the verdict that it has bare."""
    print(f"\n{len(problems)} references: template, verdicts that differ from the bare reference's")
    held = True
    for name, template in TEMPLATES.items():
        differing = _differing(template, problems, bare, judge)
        print(f"  {name:<52} {len(differing):>4}  {'; '.join(differing[:3])}")
        held &= not differing
    return held


def _differing(
    template: Form, problems: Sequence[Problem], bare: Sequence[Verdict], judge: Judge
) -> list[str]:
    replies = [template(problem, str(problem.reference)) for problem in problems]
    _, verdicts = judged(problems, replies, judge)
    return [
        f"{problem.task_id} {one.outcome} for {other.outcome}"
        for problem, one, other in zip(problems, verdicts, bare, strict=True)
        if _told(one) != _told(other)
    ]


def _told(verdict: Verdict) -> tuple[Outcome, list[Outcome]]:
    return verdict.outcome, [case.outcome for case in verdict.cases]


def judged(
    problems: Sequence[Problem], replies: Sequence[str], judge: Judge
) -> tuple[list[Extraction], list[Verdict]]:
    """What each reply means, and its verdict."""
    found = [extract(reply, problem) for problem, reply in zip(problems, replies, strict=True)]
    return found, judge.grade([one.job(problem) for one, problem in zip(found, problems, strict=True)])


if __name__ == "__main__":
    sys.exit(main())
