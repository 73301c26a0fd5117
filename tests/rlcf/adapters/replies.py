"""A hundred replies to problems of MBJP in the forms that models write, with the rewards that `rlcf grade`
gives them: what every host must come to."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from rlcf.cli import main
from rlcf.evaluation.results import read_answers
from rlcf.grounding.table import load_grounding
from rlcf.problems import Problem, load_problems


@dataclass(frozen=True)
class Reply:
    """A reply, and how it was made."""

    problem: Problem
    form: str
    text: str


def asked(count: int = 25) -> list[Problem]:
    """The first problems with a reference and tests taken apart into cases."""
    found = [one for one in load_problems("mbjp", "train") if one.reference and not one.suite.whole]
    return found[:count]


def replies(problems: list[Problem]) -> list[Reply]:
    """Four of each problem: the reference as a continuation, as a chat reply with a whole class, a wrong one,
    and by turns one that does not compile, throws or leaves; the first never ends."""
    found = []
    for number, problem in enumerate(problems):
        right = problem.prompt + str(problem.reference)
        chat = f"<think>\nMaybe ```java\nint x;\n``` ... no.\n</think>\nSure:\n```java\n{right}\n```\nDone."
        bodies = (
            "return nothing;",
            "throw new IllegalStateException();",
            "System.exit(0); throw new Error();",
        )
        body = bodies[number % 3] if number else "for (;;) { }"
        last = f"        {body}\n    }}\n}}\n"
        found += [
            Reply(problem, "continuation", str(problem.reference)),
            Reply(problem, "chat", chat),
            Reply(problem, "wrong", f"```java\n{_wrong(right)}\n```"),
            Reply(problem, body, last),
        ]
    return found


def _wrong(program: str) -> str:
    """The program with its numbers and comparisons changed: it still compiles."""
    head, brace, body = program.rpartition("*/")
    return head + brace + re.sub(r"\b(\d+)\b", lambda found: str(int(found[1]) + 1), body)


def graded(
    samples: list[Reply], folder: Path, *groundings: str, problems: str = "mbjp"
) -> dict[str, list[float | None]]:
    """The rewards by each grounding, of what `rlcf grade` wrote."""
    source, results = folder / "samples.jsonl", folder / "results.jsonl"
    lines = [json.dumps({"task_id": one.problem.task_id, "completion": one.text}) + "\n" for one in samples]
    source.write_text("".join(lines), encoding="utf-8")
    words = ["grade", str(source), "--problems", problems, "--out", str(results), "--engine", "local"]
    assert main(words) == 0
    answers = read_answers(results, load_problems(problems))
    return {name: [one.score for one in load_grounding(name)(answers)] for name in groundings}
