"""What docs/ says of values and names is what the code does."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from javabox import Judge, Suite, SuiteCase
from rlcf.grounding.ppocoder import matches
from rlcf.grounding.signal import Answer, Signal
from rlcf.grounding.table import GROUNDINGS, grounding_entry
from rlcf.methods import METHODS
from rlcf.problems.problem import Problem
from rlcf.recipe import Recipe

ROOT = Path(__file__).parent.parent
METHODS_PAGE = (ROOT / "docs/methods.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
PROBLEM = Problem(
    "Twice/0",
    "class A {\n    static int f(int x) {\n",
    Suite(cases=tuple(SuiteCase(str(x), f"int r = A.f({x});", "r", str(2 * x)) for x in range(4))),
    reference="        int y = 2 * x;\n        return y;\n    }\n}\n",
)
BODIES = {
    "passed": "        int z = x;\n        return z + x;\n    }\n}\n",
    "wrong answer": "        return x < 1 ? 2 * x : 0;\n    }\n}\n",
    "run error": "        return x / 0;\n    }\n}\n",
    "compile error": "        return z;\n    }\n}\n",
}
RECIPE = "The way of a recipe"
WEIGHT, COMPARED, SHARE = 0.2, -0.5, 0.25
"""The discriminator's weight and value, and the share of the cases that the wrong answer passes."""


def rows(section: str, page: str = METHODS_PAGE) -> list[list[str]]:
    """The cells of the first table in a section, without its head."""
    text = re.split(rf"^## {section}$", page, flags=re.MULTILINE)[1]
    table = re.search(r"(?:^\|.*\n)+", text, flags=re.MULTILINE)
    assert table is not None
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[0].splitlines()[2:]]


@pytest.fixture(scope="module")
def answers(judge: Judge) -> dict[str, Answer]:
    jobs = [PROBLEM.job(body, coverage=True) for body in BODIES.values()]
    verdicts = judge.grade(jobs)
    return {
        name: Answer(PROBLEM, body, verdict)
        for (name, body), verdict in zip(BODIES.items(), verdicts, strict=True)
    }


@pytest.mark.parametrize("row", rows("Reward values"), ids=lambda row: row[0])
def test_rewards_are_those_of_the_table(row: list[str], answers: dict[str, Answer]) -> None:
    name, *formulas, where = row
    entry = grounding_entry(name.strip("`"))
    signals = entry.make(lambda prompts, *_: [COMPARED] * len(prompts), WEIGHT)(list(answers.values()))
    for (ended, answer), formula, signal in zip(answers.items(), formulas, signals, strict=True):
        assert paid(signal, where) == pytest.approx(worth(formula, answer)), ended
    located = BODIES["compile error"].index("z") if "error's" in where else None
    assert [signal.reward_position for signal in signals] == [None, None, None, located]


def worth(formula: str, answer: Answer) -> float:
    """The value of a cell for an answer."""
    found = matches(answer)
    syntax, flow = found["ast"] + found["ast_tokens"], found["dataflow"]
    values = {"g": COMPARED, "w": WEIGHT, "s": SHARE if "x < 1" in answer.completion else 0.0}
    values |= {"a": syntax, "d": flow, "m": (syntax + flow) / 2}
    return float(eval(formula.replace("−", "-").replace("·", "*"), {}, values))


def paid(signal: Signal, where: str) -> float:
    """The score, or what the spans give where the row is about them."""
    assert signal.score is not None
    return sum(span.value for span in signal.spans) if "to blame" in where else signal.score


def test_every_grounding_and_method_has_its_place() -> None:
    cells = "\n".join(row[0] for row in rows("Shorthands"))
    assert set(re.findall(r"`([a-z+-]+)`", cells)) == set(METHODS)
    assert [name for name in GROUNDINGS if f"`{name}`" not in METHODS_PAGE] == []
    training = (ROOT / "docs/train.md").read_text(encoding="utf-8")
    assert [name for name in METHODS if f"`{name}`" not in training] == []


def test_the_fields_of_a_recipe_are_those_of_the_table() -> None:
    told = {
        table.strip("`[]"): names.replace("`", "").split(", ") for table, names in rows(RECIPE, ARCHITECTURE)
    }
    top = dataclasses.asdict(Recipe())
    tables = {name: list(fields) for name, fields in top.items() if isinstance(fields, dict)}
    single = [name for name in top if name not in tables]
    assert told == {"top level": [*single, "method"], **tables}
