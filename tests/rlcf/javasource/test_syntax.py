"""Sub-trees by hand, and that no text breaks them."""

from __future__ import annotations

import hashlib
import json
import random
import re
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rlcf.javasource.dataflow import dataflow_match
from rlcf.javasource.syntax import ast_match, grammar_trees, java8_trees, token_match, token_trees
from rlcf.problems import load_problems

PROMPT = "class A {\n    static int f(int x) {\n"
END = "\n    }\n}\n"
DOUBLE = "return 2 * x;" + END


def trees(body: str) -> tuple[str, ...] | None:
    return java8_trees(PROMPT, body + END)


def test_sub_trees_are_nodes_with_children_and_all_under_them() -> None:
    product = "(BinaryOperation operandl:(Integer) operandr:(Name))"
    returned = f"(ReturnStatement expression:{product})"
    assert trees("return 2 * x;") == (product, returned, f"(Body {returned})")
    assert trees("") == ("(Body)",)


@pytest.mark.parametrize(
    ("candidate", "share"),
    [
        ("return 3 - y;", 1.0),  # names, operators and values don't count
        ("int y = 2 * x; return y;", 1 / 3),  # the product
        ("return x + x;", 0.0),
        ("", 0.0),
    ],
)
def test_the_share_of_the_references_sub_trees_by_hand(candidate: str, share: float) -> None:
    assert ast_match(PROMPT, DOUBLE, candidate + END) == pytest.approx(share)


def test_one_sub_tree_finds_every_one_like_it() -> None:
    # twice the call and its statement, and the body
    assert ast_match(PROMPT, "g(x); g(x);" + END, "g(x);" + END) == pytest.approx(4 / 5)


def test_only_the_open_method_counts() -> None:
    helper = "return 2 * x;\n    }\n    static int g(int y) { if (y > 1) return 1; return 2; }\n}\n"
    inner = "return 2 * x;\n    }\n    static class B { int h() { return 1; } }\n}\n"
    before = "class A {\n    int g() { return 1; }\n    static int f(int x) {\n"
    assert (
        java8_trees(PROMPT, helper)
        == java8_trees(PROMPT, inner)
        == java8_trees(before, DOUBLE)
        == trees("return 2 * x;")
    )
    product = "(binary_expression left:(Integer) right:(identifier))"
    returned = f"(return_statement {product})"
    found = grammar_trees(PROMPT, helper)
    assert found == grammar_trees(PROMPT, inner) == grammar_trees(before, DOUBLE)
    assert found == (product, returned, f"(block {returned})")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("return -(-x);", "return -x;"),
        ("(a[x])++;", "a++;"),
        ("return (g(x)).h();", "return (g(x).k()).h();"),
        ("return -(int) x;", "return (int) x;"),
        ("if (x > 1) { x = 1; }", "if (x > 1) { x = 1; } else { x = 1; }"),
        ("return x instanceof Integer;", "return x > y;"),
    ],
)
def test_what_differs_in_syntax_differs_in_trees(one: str, other: str) -> None:
    assert trees(one) != trees(other)
    assert grammar_trees(PROMPT, one + END) != grammar_trees(PROMPT, other + END)


MODERN = {
    "record": ("record R(int a) {} R r = new R(x); return r.a();", "record R(int a, int b) {} return 2;"),
    "compact constructor": ("record R(int a) { R { g(a); } } return 1;", "record R(int a) {} return 1;"),
    "text block": ('return """\n  a "b"\n  """.length();', 'return """\n  a "b"\n  """;'),
    "switch expression": (
        "return switch (x) { case 1, 2 -> 3; default -> { int y = x; yield y; } };",
        "return switch (x) { case 1, 2 -> 3; default -> x; };",
    ),
    "yield": ("return switch (x) { case 1: yield 2; default: yield x; };", "return x;"),
    "instanceof pattern": ("return o instanceof P p && p.q();", "return o instanceof P && q();"),
    "record pattern": ("return o instanceof P(int a, var b) ? a : x;", "return o instanceof P a ? a : x;"),
    "guard": (
        "return switch (o) { case P p when p.q() -> 1; case null, default -> 2; };",
        "return switch (o) { case P p -> 1; case null, default -> 2; };",
    ),
    "sealed": (
        "sealed interface S permits T {} record T() implements S {} return 1;",
        "interface S {} record T() implements S {} return 1;",
    ),
    "array constructor": ("return l.toArray(String[]::new);", "return l.toArray(String::new);"),
    "private interface method": ("interface I { private int g() { return 1; } } return 1;", "return 1;"),
    "var in lambda": ("return g((var a, var b) -> a + b);", "return g((a, b) -> a + b);"),
}
"""What a body goes on with, and what one does that has less."""


@pytest.mark.parametrize("construct", MODERN)
def test_modern_java_has_true_trees(construct: str) -> None:
    body, less = (f"int k = 2 * x; {text}{END}" for text in MODERN[construct])
    assert grammar_trees(PROMPT, body)
    assert ast_match(PROMPT, body, body) == 1
    assert 0 < float(ast_match(PROMPT, body, less) or 0) < 1
    renamed = re.sub(r"\b([ab])\b", r"\1\1", body)
    assert ast_match(PROMPT, body, renamed) == 1, "names don't count"


