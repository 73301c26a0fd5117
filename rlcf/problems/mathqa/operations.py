"""MathQA's 53 operations, each defined once on doubles: value and Java follow from it.

What an operation means, and the order of its arguments, is stated nowhere in full; these definitions give the
`value` of all 29,567 training rows but five, and that of the development rows. What is not obvious:

    log(x)                            to base 2
    permutation(a, b), choose(a, b)   of a things b; permutation takes the larger for a
    circle and solids                 r, then h; angles in radians
    p_after_gain(p, x)                x with p per cent of gain; likewise original_price_before_gain and _loss
    quadrilateral_area(d, a, b)       the diagonal, then the two heights on it
    reminder(a, b)                    the remainder, with the sign of a
"""

from __future__ import annotations

from collections.abc import Callable

from rlcf.problems.mathqa.doubles import (
    PI,
    Node,
    cbrt,
    choose,
    cos,
    factorial,
    floor,
    gcd,
    hypot,
    largest,
    lcm,
    literal,
    log,
    permutation,
    power,
    sin,
    smallest,
    sqrt,
    tan,
)

ONE, TWO, THREE, FOUR, SIX = (literal(value) for value in (1.0, 2.0, 3.0, 4.0, 6.0))
HUNDRED = literal(100.0)


def _three_edges(a: Node, b: Node, c: Node) -> Node:
    """Heron's formula."""
    half = (a + b + c) / TWO
    return sqrt(half * (half - a) * (half - b) * (half - c))


def _permutation(a: Node, b: Node) -> Node:
    return permutation(a, b) if a.value >= b.value else permutation(b, a)


Operation = Callable[..., Node]

OPERATIONS: dict[str, tuple[int, Operation]] = {
    "add": (2, lambda a, b: a + b),
    "subtract": (2, lambda a, b: a - b),
    "multiply": (2, lambda a, b: a * b),
    "divide": (2, lambda a, b: a / b),
    "reminder": (2, lambda a, b: a % b),
    "negate": (1, lambda a: -a),
    "inverse": (1, lambda a: ONE / a),
    "power": (2, power),
    "sqrt": (1, sqrt),
    "log": (1, lambda a: log(a) / log(TWO)),
    "floor": (1, floor),
    "max": (2, largest),
    "min": (2, smallest),
    "sine": (1, sin),
    "cosine": (1, cos),
    "tangent": (1, tan),
    "factorial": (1, factorial),
    "choose": (2, choose),
    "permutation": (2, _permutation),
    "gcd": (2, gcd),
    "lcm": (2, lcm),
    "negate_prob": (1, lambda p: ONE - p),
    "speed": (2, lambda distance, time: distance / time),
    "stream_speed": (2, lambda down, up: (down - up) / TWO),
    "speed_in_still_water": (2, lambda down, up: (down + up) / TWO),
    "p_after_gain": (2, lambda p, x: x * (ONE + p / HUNDRED)),
    "original_price_before_gain": (2, lambda p, x: x * HUNDRED / (HUNDRED + p)),
    "original_price_before_loss": (2, lambda p, x: x * HUNDRED / (HUNDRED - p)),
    "square_area": (1, lambda a: a * a),
    "square_perimeter": (1, lambda a: FOUR * a),
    "square_edge_by_area": (1, sqrt),
    "square_edge_by_perimeter": (1, lambda p: p / FOUR),
    "rectangle_area": (2, lambda a, b: a * b),
    "rectangle_perimeter": (2, lambda a, b: TWO * (a + b)),
    "diagonal": (2, hypot),
    "rhombus_area": (2, lambda a, b: a * b / TWO),
    "rhombus_perimeter": (1, lambda a: FOUR * a),
    "quadrilateral_area": (3, lambda d, a, b: d * (a + b) / TWO),
    "triangle_area": (2, lambda a, h: a * h / TWO),
    "triangle_area_three_edges": (3, _three_edges),
    "triangle_perimeter": (3, lambda a, b, c: a + b + c),
    "circle_area": (1, lambda r: PI * r * r),
    "circumface": (1, lambda r: TWO * PI * r),
    "volume_cube": (1, lambda a: a * a * a),
    "surface_cube": (1, lambda a: SIX * a * a),
    "cube_edge_by_volume": (1, cbrt),
    "volume_rectangular_prism": (3, lambda a, b, c: a * b * c),
    "surface_rectangular_prism": (3, lambda a, b, c: TWO * (a * b + b * c + c * a)),
    "volume_cylinder": (2, lambda r, h: PI * r * r * h),
    "surface_cylinder": (2, lambda r, h: TWO * PI * r * (r + h)),
    "volume_cone": (2, lambda r, h: PI * r * r * h / THREE),
    "volume_sphere": (1, lambda r: FOUR / THREE * PI * r * r * r),
    "surface_sphere": (1, lambda r: FOUR * PI * r * r),
}
"""By name: the number of arguments, and the definition."""
