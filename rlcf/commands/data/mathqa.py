"""What `rlcf data build mathqa` and `rlcf data baselines mathqa` do and print."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

from rlcf.commands.grade import check_folder
from rlcf.commands.options import Judging
from rlcf.commands.rates import rate_lines
from rlcf.evaluation.summary import summarize
from rlcf.problems import load_problems
from rlcf.problems.load import built_path
from rlcf.problems.mathqa import (
    Built,
    build,
    nearest_neighbour,
    read_questions,
    same_letters,
    training_file,
    write,
)
from rlcf.problems.mathqa.build import Converted
from rlcf.problems.mathqa.java import Form
from rlcf.problems.mathqa.questions import template, unseen


def build_problems(
    name: str,
    train: str | None,
    validation: str | None,
    *,
    form: Form,
    sft_share: float,
    keep_references: bool,
    out: str | None,
    judging: Judging,
) -> None:
    """Reads, builds, writes and says what was left out. Raises BadInput and JudgeUnavailable."""
    questions = read_questions(train or training_file("train"))
    held_out = read_questions(validation or training_file("dev"))
    test = load_problems("mathqa", "test")
    path = Path(out) if out else built_path(name)
    if out:
        check_folder(path)
    started = time.monotonic()
    with judging.judge() as judge:
        built = build(
            questions,
            held_out,
            test,
            judge,
            form=form,
            named=name == "mathqa-named",
            sft_share=sft_share,
            keep_references=keep_references,
        )
        seconds = time.monotonic() - started
        print(f"{len(questions) + len(held_out)} questions built and judged in {seconds:.0f} s", end="")
        print(f", {judge.workers} workers, {judge.engine_name} engine, JDK {judge.jdk}")
    write(built, path)
    _show("training", built.train)
    _show("validation", built.validation)
    _show_left_out(built)
    for split in ("sft", "rl", "validation"):
        chosen = [problem for problem in built.problems if problem.split == split]
        templates = len({template(problem.description) for problem in chosen})
        references = sum(problem.reference is not None for problem in chosen)
        print(f"{split:<11}{len(chosen):>6} problems of {templates} templates, {references} references")
    print(f"problems: {path}")


def _show(what: str, converted: Converted) -> None:
    count = len(converted.passed)
    share = count / converted.questions
    print(f"{what}: {count} of {converted.questions} ({share:.3%}) compile and give their value within 1e-7")
    for left in converted.failed:
        print(f"    {left.question.place}: {left.why}")


def _show_left_out(built: Built) -> None:
    """Per file, since places are what a reader can check."""
    files = Counter(Path(question.file).name for question in built.in_test)
    named = ", ".join(f"{count} of {name}" for name, count in files.items()) or "none"
    print(f"left out since their text occurs in the test split: {named}")
    print(f"left out since their text occurs in the validation split: {len(built.in_validation)}")


def show_baselines(train: str | None, judging: Judging) -> None:
    """Judges both copies on the test split and prints their rates. Raises BadInput and JudgeUnavailable."""
    questions = read_questions(train or training_file("train"))
    test = load_problems("mathqa", "test")
    known = unseen(questions, test)
    print(
        f"{len(known)} training questions to copy from; {len(questions) - len(known)} occur in the test split"
    )
    with judging.judge() as judge:
        for name, copy in (("same letters", same_letters), ("nearest neighbour", nearest_neighbour)):
            copied = copy(known, test)
            verdicts = judge.grade([one.job(text) for one, text in zip(test, copied, strict=True)])
            evaluation = summarize(zip(test, verdicts, strict=True), [1], seconds=0.0)
            print("\n".join((f"\n{name}, all {len(test)}", *rate_lines(evaluation.rates))))
            for part, found in evaluation.parts.items():
                print("\n".join((f"\n{name}, {part} {found.problems}", *rate_lines(found.rates))))
