"""Arithmetic on doubles as a tree, each node with its value: what Java will compute, computed here too.

    radius = literal(3.0)
    area = PI * radius * radius          # area.value == 28.274333882308138

Operators and functions build nodes and evaluate them at once, so an operation that is written with them is
defined once, for the value and for the code. A node that is used twice is one object; that is how the
writer of the code knows what needs a name. Values are IEEE doubles, as in Java, but the last bit of
`Math.pow` and the trigonometric functions may differ between the C library and the JVM.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A literal, a constant, an operator or a call; compared by identity."""

    kind: str
    """`literal`, an operator (+ - * / % and `negate`), or `call`."""
    text: str
    """Java: the literal, the operator's sign, or the function's name."""
    value: float
    parts: tuple[Node, ...] = ()

    def __add__(self, other: Node) -> Node:
        return Node("+", "+", self.value + other.value, (self, other))

    def __sub__(self, other: Node) -> Node:
        return Node("-", "-", self.value - other.value, (self, other))

    def __mul__(self, other: Node) -> Node:
        return Node("*", "*", self.value * other.value, (self, other))

    def __truediv__(self, other: Node) -> Node:
        return Node("/", "/", self.value / other.value, (self, other))

    def __mod__(self, other: Node) -> Node:
        """Java's: the sign is that of the dividend."""
        if other.value == 0:
            raise ZeroDivisionError
        return Node("%", "%", math.fmod(self.value, other.value), (self, other))

    def __neg__(self) -> Node:
        return Node("negate", "-", -self.value, (self,))


def literal(value: float) -> Node:
    """A number, written as in mxeval's prompts (`1000.0`), which Java reads as the same double."""
    return Node("literal", repr(value), value)


def constant(text: str, value: float) -> Node:
    """A constant that stands elsewhere in the program."""
    return Node("literal", text, value)


PI = Node("literal", "Math.PI", math.pi)


def _call(name: str, function: Callable[..., float]) -> Callable[..., Node]:
    def call(*parts: Node) -> Node:
        return Node("call", name, float(function(*(part.value for part in parts))), parts)

    return call


def _factorial(n: float) -> float:
    if n < 0:
        raise ValueError
    if n > 171:  # 171! is beyond double
        raise OverflowError
    return float(math.factorial(int(n)))


LOOPS = 100_000
"""More factors than any question of MathQA has; a formula may ask for any number of them."""


def _choose(n: float, k: float) -> float:
    ways, i = 1.0, 1.0
    _check_loop(n, k)
    while i <= k:
        ways, i = ways * (n - k + i) / i, i + 1.0
    return ways


def _permutation(n: float, k: float) -> float:
    product, i = 1.0, n - k + 1.0
    _check_loop(n, k)
    while i <= n:
        product, i = product * i, i + 1.0
    return product


def _check_loop(n: float, k: float) -> None:
    if n < 0 or k < 0:
        raise ValueError
    if k > LOOPS:
        raise OverflowError


def _gcd(a: float, b: float) -> float:
    while b:
        a, b = b, math.fmod(a, b)
    return a


def _lcm(a: float, b: float) -> float:
    return a / _gcd(a, b) * b


power = _call("Math.pow", math.pow)
sqrt = _call("Math.sqrt", math.sqrt)
cbrt = _call("Math.cbrt", math.cbrt)
floor = _call("Math.floor", math.floor)
log = _call("Math.log", math.log)
sin = _call("Math.sin", math.sin)
cos = _call("Math.cos", math.cos)
tan = _call("Math.tan", math.tan)
largest = _call("Math.max", max)
smallest = _call("Math.min", min)
hypot = _call("Math.hypot", math.hypot)
factorial = _call("factorial", _factorial)
choose = _call("choose", _choose)
permutation = _call("permutation", _permutation)
gcd = _call("gcd", _gcd)
lcm = _call("lcm", _lcm)

HELPERS = {
    "factorial": """\
    static double factorial(double n) {
        BigInteger product = BigInteger.ONE;
        for (int i = 2; i <= n; i++) {
            product = product.multiply(BigInteger.valueOf(i));
        }
        return product.doubleValue();
    }
""",
    "choose": """\
    static double choose(double n, double k) {
        double ways = 1.0;
        for (double i = 1.0; i <= k; i++) {
            ways = ways * (n - k + i) / i;
        }
        return ways;
    }
""",
    "permutation": """\
    static double permutation(double n, double k) {
        double product = 1.0;
        for (double i = n - k + 1.0; i <= n; i++) {
            product = product * i;
        }
        return product;
    }
""",
    "lcm": """\
    static double lcm(double a, double b) {
        return a / gcd(a, b) * b;
    }
""",
    "gcd": """\
    static double gcd(double a, double b) {
        return b == 0.0 ? a : gcd(b, a % b);
    }
""",
}
"""What the JDK lacks, as methods of the program's class, in the order in which they are written. The
factorial is exact: products of doubles lose the last digits that `factorial % n` asks for."""

NEEDS = {"lcm": "gcd"}
"""A helper that calls another."""
