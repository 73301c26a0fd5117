"""MathQA's operations, each against a value computed by hand, in both forms of code; and by the JVM."""

from __future__ import annotations

import math

import pytest

from javabox import Job, Judge, Suite, SuiteCase
from rlcf.problems.mathqa import read_formula
from rlcf.problems.mathqa.java import Form, completion
from rlcf.problems.mathqa.operations import OPERATIONS

PI = math.pi

BY_HAND: dict[str, tuple[list[float], float]] = {
    "add": ([2.5, 4], 6.5),
    "subtract": ([2.5, 4], -1.5),
    "multiply": ([2.5, 4], 10),
    "divide": ([9, 4], 2.25),
    "reminder": ([17, 5], 2),
    "negate": ([7], -7),
    "inverse": ([8], 0.125),
    "power": ([2, 10], 1024),
    "sqrt": ([81], 9),
    "log": ([1024], 10),
    "floor": ([3.75], 3),
    "max": ([3, 11], 11),
    "min": ([3, 11], 3),
    "sine": ([PI / 6], 0.5),
    "cosine": ([PI / 3], 0.5),
    "tangent": ([PI / 4], 1),
    "factorial": ([6], 720),
    "choose": ([15, 5], 3003),
    "permutation": ([10, 3], 720),
    "gcd": ([84, 36], 12),
    "lcm": ([18, 24], 72),
    "negate_prob": ([0.3], 0.7),
    "speed": ([375, 3], 125),
    "stream_speed": ([13, 9], 2),
    "speed_in_still_water": ([13, 9], 11),
    "p_after_gain": ([10, 200], 220),
    "original_price_before_gain": ([20, 270], 225),
    "original_price_before_loss": ([60, 300], 750),
    "square_area": ([13], 169),
    "square_perimeter": ([28], 112),
    "square_edge_by_area": ([25], 5),
    "square_edge_by_perimeter": ([32], 8),
    "rectangle_area": ([19, 3], 57),
    "rectangle_perimeter": ([90, 50], 280),
    "diagonal": ([3, 4], 5),
    "rhombus_area": ([25, 50], 625),
    "rhombus_perimeter": ([4], 16),
    "quadrilateral_area": ([20, 18, 12], 300),
    "triangle_area": ([8, 4], 16),
    "triangle_area_three_edges": ([3, 4, 5], 6),
    "triangle_perimeter": ([5, 20, 30], 55),
    "circle_area": ([7], 49 * PI),
    "circumface": ([10], 20 * PI),
    "volume_cube": ([5], 125),
    "surface_cube": ([5], 150),
    "cube_edge_by_volume": ([125], 5),
    "volume_rectangular_prism": ([40, 20, 2], 1600),
    "surface_rectangular_prism": ([8, 4, 2], 112),
    "volume_cylinder": ([5, 14], 350 * PI),
    "surface_cylinder": ([9, 3], 216 * PI),
    "volume_cone": ([10, 21], 700 * PI),
    "volume_sphere": ([3], 36 * PI),
    "surface_sphere": ([7], 196 * PI),
}
"""Arguments and the value, by the textbook."""

OPEN = "import java.math.*;\nclass Problem {\n    public static double problem() {\n"


def job(program: str, expected: float) -> Job:
    case = SuiteCase(
        name="0",
        code="double x0 = Problem.problem();",
        value="x0",
        expected=repr(float(expected)),
        expected_type="double",
        tolerance=1e-7,
    )
    return Job(OPEN + program, Suite(cases=(case,)))


def calls(name: str) -> str:
    """A formula of the operation over computed arguments, so that each could need a name of its own."""
    count = OPERATIONS[name][0]
    halves = "".join(f"divide(n{index},const_2)|" for index in range(count))
    wholes = "".join(f"multiply(#{index},const_2)|" for index in range(count))
    return f"{halves}{wholes}{name}({','.join(f'#{count + index}' for index in range(count))})|"


def test_every_operation_has_a_value_by_hand() -> None:
    assert len(OPERATIONS) == 53
    assert BY_HAND.keys() == OPERATIONS.keys()


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_has_the_value_of_the_textbook(name: str) -> None:
    numbers, expected = BY_HAND[name]
    direct = f"{name}({','.join(f'n{index}' for index in range(len(numbers)))})"
    given = [float(number) for number in numbers]
    assert read_formula(direct, given).value == pytest.approx(expected, abs=1e-9)
    assert read_formula(calls(name), given).value == pytest.approx(expected, abs=1e-9)


