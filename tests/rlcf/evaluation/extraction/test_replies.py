"""Sixty replies in the styles of many model families, each with the program that it means.

`replies/*.txt`: `=== problem | family: what is special`, the reply, `--- program`, the program; none where
the reply holds none.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from javabox import Judge
from rlcf import Problem, load_problems
from rlcf.evaluation.extraction import extract
from rlcf.javasource.outline import outline, scan

FOLDER = Path(__file__).parent / "replies"
PROBLEMS = {problem.task_id: problem for problem in load_problems(str(FOLDER / "problems.jsonl"))}
REFUSED = ("cut off", "a refusal", "broken off", "another class name")
"""Replies that no program can pass for."""


@dataclass(frozen=True)
class Written:
    """A reply and what it means."""

    problem: Problem
    name: str
    reply: str
    program: str


def read_replies(folder: Path) -> list[Written]:
    found = []
    for file in sorted(folder.glob("*.txt")):
        for entry in file.read_text(encoding="utf-8").split("\n=== "):
            title, _, rest = entry.removeprefix("=== ").partition("\n")
            reply, _, program = rest.partition("\n--- program")
            task_id, _, name = title.partition(" | ")
            found.append(Written(PROBLEMS[task_id], name, reply, program.strip()))
    return found


REPLIES = read_replies(FOLDER)


def told(source: str) -> tuple[set[str], list[str]]:
    """A program without white space, comments, and the order and number of its imports."""
    tokens = scan(source)
    imports = [item for item in outline(tokens) if item.kind == "import"]
    rest = [
        token.text
        for token in tokens
        if not token.comment and not any(one.start <= token.start < one.end for one in imports)
    ]
    return {item.name for item in imports}, rest


@pytest.mark.parametrize("one", REPLIES, ids=lambda one: one.name)
def test_a_reply_gives_the_program_that_it_means(one: Written) -> None:
    found = extract(one.reply, one.problem)
    if one.program:
        assert told(found.program) == told(one.program)
    else:
        assert found.kind in ("none", "nothing")


def test_there_are_sixty_of_at_least_eight_families() -> None:
    families = {one.name.partition(":")[0].split()[0].partition("-")[0] for one in REPLIES if ":" in one.name}
    assert len(REPLIES) >= 60
    assert len(families) >= 8


def test_the_programs_pass(judge: Judge) -> None:
    """Those that are meant to: what a reply means is right Java, in the judge's eyes too."""
    verdicts = judge.grade([extract(one.reply, one.problem).job(one.problem) for one in REPLIES])
    failed = {one.name for one, verdict in zip(REPLIES, verdicts, strict=True) if not verdict.passed}
    assert {name for name in failed if not any(word in name for word in REFUSED)} == set()
    assert {name for name in failed if any(word in name for word in REFUSED)} == {
        one.name for one in REPLIES if any(word in one.name for word in REFUSED)
    }
