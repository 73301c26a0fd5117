"""What a body returns and where its branches begin, by hand."""

from __future__ import annotations

import time

import pytest

from rlcf.javasource.bodies import body_of, returned, start_points
from rlcf.javasource.tokens import texts


def test_a_body_ends_with_the_brace_that_closes_the_method() -> None:
    assert body_of(texts('g("}"); { h(); } } int i() { }')) == texts('g("}"); { h(); }')
    assert body_of(texts("g(); {")) == texts("g(); {")


@pytest.mark.parametrize(
    ("body", "expressions"),
    [
        ("return 1; return x + 1; return 1;", ["1", "x + 1"]),
        ("return g(() -> { h(); return 2; });", ["g(() -> { h(); return 2; })", "2"]),
        ("return switch (x) { case 1, 2 -> 3; default -> y; };", ["3", "y"]),
        ("return switch (x) { case P p when g(a -> a) -> { h(); yield 4; } default -> throw e; };", ["4"]),
        ("return switch (x) { case 1: yield 5; default: yield -1; };", ["5", "-1"]),
        ("if (x) return", [""]),
        ("if (x) { return } y; return 1;", ["} y", "1"]),
        ("int y = switch (x) { default -> 1; };", []),
    ],
)
def test_what_is_returned(body: str, expressions: list[str]) -> None:
    assert returned(texts(body)) == {tuple(texts(expression)) for expression in expressions}


@pytest.mark.parametrize(
    ("body", "pieces"),
    [
        ("int y = switch (x) { case 1 -> 2; default -> 3; };", ["switch"]),
        ("return g(a -> { b(); });", ["{ b"]),
        # An arm's arrow begins no lambda, whatever its guard has in it.
        ("return switch (o) { case P p when l.any(v -> v > p.q()) -> { f(); yield 1; } default -> 0; };",
         ["switch", "v > p"]),
        ("switch (o) { case P(int a, var b) -> g(c -> a); case null, default -> { if (x) f(); } }",
         ["switch", "a); case", "if"]),
        ('if (x) { String s = """\n  if (y) while\n  """; }', ["if (x"]),
        ("record R(int a) { R { if (a < 0) throw e; } } return 1;", ["if"]),
    ],
)  # fmt: skip
def test_modern_java_has_start_points(body: str, pieces: list[str]) -> None:
    starts = start_points(body)
    assert starts[-1] == 0
    if body.startswith(pieces[0]):
        pieces = pieces[1:]
    found = [body[start:].lstrip() for start in starts[-2::-1]]
    assert [text[: len(piece)] for text, piece in zip(found, pieces, strict=True)] == pieces


def test_any_text_is_read_in_linear_time() -> None:
    for text in (
        "return switch {",
        "return switch -> ",
        "-> yield ",
        "return 1, ",
        "; return ( ",
        ") return [ ",
    ):
        tokens = texts(text * 2_000)
        began = time.process_time()
        returned(tokens)
        start_points(text * 2_000)
        assert time.process_time() - began < 2.0