def test_two_programs_are_read_by_one_parser() -> None:
    modern = "record R(int a) {}\nreturn 2 * x;" + END
    assert java8_trees(PROMPT, DOUBLE)
    assert java8_trees(PROMPT, modern) is None
    # The product and the return of tree-sitter's three; javalang's trees would share none with them.
    assert ast_match(PROMPT, DOUBLE, modern) == pytest.approx(2 / 3)
    assert ast_match(PROMPT, modern, DOUBLE) == pytest.approx(2 / 6)


def test_what_no_parser_can_read_has_trees_of_tokens() -> None:
    broken = "int y = ;\nreturn 2 * x;" + END
    assert ast_match(PROMPT, DOUBLE, broken) is None
    statement = "(Statement (return) (Number) (Operator) (Name))"
    assert token_trees(DOUBLE) == (statement, f"({{ {statement})")
    assert token_match(DOUBLE, broken) == 1 / 2
    assert token_match(DOUBLE, DOUBLE) == 1
    assert token_match("", "") == 1


def test_a_parser_that_never_ends_is_ended() -> None:
    assert trees("@B(x; y;") is None


def test_how_deep_the_caller_stands_changes_nothing() -> None:
    """Nesting is bounded by a stack of its own, not by what is left of the caller's."""
    nested = "return " + "(" * 40 + "x" + ")" * 40 + ";" + END

    def deep(levels: int) -> object:
        return java8_trees.__wrapped__(PROMPT, nested) if levels == 0 else deep(levels - 1)

    room = sys.getrecursionlimit() - 300
    assert deep(room) == deep(0) is not None


WORDS = re.findall(
    r"\S+",
    "( ) { } [ ] ; , . < > ? : = + - ++ -> :: @ case default switch for if else while do try catch new int "
    'x A 1 \'a "s" // /* \\u12 assert lambda class enum this super',
)


def soup(rng: random.Random) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(rng.randrange(200)))


def binary(rng: random.Random) -> str:
    return "".join(chr(rng.randrange(rng.choice((128, 256, 0x11000)))) for _ in range(rng.randrange(400)))


def nested(rng: random.Random) -> str:
    open_, close = rng.choice(
        (
            ("(", ")"),
            ("{", "}"),
            ("if (x > 0) {", "}"),
            ("g(y -> ", ")"),
            ("A<", ">"),
            ("-(", ")"),
            ("x ? 1 : ", ""),
            ("@B(", ")"),
            ("(int)", ""),
            ("for (;;)", ";"),
        )
    )
    depth = rng.choice((10, 100, 3_000))
    return f"return {open_ * depth}x{close * rng.choice((depth, depth - 1))};" + END


def long(rng: random.Random) -> str:
    line = rng.choice(("x = x + 1;", 'g("', "'", "/*", "x", "{", "\\u", "int y = 1;"))
    return rng.choice(("\n", "", " ")).join([line] * 10_000) + END


def mutated(rng: random.Random) -> str:
    characters = list(
        'int y = 0; for (int i = 0; i < x; i++) { y += g(i, "s").h[2]; } return (y) * -(-x);' + END
    )
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(len(characters))
        characters[at : at + rng.randrange(3)] = rng.choice(WORDS)
    return "".join(characters)


MAKERS: tuple[tuple[Callable[[random.Random], str], int], ...] = (
    (soup, 300), (binary, 250), (mutated, 300), (nested, 100), (long, 49),
)  # fmt: skip


def test_any_text_has_a_match_and_soon_and_the_same_twice() -> None:
    rng = random.Random(0)
    completions = ["", *(make(rng) for make, count in MAKERS for _ in range(count))]
    assert len(completions) == 1_000
    took = []
    for completion in completions:
        start = time.process_time()
        found = (
            ast_match(PROMPT, DOUBLE, completion),
            token_match(DOUBLE, completion),
            dataflow_match(PROMPT, DOUBLE, completion),
        )
        took.append(time.process_time() - start)
        assert all(value is None or 0 <= value <= 1 for value in found)
        for read in (java8_trees, grammar_trees):
            assert read(PROMPT, completion) == read.__wrapped__(PROMPT, completion)
    assert statistics.median(took) < 0.05
    assert max(took) < 2


def test_one_parser_reads_nearly_all_references_and_the_other_all(data_dir: Path) -> None:
    assert data_dir.is_dir()
    references = [(p.prompt, p.reference) for p in load_problems("mbjp") if p.reference is not None]
    unread = [pair for pair in references if java8_trees(*pair) is None]
    assert len(unread) <= 1, "MBJP/679 has `String[]::new`"
    assert all(grammar_trees(*pair) for pair in references)
    assert ast_match(*references[0], references[0][1]) == 1


def test_scores_of_what_javalang_reads_are_those_of_before_tree_sitter(data_dir: Path) -> None:
    """mxeval's samples of MBJP; the hash is that of the scores when javalang was the only parser."""
    problems = {problem.task_id: problem for problem in load_problems("mbjp")}
    scores = hashlib.sha256()
    count = 0
    for line in (data_dir / "mbxp" / "mbjp_samples.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        prompt, reference = problems[row["task_id"]].prompt, problems[row["task_id"]].reference
        completion = row["completion"]
        if reference is None or None in (java8_trees(prompt, reference), java8_trees(prompt, completion)):
            continue
        count += 1
        syntax = ast_match(prompt, reference, completion)
        flow = dataflow_match(prompt, reference, completion)
        scores.update(f"{row['task_id']} {syntax:.9f} {flow:.9f}\n".encode())
    assert count == 870
    assert scores.hexdigest() == "eccccbba6da0b6a1d766a57512b6488981062e37f93653dc711501d0c8654f18"
