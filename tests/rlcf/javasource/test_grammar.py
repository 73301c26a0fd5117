"""Trees of tree-sitter's: their places are Python's, errors give none, and any text is bounded work."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import pytest

from rlcf.javasource.grammar import Node, open_method, parse
from rlcf.javasource.normalize import normalised
from rlcf.javasource.tokens import LONGEST
from tests.rlcf.javasource.test_syntax import MAKERS, PROMPT, WORDS

END = "\n    }\n}\n"


def nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from nodes(child)


def names(program: str) -> list[str]:
    unit = parse(program)
    assert unit
    return [node.text for node in nodes(unit) if node.kind == "identifier"]


@pytest.mark.parametrize("text", ["é", "\U0001f600", "\ud800", "\u2028", "\x01", "ab\x00c", "日本"])
def test_places_are_code_points_whatever_stands_in_texts(text: str) -> None:
    program = f"class Größe {{ /* {text} */ String größe(int 数) {{ return \"{text}\" + 数 + 'ü' + ж; }} }}"
    assert names(program) == ["Größe", "größe", "数", "数", "ж"]


@pytest.mark.parametrize(
    "program",
    [
        "class A { int f() { return 2 * ; } }",
        "class A { int f() { return 1; }",
        "class A { int f() { return 1; } } }",
        "class A { int \x00f() { return 1; } }",
        "class A { int f\u00a0() { return 1; } }",
        "class A { 😀 }",
        "class A { }" + " " * LONGEST,
    ],
)
def test_errors_have_no_tree(program: str) -> None:
    assert parse(program) is None


def test_the_open_method_is_the_last_that_the_prompt_begins() -> None:
    before = "record P(int x) { P { g(); } class Q { int h() { return 1; } }\n"
    for head in ("int f(int y) {", "P(int y, int z) {", "static <T> T f() throws E {"):
        method = open_method(before + head, " return 1; } int after() { return 2; } }")
        assert method
        assert method.text.startswith(head)
    assert open_method("class A { int q;", " int f() { return 1; } }") is None
    compact = open_method("record P(int x) { P {", " if (x < 0) throw new E(); } }")
    assert compact
    assert compact.kind == "compact_constructor_declaration"


def test_classes_may_nest_however_deep() -> None:
    method = open_method("class A { " * 1_500 + PROMPT, END + "}" * 1_500)
    assert method
    assert method.text.startswith("static int f(int x)")


def test_any_text_is_bounded_work_and_the_same_twice() -> None:
    rng = random.Random(1)
    programs = [PROMPT + make(rng) for make, count in MAKERS for _ in range(count // 20)]
    room = LONGEST - len(PROMPT)
    for word in (
        *WORDS[::8],
        "+ :",
        "x<",
        "A<B<",
        "/* (",
        "if(x)",
        "x->",
        "(x)",
        "new A(){",
        "case x->",
        "x?1:",
    ):
        programs.append(PROMPT + (word + " ") * (room // (len(word) + 1)))
    programs += [f"{PROMPT}return {a * 2_000}x{b * 2_000};{END}" for a, b in ("()", ("-(", ")"), ("x+", ""))]
    programs += [
        "class A { " * 1_500 + PROMPT + END + "}" * 1_500,
        f"{PROMPT}if (x{' || x' * 3_000}) return;{END}",
    ]
    for program in programs:
        began = time.process_time()
        key = normalised(program)
        assert time.process_time() - began < 4.0
        if len(program) < 2_000:
            parse.cache_clear()
            assert normalised(program) == key
