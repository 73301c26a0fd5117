"""Data flow of small bodies, by hand."""

from __future__ import annotations

import pytest

from rlcf.javasource.dataflow import COMES, COMPUTED, Entry, dataflow_match, entries

PROMPT = "class A {\n    static int f(int x) {\n"
END = "\n    }\n}\n"


def first(variable: str) -> Entry:
    return variable, COMES, ()


def use(variable: str) -> Entry:
    return variable, COMES, (variable,)


def from_(variable: str, *sources: str) -> Entry:
    return variable, COMES, sources


def computed(variable: str, *sources: str) -> Entry:
    return variable, COMPUTED, sources


X, Y = "v0", "v1"
"""In the order in which the bodies below name them."""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", []),
        ("return 1;", []),
        ("return 2 * x;", [first(X), use(X)]),
        ("int y = x; return y;", [first(X), use(X), from_(Y, X), use(Y)]),
        ("int y = 0; y = x; return y;", [first(X), use(X), computed(Y, X), use(Y)]),
        ("int y = 0; y += x; return y;", [first(X), first(Y), use(X), computed(Y, X, Y), use(Y)]),
        ("int y = 0; ++y; return y;", [first(X), computed(X, X), use(X)]),
        ("int y = g(x, Math.abs(x)); return y;", [first(X), use(X), use(X), from_(Y, X), use(Y)]),
        ("x.add(x.size());", [first(X), use(X), use(X)]),
        ("int[] y = new int[x]; y[x] = x; return y[0];",
         [first(X), use(X), from_(Y, X), use(X), use(X), computed(Y, X), use(Y)]),
        ("for (int y : x) { g(y); }", [first(X), use(X), computed(Y, X), use(Y)]),
        ("return x.map(y -> y + x);", [first(X), use(X), first(Y), use(Y), use(X)]),
        ("this.q = x; return this.q;", [first(X), use(X), computed(Y, X), use(Y)]),
        ("int y = (x); return -(y);", [first(X), use(X), from_(Y, X), use(Y)]),
    ],
)  # fmt: skip
def test_entries_by_hand(body: str, expected: list[Entry]) -> None:
    assert entries(PROMPT, body + END) == tuple(expected)


Z = "v2"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        # A switch that gives a value is made of what it looks at and of what its arms give.
        ("int y = switch (x) { case 1 -> x; default -> 2; }; return y;",
         [first(X), use(X), use(X), from_(Y, X), use(Y)]),
        ("int y = 1; int z = switch (x) { case 1 -> { yield y; } default -> x; }; return z;",
         [first(X), first(Y), use(X), use(Y), use(X), from_(Z, X, Y), use(Z)]),
        ("int y = 1; switch (x) { case 1 -> y = x; default -> y = 2; } return y;",
         [first(X), use(X), use(X), computed(Y, X), computed(Y), use(Y)]),
        # A variable of a pattern comes from what is matched.
        ("if (x instanceof P y) return y;", [first(X), use(X), from_(Y, X), use(Y)]),
        ("return x instanceof P(int y, var z) ? y : z;",
         [first(X), use(X), from_(Y, X), from_(Z, X), use(Y), use(Z)]),
        ("return switch (x) { case P y when y.q() -> y; case R(var z) -> z; default -> 1; };",
         [first(X), use(X), from_(Y, X), use(Y), use(Y), from_(Z, X), use(Z)]),
        ("record R(int y) { int g() { return y; } } return x;", [first(X), first(Y), use(Y), use(X)]),
        ("return x.map((var y, var z) -> y + z);",
         [first(X), use(X), first(Y), first(Z), use(Y), use(Z)]),
        ('String y = """\n  x\n  """ + x; return y;', [first(X), use(X), from_(Y, X), use(Y)]),
        ("return x.toArray(String[]::new);", [first(X), use(X)]),
        ("try (x) { g(); }", [first(X), use(X)]),
        # Names of constants, labels and classes are no variables.
        ("a: while (true) { switch (x) { case B -> { break a; } default -> { continue a; } } }",
         [first(X), use(X)]),
    ],
)  # fmt: skip
def test_modern_java_by_hand(body: str, expected: list[Entry]) -> None:
    assert entries(PROMPT, body + END) == tuple(expected)


