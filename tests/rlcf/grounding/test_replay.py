"""Which programs are the same to replay, and what its buffer holds."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from rlcf.grounding.replay import Replay, normalised
from rlcf.javasource.tokens import places
from rlcf.problems import load_problems

HEAD = "class A {\n    int q;\n    static int f(int x) {\n"


def key(body: str) -> str:
    return normalised(f"{HEAD}{body}\n    }}\n}}\n")


SAME = [
    ("int a = x; return a;", "int b=x ; /* b */\n return b; // it"),
    ("for (int i = 0; i < x; i++) g(i); for (int i = 0; i < x; i++) g(i);",
     "for (int i = 0; i < x; i++) g(i); for (int j = 0; j < x; j++) g(j);"),
    ("g(a -> a + x, (b, c) -> { return b; });", "g(q -> q + x, (x1, y1) -> { return x1; });"),
    ("try (R r = g()) { h(r); } catch (E e) { k(e); }", "try (R s = g()) { h(s); } catch (E r) { k(r); }"),
    ("for (int[] row : m) { for (int c : row) s.t += c; }",
     "for (int[] u : m) { for (int v : u) s.t += v; }"),
    ("int a = 1, b = a; a.c().d[b]++;", "int b = 1, a = b; b.c().d[a]++;"),
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
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SAME)
def test_names_of_locals_white_space_and_comments_do_not_count(one: str, other: str) -> None:
    assert key(one) == key(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_all_else_counts(one: str, other: str) -> None:
    assert key(one) != key(other)


def test_what_cannot_be_parsed_has_a_key_of_its_tokens() -> None:
    assert key("return 2 * ;") == key("return 2*; // no") != key("return 3 * ;")
    assert key("record R(int a) {} return 1;") != key("record R(int b) {} return 1;"), "names count there"
    assert (
        len({normalised(text) for text in ("", "\x00", "\ud800", "x" * 30_000, "x" * 30_001, "(" * 5_000)})
        == 6
    )


def test_references_have_different_keys_whatever_their_layout(data_dir: Path) -> None:
    assert data_dir.is_dir()
    programs = [p.prompt + p.reference for p in load_problems("mbjp") if p.reference is not None][:200]
    keys = [normalised(program) for program in programs]
    assert len(set(keys)) == len(programs)
    laid_out = ["\n".join(f"/* {m.group()} */ {m.group()}" for m in places(code)) for code in programs]
    assert [normalised(program) for program in laid_out] == keys


def test_the_buffer_is_first_in_first_out_without_duplicates() -> None:
    replay: Replay[int] = Replay(3)
    assert [replay.add(name, item) for item, name in enumerate("abacd")] == [True, True, False, True, True]
    assert replay.state() == [("b", 1), ("c", 3), ("d", 4)]
    assert replay.add("a", 5), "dropped, so no duplicate any more"
    assert [item for _, item in replay.state()] == [3, 4, 5]


def test_a_loaded_buffer_goes_on_as_the_saved_one() -> None:
    replay: Replay[int] = Replay(4)
    other: Replay[int] = Replay(4)
    other.add("old", 0)
    for item in range(6):
        replay.add(str(item), item)
    other.load(json.loads(json.dumps(replay.state())))
    for buffer in (replay, other):
        buffer.add("6", 6)
    assert [list(row) for row in replay.state()] == [list(row) for row in other.state()]
    assert replay.draw(2, random.Random(0)) == other.draw(2, random.Random(0))


def test_draws_are_different_items_and_no_more_than_there_are() -> None:
    replay: Replay[int] = Replay(10)
    assert replay.draw(2, random.Random(0)) == []
    for item in range(5):
        replay.add(str(item), item)
    assert sorted(replay.draw(9, random.Random(0))) == [0, 1, 2, 3, 4]
    assert len(set(replay.draw(3, random.Random(0)))) == 3


def test_a_buffer_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Replay(0)
