"""What hand-made programs are worth to the groundings that compare syntax and data flow."""

from __future__ import annotations

from pathlib import Path

import pytest

from javabox import Judge, Suite, SuiteCase
from rlcf.errors import BadInput
from rlcf.grounding.signal import Answer, Signal
from rlcf.grounding.table import GROUNDINGS, check_needs, grounding_entry
from rlcf.problems import Problem, load_problems

PROMPT = "class A {\n    static int f(int x) {\n"
END = "\n    }\n}\n"
PROBLEM = Problem(
    task_id="double",
    prompt=PROMPT,
    suite=Suite(
        cases=tuple(
            SuiteCase(name=str(x), code=f"int r = A.f({x});", value="r", expected=str(2 * x))
            for x in range(4)
        )
    ),
    reference="return 2 * x;" + END,
)
# The reference's sub-trees: the product, the return, the body. Its entries: the parameter, and its use.
BODIES = {
    "same": "return 2 * x;",
    "passes": "return x + x;",  # no sub-tree, both entries
    "half": "return x < 2 ? 2 * x : 0;",  # the product, both entries
    "throws": "return x / 0;",  # no sub-tree, both entries
    "parse error": "return 2 * ;",  # no tree of a parser's; no statement of its tokens
    "type error": "int y = 1; return z;",  # nothing
    "near": "return 2 * z;",  # all sub-trees; no use of the parameter
    "modern": "record R(int a) {}\nreturn 2 * x;",  # the product and the return, not the body; both entries
}


def ground(judge: Judge, name: str) -> dict[str, Signal]:
    entry = grounding_entry(name)
    completions = [body + END for body in BODIES.values()]
    verdicts = judge.grade([PROBLEM.job(c, compile_only=not entry.runs) for c in completions])
    answers = [Answer(PROBLEM, c, v) for c, v in zip(completions, verdicts, strict=True)]
    signals = entry.make(None, 0.0)(answers)
    assert signals == entry.make(None, 0.0)(answers), "pure"
    return dict(zip(BODIES, signals, strict=True))


def scores(signals: dict[str, Signal]) -> dict[str, float | None]:
    return {name: signal.score for name, signal in signals.items()}


def test_ppocoder_adds_compiler_syntax_and_data_flow(judge: Judge) -> None:
    signals = ground(judge, "ppocoder")
    assert scores(signals) == pytest.approx(
        {
            "same": 1 + 1 + 1,
            "passes": 1 + 0 + 1,
            "half": 1 + 1 / 3 + 1,
            "throws": 1 + 0 + 1,
            "parse error": -1,
            "type error": -1,
            "near": -1 + 1 + 0,
            "modern": 1 + 2 / 3 + 1,
        }
    )
    assert {signal.reward_position for signal in signals.values()} == {None}
    assert signals["half"].parts == pytest.approx(
        {"compiler": 1, "ast": 1 / 3, "ast_tokens": 0, "dataflow": 1}
    )
    assert signals["modern"].parts == pytest.approx(
        {"compiler": 1, "ast": 2 / 3, "ast_tokens": 0, "dataflow": 1}
    )


def test_ppocoder_with_tests_has_the_papers_four_values(judge: Judge) -> None:
    signals = ground(judge, "ppocoder+tests")
    assert {name: signal.parts["tests"] for name, signal in signals.items()} == {
        "same": 1,
        "passes": 1,
        "half": -0.3,
        "throws": -0.6,
        "parse error": -1,
        "type error": -1,
        "near": -1,
        "modern": 1,
    }
    assert signals["half"].score == pytest.approx(-0.3 + 1 / 3 + 1)


def test_rlcf_ast_places_minus_one_on_the_error_and_the_mean_of_the_matches_at_the_end(judge: Judge) -> None:
    signals = ground(judge, "rlcf-ast")
    assert scores(signals) == pytest.approx(
        {
            "same": 1,
            "passes": 1 / 2,
            "half": (1 / 3 + 1) / 2,
            "throws": 1 / 2,
            "parse error": -1,
            "type error": -1,
            "near": -1,
            "modern": (2 / 3 + 1) / 2,
        }
    )
    positions = {name: signal.reward_position for name, signal in signals.items()}
    places = {name: position for name, position in positions.items() if position is not None}
    assert places == {
        "parse error": BODIES["parse error"].index(";"),
        "type error": BODIES["type error"].index("z"),
        "near": BODIES["near"].index("z"),
    }


def test_partial_is_the_share_of_the_cases(judge: Judge) -> None:
    assert scores(ground(judge, "partial")) == {
        "same": 1,
        "passes": 1,
        "half": 0.5,
        "throws": 0,
        "parse error": 0,
        "type error": 0,
        "near": 0,
        "modern": 1,
    }


@pytest.mark.parametrize("name", ["ppocoder", "ppocoder+tests", "rlcf-ast", "rlcf"])
def test_a_missing_reference_is_said_before_training(name: str, data_dir: Path) -> None:
    assert data_dir.is_dir()
    check_needs(name, grounding_entry(name), [PROBLEM])
    with pytest.raises(
        BadInput, match=f"'{name.replace('+', '[+]')}' needs a reference.*1883 of 1883.*MathQA/0"
    ):
        check_needs(name, grounding_entry(name), load_problems("mathqa"))


def test_needs_follow_the_grounding_and_its_weight() -> None:
    bare = Problem("bare", PROMPT, Suite(whole="class Main { public static void main(String[] a) {} }"))
    for name in ("tests", "compiler"):
        check_needs(name, grounding_entry(name), [bare])
    with pytest.raises(BadInput, match=r"'partial' needs tests taken apart into cases.*1 of 2.*bare"):
        check_needs("partial", grounding_entry("partial"), [PROBLEM, bare])
    check_needs("rlcf+tests", grounding_entry("rlcf+tests"), [bare], 0.0)
    with pytest.raises(BadInput, match="reference"):
        check_needs("rlcf+tests", grounding_entry("rlcf+tests"), [bare], 0.2)
    for name in GROUNDINGS:
        check_needs(name, grounding_entry(name), [PROBLEM], 0.2)