def test_a_switch_leaves_what_its_arms_or_nothing_left() -> None:
    before = "int y = 1; switch (x) { case 1 -> y = 2; case 3 -> y = 4; } return y;"
    always = before.replace("case 3", "default")
    # Only where no arm may be taken does the first value reach the return, and is kept.
    assert entries(PROMPT, before + END).count(first(Y)) == 1
    assert first(Y) not in entries(PROMPT, always + END)


def test_a_long_sum_is_gone_through() -> None:
    assert len(entries(PROMPT, "return " + " + ".join(["x"] * 1_500) + ";" + END)) == 1_501


def test_behind_a_branch_a_value_comes_from_either_way() -> None:
    body = "int y = 0; if (x > 1) { y = x; } else { x = 2; } return y;"
    assert entries(PROMPT, body + END) == (first(X), first(Y), use(X), use(X), computed(Y, X), use(Y))
    # Where both ways write it, nothing comes from before.
    body = "int y = 0; if (x > 1) { y = 1; } else { y = 2; } return y;"
    assert entries(PROMPT, body + END) == (first(X), use(X), computed(Y), computed(Y), use(Y))


@pytest.mark.parametrize(
    "loop",
    ["while (g(x)) { h(y); y = 1; }", "do { h(y); y = 1; } while (g(x));", "for (; g(x); y = 1) h(y);"],
)
def test_in_a_loop_a_use_comes_from_the_end_of_the_turn_before(loop: str) -> None:
    found = entries(PROMPT, f"int y; {loop}{END}")
    assert found.count(computed(Y)) == 1, "kept: the use at the top has it"
    assert sorted(found).count(use(X)) == sorted(found).count(use(Y)) == 1


def test_a_counting_loop_by_hand() -> None:
    body = "int y = 0; for (int i = 0; i < x; i++) { y += i; } return y;"
    i, bound = "v2", "v0"
    assert entries(PROMPT, body + END) == (
        *(first(bound), first(Y), first(i), use(i), use(bound)),
        *(use(i), computed(Y, Y, i), computed(i, i), use(Y)),
    )  # fmt: skip


def test_names_do_not_count_and_structure_does() -> None:
    body = "int total = 0; for (int i = 0; i < x; i++) total += i; return total;"
    renamed = "int a = 0; for (int zz = 0; zz < x; zz++) a += zz; return a;"
    other = body.replace("total += i", "total += x")
    assert entries(PROMPT, body + END) == entries(PROMPT, renamed + END)
    assert entries(PROMPT, body + END) != entries(PROMPT, other + END)


@pytest.mark.parametrize(
    ("reference", "candidate", "share"),
    [
        ("return 2 * x;", "return x + x;", 1.0),
        ("g(x); g(x);", "g(x);", 2 / 3),  # clipped
        ("int y = x; return y;", "return x;", 2 / 4),
        ("return 2 * x;", "return 1;", 0.0),
        ("return 1;", "return 1;", 0.0),  # PPOCoder's, where the reference has none
        ("return 2 * x;", "return 2 *;", 0.0),
    ],
)
def test_the_share_of_the_references_entries_by_hand(reference: str, candidate: str, share: float) -> None:
    assert dataflow_match(PROMPT, reference + END, candidate + END) == pytest.approx(share)


def test_loops_in_loops_are_bounded() -> None:
    assert entries(PROMPT, "while (x > 0) " * 5 + "x--;" + END)
    assert entries(PROMPT, "while (x > 0) " * 40 + "x--;" + END) == ()


@pytest.mark.parametrize(
    "body",
    [
        "try (R r = g(x)) { h(r); } catch (E | F e) { throw e; } finally { k(x); }",
        "switch (x) { case 1: x = 2; break; case K: default: x = 3; } return x;",
        "Runnable r = new Runnable() { int q = 1; public void run() { q = q + 1; } }; r.run();",
        "int[][] a = {{x}, {1}}; label: for (;;) { break label; }",
        "class B { int g(int y) { return y; } } return new B().g(x);",
        "assert x > 0 : x; synchronized (this) { x = this.f(x); } return x > 1 ? x : -x;",
        "g(String::valueOf, x::h, (a, b) -> { return a; }, int[].class, A.super::h); super.f(x);",
    ],
)
def test_every_statement_is_gone_through(body: str) -> None:
    assert entries(PROMPT, body + END)
