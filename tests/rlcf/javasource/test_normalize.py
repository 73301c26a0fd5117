"""Which programs are the same but for names of locals, white space and comments."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlcf.javasource.normalize import digest, normalised
from rlcf.javasource.tokens import places
from rlcf.problems import load_problems

HEAD = "class A {\n    int q;\n    static int f(int x) {\n"


def key(body: str) -> str:
    return digest(f"{HEAD}{body}\n    }}\n}}\n")


SAME = [
    ("int a = x; return a;", "int b=x ; /* b */\n return b; // it"),
    ("for (int i = 0; i < x; i++) g(i); for (int i = 0; i < x; i++) g(i);",
     "for (int i = 0; i < x; i++) g(i); for (int j = 0; j < x; j++) g(j);"),
    ("g(a -> a + x, (b, c) -> { return b; });", "g(q -> q + x, (x1, y1) -> { return x1; });"),
    ("try (R r = g()) { h(r); } catch (E e) { k(e); }", "try (R s = g()) { h(s); } catch (E r) { k(r); }"),
    ("for (int[] row : m) { for (int c : row) s.t += c; }",
     "for (int[] u : m) { for (int v : u) s.t += v; }"),
    ("int a = 1, b = a; a.c().d[b]++;", "int b = 1, a = b; b.c().d[a]++;"),
    ("""if (x > 0) { String s = \"\"\"
        a "b"
        \"\"\"; g(s); }""",
     """if (x > 0) { String t = \"\"\"
        a "b"
        \"\"\"; g(t); }"""),
    ("return switch (x) { case 1, 2 -> { int y = x; yield y; } default -> { int y = 2; yield y; } };",
     "return switch (x) { case 1, 2 -> { int z = x; yield z; } default -> { int w = 2; yield w; } };"),
    ("return switch (x) { case 1: int y = 2; yield y; default: y = 3; yield y; };",
     "return switch (x) { case 1: int z = 2; yield z; default: z = 3; yield z; };"),
    ("if (o instanceof String s && s.length() > x) return s.length(); return s;",
     "if (o instanceof String t && t.length() > x) return t.length(); return s;"),
    ("if (!(o instanceof String s)) { return 0; } return s.length();",
     "if (!(o instanceof String t)) { return 0; } return t.length();"),
    ("return switch (o) { case P(int a, P(var b, _)) when a > b -> a; case Q r -> r.q(); default -> x; };",
     "return switch (o) { case P(int u, P(var v, _)) when u > v -> u; case Q s -> s.q(); default -> x; };"),
    ("record R(int a, int b) { R { if (a < b) throw new E(); } int f(int x) { return a + x; } } R r = g();",
     "record R(int a, int b) { R { if (a < b) throw new E(); } int f(int y) { return a + y; } } R s = g();"),
    ("sealed interface S permits T {} record T(int a) implements S {} S s = new T(x); return s.h();",
     "sealed interface S permits T {} record T(int a) implements S {} S t = new T(x); return t.h();"),
    ("String[] a = l.stream().toArray(String[]::new); return a;",
     "String[] b = l.stream().toArray(String[]::new); return b;"),
    ("boolean a = o instanceof String s && s.isEmpty(); return s;",
     "boolean b = o instanceof String t && t.isEmpty(); return s;"),
    ("int größe = x; return größe;", "int y = x; return y;"),
    ("try (var r = g(); r2) { r.h(r2); }", "try (var s = g(); r2) { s.h(r2); }"),
    ("a: for (int a : m) { break a; }", "a: for (int b : m) { break a; }"),
]  # fmt: skip
DIFFERENT = [
    ("int a = 1; int b = 2; return a;", "int a = 1; int b = 2; return b;"),
    ("return g(x);", "return h(x);"),
    ("return 1;", "return 2;"),
    ("return x + 1;", "return x - 1;"),
    ("return -(-x);", "return -x;"),
    ("int a = 1; return q;", "int q = 1; return q;"),
    ("int q = 1; return q;", "int q = 1; return this.q;"),
    ("{ int a = 1; } return q;", "int a = 1; { } return q;"),
    ("switch (x) { case 1: default: x = 2; }", "switch (x) { case 1: x = 2; }"),
    ("int a = 1; return b.a;", "int a = 1; return b.c;"),
    ("int a = 1; Object o = new B() { int a; int g() { return a; } };",
     "int a = 1; Object o = new B() { int c; int g() { return a; } };"),
    ('return "a b";', 'return "a  b";'),
    ("final int a = 1;", "int a = 1;"),
    ("record R(int a) {} return 1;", "record R(int b) {} return 1;"),
    ("record R(int a) { int f() { return a; } } int a = 1;",
     "record R(int b) { int f() { return a; } } int a = 1;"),
    ("return switch (x) { case 1 -> 2; default -> 3; };",
     "return switch (x) { case 1 -> 2; default -> 4; };"),
    ("return switch (o) { case A a -> q; default -> x; };",
     "return switch (o) { case A q -> q; default -> x; };"),
    ("if (o instanceof A a) { return 1; } return a;", "if (o instanceof A b) { return 1; } return b;"),
    ("if (!(o instanceof A a)) { g(); } return a;", "if (!(o instanceof A b)) { g(); } return b;"),
    ("int a = 1; g(b::a); a: for (;;) { break a; }", "int c = 1; g(b::c); c: for (;;) { break c; }"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SAME)
def test_names_of_locals_white_space_and_comments_do_not_count(one: str, other: str) -> None:
    assert key(one) == key(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_all_else_counts(one: str, other: str) -> None:
    assert key(one) != key(other)


def test_what_cannot_be_parsed_has_a_key_of_its_tokens() -> None:
    assert key("return 2 * ;") == key("return 2*; // no") != key("return 3 * ;")
    assert key("int a = 2 * ; return a;") != key("int b = 2 * ; return b;"), "names count there"
    assert (
        len({digest(text) for text in ("", "\x00", "\ud800", "x" * 30_000, "x" * 30_001, "(" * 5_000)}) == 6
    )


def test_references_have_different_keys_whatever_their_layout(data_dir: Path) -> None:
    assert data_dir.is_dir()
    programs = [p.prompt + p.reference for p in load_problems("mbjp") if p.reference is not None][:200]
    keys = [digest(program) for program in programs]
    assert len(set(keys)) == len(programs)
    laid_out = ["\n".join(f"/* {m.group()} */ {m.group()}" for m in places(code)) for code in programs]
    assert [digest(program) for program in laid_out] == keys


def test_a_normalised_program_is_its_tokens_with_numbers_for_locals() -> None:
    program = "class A { int q; int f(int x) { int q = x; /* it */ return this.q + q; } }"
    numbered = "class A { int q ; int f ( int %0 ) { int %1 = %0 ; return this . q + %1 ; } }"
    assert normalised(program).split("\n") == numbered.split(" ")
