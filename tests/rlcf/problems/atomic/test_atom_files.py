"""Files of atoms: read in their order; a fault has file, line and field; kept problems follow them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from javabox import Judge, JudgeUnavailable
from rlcf.errors import BadInput
from rlcf.problems import atomic, composed
from rlcf.problems.atomic.atom import Atom
from rlcf.problems.atomic.atom_files import read_atoms
from rlcf.problems.composed.topics import ATOM_FILES, TOPICS

GOOD = """# Two atoms.
[[atom]]
takes = "int"
gives = "int"
topic = "arithmetic"
wordings = ["add $k", "plus $k"]
code = '$x + $k'

[[atom]]
takes = "int"
gives = "int[]"
topic = "sequences"
wordings = ["list it", "put it in an array"]
code = '''
int[] $y = new int[1];
$y[0] = $x;
'''
"""


def write(folder: Path, text: str, name: str = "atoms.toml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_a_file_is_read_in_its_order(tmp_path: Path) -> None:
    assert read_atoms([write(tmp_path, GOOD)]) == (
        Atom("int", "int", "arithmetic", ("add $k", "plus $k"), "$x + $k"),
        Atom(
            "int",
            "int[]",
            "sequences",
            ("list it", "put it in an array"),
            "int[] $y = new int[1];\n$y[0] = $x;",
        ),
    )


def test_the_files_of_the_package_hold_every_atom() -> None:
    """Every file beside the code is read, and none twice."""
    folders = {file.parent for file in ATOM_FILES}
    assert {file for folder in folders for file in folder.iterdir()} == {*ATOM_FILES}
    assert len(ATOM_FILES) == len({*ATOM_FILES}) == 10
    written = sum(file.read_text(encoding="utf-8").count("[[atom]]\n") for file in ATOM_FILES)
    assert written == sum(map(len, TOPICS.values())) == 274
    assert len(TOPICS) == 14


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "words"),
    [
        ('gives = "int"', 'gives = "long"', 4, "gives", "must be one of int, int[]"),
        ('takes = "int"\ngives = "int[]"', 'takes = 3\ngives = "int[]"', 10, "takes", "must be a text"),
        ('topic = "arithmetic"\n', "", 2, "topic", "must be there"),
        ('topic = "sequences"', 'topics = "sequences"', 12, "topics", "no atom has this field"),
        ('["add $k", "plus $k"]', '["add $k"]', 6, "wordings", "two texts or more"),
        ('"plus $k"', '"add 1, then $k"', 6, "wordings", "without ', then '"),
        ('"plus $k"', '"plus $n"', 6, "wordings", "any $ but $k"),
        ('"put it in an array"', '"list it"', 13, "wordings", "'list it' asks for another atom"),
        ("$x + $k", "$x + $n", 7, "code", "not $n"),
        ("$x + $k", "3 + $k", 7, "code", "must read $x"),
        ("$x + $k", "$x + 3", 7, "code", "in the code and in the wordings"),
        ("$x + $k", "$y + $x + $k", 7, "code", "an expression"),
        ("int[] $y = new int[1];\n$y[0] = $x;", "foo($x);", 14, "code", "must declare $y"),
        ("# Two atoms.", "more = 1", None, "more", "[[atom]] entries alone"),
    ],
)
def test_a_fault_has_its_place(
    tmp_path: Path, old: str, new: str, line: int | None, field: str, words: str
) -> None:
    assert old in GOOD
    file = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(BadInput) as caught:
        read_atoms([file])
    assert (caught.value.file, caught.value.line, caught.value.field) == (file, line, field)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (GOOD.replace("gives =", "gives", 1), 4, "not TOML"),
        ("", None, "has [[atom]] entries"),
        ('atom = [{takes = "int"}]\n', None, "each header on a line of its own"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, text: str, line: int | None, words: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_atoms([write(tmp_path, text)])
    assert caught.value.line == line
    assert words in str(caught.value)


def test_the_same_words_in_two_files_are_refused(tmp_path: Path) -> None:
    first, second = write(tmp_path, GOOD, "first.toml"), write(tmp_path, GOOD, "second.toml")
    with pytest.raises(BadInput, match=r"second\.toml:6: .*in first\.toml"):
        read_atoms([first, second])


@pytest.mark.parametrize(
    ("family", "make", "sizes"),
    [
        ("atomic", atomic.build, {"train": 5, "validation": 1, "test": 1}),
        ("composed", composed.build, {"pretrain": 5, "a": 5, "held_out": 1}),
    ],
)
def test_another_byte_in_a_file_of_atoms_makes_the_problems_anew(
    judge: Judge,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    family: str,
    make: Callable[..., object],
    sizes: dict[str, int],
) -> None:
    """Kept problems are those of the files as they are now."""
    with Judge(engine="local") as closed:
        pass
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    # By its name: the package's attribute `build` is the function.
    module = import_module(f"rlcf.problems.{family}.build")
    copies = [Path(shutil.copy(file, tmp_path / f"{i}.toml")) for i, file in enumerate(module.ATOM_FILES)]
    monkeypatch.setattr(module, "ATOM_FILES", copies)
    first = make(0, judge, **sizes)
    assert make(0, closed, **sizes) == first
    with copies[-1].open("a", encoding="utf-8") as file:
        file.write("# a remark\n")
    with pytest.raises(JudgeUnavailable):
        make(0, closed, **sizes)
