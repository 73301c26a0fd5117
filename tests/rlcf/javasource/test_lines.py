"""Lines with code, as tokens tell, against the line tables that javac writes."""

from __future__ import annotations

import random
import re
import subprocess
import time
from pathlib import Path

import pytest

from javabox.engines.jdk import find_jdk
from javabox.engines.jvm import TOOL_FLAGS
from rlcf.javasource.lines import Line, line_kinds, line_starts
from rlcf.problems import load_problems

MBJP = Path("mbxp", "mbjp_release_v1.2.jsonl")
ADDED = re.compile(r"\s*(}.*|(\w+ )*class .*{)")
"""Lines to which javac adds code that nobody wrote: `return` at a brace, the constructor of a class."""


@pytest.fixture(scope="module")
def tables(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, int, set[int]]]:
    """Of 110 references of MBJP: the source, the lines of the prompt, the lines of javac's tables."""
    folder = tmp_path_factory.mktemp("tables")
    problems = [
        problem for problem in load_problems(str(data_dir / MBJP), "test") if problem.reference is not None
    ][::4]
    for index, problem in enumerate(problems):
        (folder / f"p{index}").mkdir()
        source = f"package p{index}; {problem.prompt}{problem.reference}"  # a name of its own, no line more
        (folder / f"p{index}" / "A.java").write_text(source, encoding="utf-8")
    home = find_jdk().home / "bin"
    files = {index: folder / f"p{index}" / "A.java" for index in range(len(problems))}
    javac = [home / "javac", *TOOL_FLAGS, "-g", "-nowarn", "-XDshould-stop.ifError=FLOW"]
    for _ in range(3):  # an error may hide another one, though javac goes on after those of parsing
        done = subprocess.run(
            [*javac, "-d", folder / "out", *files.values()],
            capture_output=True,
            text=True,
            check=False,
        )
        for found in re.findall(r"/p(\d+)/A\.java:\d+: error", done.stderr):
            files.pop(int(found), None)
        if done.returncode == 0:
            break
    assert done.returncode == 0
    assert len(files) > 100
    classes = sorted((folder / "out").glob("p*/*.class"))
    shown = subprocess.run(
        [home / "javap", *TOOL_FLAGS, "-l", "-p", *classes], capture_output=True, text=True, check=True
    )
    lines: dict[int, set[int]] = {index: set() for index in files}
    for one in shown.stdout.split("Compiled from")[1:]:
        owner = re.search(r"\b(?:class|interface) p(\d+)\.", one)
        assert owner
        lines[int(owner[1])] |= {int(line) for line in re.findall(r"line (\d+): \d+", one)}
    return [
        (file.read_text(encoding="utf-8"), problems[index].prompt.count("\n"), lines[index])
        for index, file in files.items()
    ]


def test_lines_with_code_are_those_of_javacs_tables(tables: list[tuple[str, int, set[int]]]) -> None:
    checked = 0
    for source, before, lines in tables:
        rows = list(zip(line_kinds(source), source.split("\n"), strict=True))
        for number, (kind, text) in enumerate(rows[before:], start=before + 1):
            checked += 1
            if kind is Line.CODE and text.strip() != "break;":  # javac may drop it
                assert number in lines, (text, source)
            elif kind is not Line.CODE and number in lines:
                assert ADDED.fullmatch(text), (text, source)
    assert checked > 1000


def test_lines_end_as_javac_says() -> None:
    assert line_starts("a\nb\r\nc\rd\n\re") == [0, 2, 5, 7, 9, 10]
    assert line_starts("a\f\v\x85\u2028b") == [0]


def test_any_text_has_a_kind_for_each_line_in_linear_time() -> None:
    rng = random.Random(1)
    pieces = [
        "{",
        "}",
        "(",
        ")",
        "]",
        ";",
        ":",
        "?",
        "->",
        "case",
        "class",
        "record",
        "new",
        "x",
        "=",
        "\n",
        "\r",
    ]
    texts = ["".join(rng.choices([*pieces, '"""\n', "\ud800", " "], k=200)) for _ in range(500)]
    texts += ["new " * 20_000, "? " * 50_000, "{" * 50_000, "int x\n" * 30_000, '"""\n\\' * 5_000]
    for text in texts:
        began = time.process_time()
        assert len(line_kinds(text)) == len(line_starts(text))
        assert time.process_time() - began < 3.0