def test_both_forms_compile_and_give_these_values(judge: Judge) -> None:
    jobs, wrong = [], []
    forms: tuple[Form, Form] = ("nested", "steps")
    for name, (numbers, expected) in BY_HAND.items():
        formula = read_formula(calls(name), [float(number) for number in numbers])
        jobs += [job(completion(formula, form), expected) for form in forms]
        wrong.append(job(completion(formula), expected + 0.001))
    verdicts = judge.grade(jobs)
    assert [v.outcome for v in verdicts if not v.passed] == []
    assert not any(verdict.passed for verdict in judge.grade(wrong))


@pytest.mark.parametrize(
    ("formula", "numbers", "nested"),
    [
        ("divide(n0,n1)|subtract(const_1,#0)|divide(n2,#1)", [2.0, 3.0, 90.0], "90.0 / (1.0 - 2.0 / 3.0)"),
        ("add(n0,n1)|add(n2,#0)|", [1.0, 2.0, 3.0], "3.0 + (1.0 + 2.0)"),
        ("subtract(n0,n1)|subtract(#0,n2)|", [1.0, 2.0, 3.0], "1.0 - 2.0 - 3.0"),
        ("multiply(n0,n1)|divide(n2,#0)|", [1.0, 2.0, 3.0], "3.0 / (1.0 * 2.0)"),
        ("multiply(n0,n1)|divide(n2,#0)|", [-1.0, 2.0, 3.0], "3.0 / (-1.0 * 2.0)"),
        ("subtract(n0,n1)|", [5.0, -3.0], "5.0 - (-3.0)"),
        ("negate(n0)|subtract(n1,#0)|", [5.0, 3.0], "3.0 - (-5.0)"),
        ("negate(n0)|negate(#0)|", [5.0], "-(-5.0)"),
        ("negate(n0)|", [-5.0], "-(-5.0)"),
        ("negate(n0)|multiply(#0,n1)|", [5.0, 2.0], "-5.0 * 2.0"),
        ("add(n0,n1)|negate(#0)|", [5.0, 2.0], "-(5.0 + 2.0)"),
        ("multiply(n0,const_pi)|sqrt(#0)|", [4.0], "Math.sqrt(4.0 * Math.PI)"),
        ("multiply(n0,const_0_25)|", [4.0], "4.0 * 0.25"),
        ("multiply(n0,const_2.0)|", [4.0], "4.0 * 2.0"),
        ("add(n0,n0)|multiply(n0,n1)|", [4.0, 2.0], "4.0 * 2.0"),
    ],
)
def test_nested_code_is_one_expression(formula: str, numbers: list[float], nested: str) -> None:
    assert completion(read_formula(formula, numbers)) == f"        return {nested};\n    }}\n}}"


def test_what_is_used_twice_gets_a_name_and_steps_name_every_result() -> None:
    formula = read_formula("add(n0,n1)|multiply(#0,#0)|divide(#1,n1)|", [1.0, 2.0])
    assert completion(formula).splitlines()[:2] == [
        "        double t0 = 1.0 + 2.0;",
        "        return t0 * t0 / 2.0;",
    ]
    assert completion(formula, "steps").splitlines()[:3] == [
        "        double t0 = 1.0 + 2.0;",
        "        double t1 = t0 * t0;",
        "        return t1 / 2.0;",
    ]


def test_awkward_signs_and_orders_give_the_same_double_in_java(judge: Judge) -> None:
    formulas = [
        read_formula(text, [0.1, -0.2, 0.3, -7.0])
        for text in (
            "negate(n1)|negate(#0)|subtract(n0,#1)|negate(#2)|divide(#3,#1)|reminder(n3,n2)|multiply(#5,#4)|",
            "add(n1,n2)|add(n0,#0)|add(n0,n1)|add(#2,n2)|divide(#3,#1)|",
            "multiply(n1,n2)|divide(n3,#0)|reminder(n3,#1)|subtract(#2,#1)|",
        )
    ]
    jobs = [job(completion(one, form), one.value) for one in formulas for form in ("nested", "steps")]
    assert [verdict.outcome for verdict in judge.grade(jobs) if not verdict.passed] == []
