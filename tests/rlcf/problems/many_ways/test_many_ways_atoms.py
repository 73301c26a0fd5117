"""Atoms in several implementations: enough, of different kinds, all of one behaviour; faults have places."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from javabox import Judge
from rlcf.errors import BadInput
from rlcf.javasource.tokens import texts
from rlcf.problems.atomic.chain import Chain, Step
from rlcf.problems.atomic.inputs import input_pool
from rlcf.problems.atomic.measure import measure
from rlcf.problems.many_ways.atom import MANY_WAYS, Code, read_many_ways
from rlcf.problems.many_ways.ways import LOCALS, SCHEMES, Way, draw, renamed

GOOD = """# One atom.
[[atom]]
takes = "int[]"
gives = "int"
wordings = ["count above $k", "how many above $k"]
codes = [
'(int) Arrays.stream($x).filter(v -> v > $k).count()',
'''
int $y = 0;
for (int v : $x) if (v > $k) $y++;
''',
'''
$h($x, 0)
static int $h(int[] d, int i) {
    return i == d.length ? 0 : (d[i] > $k ? 1 : 0) + $h(d, i + 1);
}
''',
]
"""


def chain(*asked: tuple[str, int]) -> Chain:
    """Atoms by their first wording, each with its constant."""
    atom_of = {one.wordings[0]: one.atom for one in MANY_WAYS}
    return Chain(tuple(Step(atom_of[words], constant, words) for words, constant in asked))


def write(folder: Path, text: str) -> Path:
    file = folder / "atoms.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_there_are_enough_atoms_of_every_type() -> None:
    assert len(MANY_WAYS) >= 60
    assert {one.takes for one in MANY_WAYS} == {"int", "int[]", "String", "boolean"}
    assert {one.gives for one in MANY_WAYS} == {"int", "int[]", "String", "boolean"}
    assert sum(one.atom.has_constant for one in MANY_WAYS) >= 20


def test_implementations_differ_in_kind() -> None:
    """Most atoms can be written with and without a loop; many with a stream, many with a recursion."""
    kinds: Counter[str] = Counter()
    for one in MANY_WAYS:
        bodies = [code.body for code in one.codes]
        loops = [any(f"{word} (" in body for word in ("for", "while")) for body in bodies]
        kinds["loop or none"] += any(loops) and not all(loops)
        kinds["stream"] += any("stream(" in body or "chars()" in body for body in bodies)
        kinds["recursion"] += any(code.helper for code in one.codes)
    assert kinds["loop or none"] >= len(MANY_WAYS) / 2
    assert kinds["stream"] >= len(MANY_WAYS) / 4
    assert kinds["recursion"] >= len(MANY_WAYS) / 4


def test_all_implementations_of_an_atom_give_the_same_values(judge: Judge) -> None:
    asked = [(one, constant) for one in MANY_WAYS for constant in ((2, 9) if one.atom.has_constant else (2,))]
    ways = [
        Way(Chain((Step(one.atom, constant, one.wordings[0]),)), (code,), LOCALS)
        for one, constant in asked
        for code in one.codes
    ]
    found: dict[str, set[tuple[str, ...] | None]] = {}
    for way, values in zip(ways, measure(ways, input_pool(7), judge), strict=True):
        found.setdefault(f"{way.takes}: {way.chain.description}", set()).add(values)
    assert len(found) == len(asked)
    assert {words: values for words, values in found.items() if len(values) > 1 or None in values} == {}


def test_every_local_has_another_name_in_every_scheme() -> None:
    """No template names a variable that the schemes don't know, so that none is renamed half."""
    for one in MANY_WAYS:
        for code in one.codes:
            names = {text for text in texts(f"{code.body} {code.helper}") if text.isidentifier()}
            assert {name for name in names if len(name) == 1} <= {*LOCALS, "x"}
    for scheme in SCHEMES:
        assert len({*scheme, "x"}) == len(LOCALS) + 1, "no two names become one"
    for scheme in SCHEMES[1:]:
        assert not {*scheme} & {*LOCALS}


def test_a_way_is_written_with_its_codes_and_names() -> None:
    asked = chain(("sum the numbers", 2), ("add $k", 3))
    recursion = Code.of("$h($x, 0)\nstatic int $h(int[] d, int i) {\n    return $h(d, i);\n}")
    assert Way(asked, (recursion, Code.of("$k + $x")), SCHEMES[1]).completion == (
        "        int r = go(x, 0);\n"
        "        return 3 + r;\n"
        "    }\n"
        "    static int go(int[] k, int j) {\n"
        "        return go(k, j);\n"
        "    }\n"
        "}\n"
    )


def test_only_locals_are_renamed() -> None:
    code = "int y = x.length; String a = \"y\" + 'y' + s.a(y);  // y\n"
    assert renamed(code, SCHEMES[1]) == "int r = x.length; String p = \"y\" + 'y' + u.a(r);  // y\n"


def test_drawn_ways_differ_in_text() -> None:
    import random

    ways = draw(chain(("sum the numbers", 2), ("square it", 2)), 7, random.Random(0))
    assert len({way.completion for way in ways}) == 7
    few = draw(chain(("negate it", 2)), 7, random.Random(0))
    assert {way.completion for way in few} == {
        f"        return {code};\n    }}\n}}\n" for code in ("-x", "0 - x", "x * -1", "~x + 1")
    }


def test_a_file_is_read(tmp_path: Path) -> None:
    (one,) = read_many_ways((write(tmp_path, GOOD),))
    assert one.takes == "int[]"
    assert [bool(code.helper) for code in one.codes] == [False, False, True]
    assert one.codes[2].body == "$h($x, 0)"
    assert one.codes[2].helper.startswith("static int $h(int[] d, int i) {\n    return ")


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "words"),
    [
        ("codes = [", "code = 'x'\ncodes = [", 6, "code", "no atom has this field"),
        ("'(int) Arrays.stream($x).filter(v -> v > $k).count()',\n", "", 6, "codes", "3 to 6"),
        ("'''\nint $y = 0;", "'''\nint y = 0;", 6, "codes", ""),
        ("if (v > $k) $y++;", "if (v > 2) $y++;", 6, "codes", "$k is in the code"),
        ("static int $h(", "static int h(", 6, "codes", "helper method is named $h"),
        ("$h($x, 0)\n", "h($x, 0)\n", 6, "codes", "helper method is named $h"),
        ('takes = "int[]"', 'takes = "long"', 3, "takes", "must be one of"),
        ("if (v > $k) $y++;", "if ($q > $k) $y++;", 6, "codes", "not $q"),
    ],
)  # fmt: skip
def test_a_fault_has_its_place(tmp_path: Path, old: str, new: str, line: int, field: str, words: str) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    if not words:
        text, words = text.replace("$y++", "y++"), "must declare $y"
    file = write(tmp_path, text)
    with pytest.raises(BadInput) as caught:
        read_many_ways((file,))
    assert (caught.value.file, caught.value.field) == (file, field)
    assert caught.value.line in (line, line + 1)
    assert words in str(caught.value)
