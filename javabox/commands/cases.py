"""Cases in a folder: pairs of input and output files, by the names that judges and contests give them.

    1.in    1.out                    also .ans .a .expected .output; inputs .inp .input .stdin
    01      01.a                     an output beside an input without a suffix
    input1.txt  output1.txt          also answer, expected
    input/1.txt  output/1.txt        also in, inputs, out, outputs, answers, expected
    first/input  first/output        a folder a case

Several outputs of one input (`1.out`, `1.ans`) are alternatives. Folders within are looked into. Not covered:
files that are not UTF-8.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from javabox.commands.refused import Refused
from javabox.job import Compare, StdinCase

INPUT_SUFFIXES = (".in", ".inp", ".input", ".stdin")
OUTPUT_SUFFIXES = (".out", ".ans", ".a", ".expected", ".output", ".stdout", ".answer")
INPUT_WORD = re.compile(r"\b(inputs?|in)\b|input", re.IGNORECASE)
OUTPUT_WORD = re.compile(r"\b(outputs?|out|answers?|expected)\b|output|answer|expected", re.IGNORECASE)
TXT = ".txt"


def read_cases(
    folder: Path, compare: Compare, tolerance: float, checker: str | None
) -> tuple[StdinCase, ...]:
    """A case an input file, in the natural order of their names. Raises Refused where files have no pair."""
    if not folder.is_dir():
        raise Refused("is no folder; name one with pairs such as 1.in and 1.out", folder)
    files = sorted(
        path for path in folder.rglob("*") if path.is_file() and not path.name.startswith((".", "README"))
    )
    inputs, outputs = _sorted_out(folder, files)
    if not inputs:
        raise Refused(
            "has no cases; they are pairs such as 1.in and 1.out, or input/1.txt and output/1.txt", folder
        )
    if alone := sorted(inputs.keys() - outputs.keys(), key=_natural):
        if checker is None:
            raise Refused("has no output beside it, such as 1.out beside 1.in", inputs[alone[0]])
        outputs |= {key: [] for key in alone}
    if alone := sorted(outputs.keys() - inputs.keys(), key=_natural):
        raise Refused("has no input beside it, such as 1.in beside 1.out", outputs[alone[0]][0])
    return tuple(
        StdinCase(
            key,
            read(inputs[key]),
            tuple(map(read, outputs[key])),
            compare,
            tolerance=tolerance,
            checker=checker,
        )
        for key in sorted(inputs, key=_natural)
    )


def read(path: Path) -> str:
    """The text of a file, every byte of it. Raises Refused."""
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise Refused(f"is not UTF-8 at byte {error.start}", path) from error
    except OSError as error:
        raise Refused(f"can't be read: {error.strerror}", path) from error


def _sorted_out(folder: Path, files: Iterable[Path]) -> tuple[dict[str, Path], dict[str, list[Path]]]:
    """Inputs and outputs by what their paths have in common. What is neither is left out."""
    files = list(files)
    inputs: dict[str, Path] = {}
    outputs: dict[str, list[Path]] = {}
    bare = {
        path for path in files if any(path.with_name(path.name + end) in files for end in OUTPUT_SUFFIXES)
    }
    for path in files:
        name = path.relative_to(folder).as_posix()
        stem = name.removesuffix(TXT)
        ending = Path(stem).suffix
        if path in bare and ending not in INPUT_SUFFIXES:
            inputs[name] = path
        elif ending in INPUT_SUFFIXES:
            inputs[stem.removesuffix(ending)] = path
        elif ending in OUTPUT_SUFFIXES:
            outputs.setdefault(stem.removesuffix(ending), []).append(path)
        elif OUTPUT_WORD.search(stem):
            outputs.setdefault(_without(OUTPUT_WORD, stem), []).append(path)
        elif INPUT_WORD.search(stem):
            inputs[_without(INPUT_WORD, stem)] = path
    return inputs, outputs


def _without(word: re.Pattern[str], name: str) -> str:
    """`input/input1` and `output/output1` are both `1`."""
    return re.sub(r"^[/_.-]+|[/_.-]+$|(?<=/)[/_-]+", "", word.sub("", name)) or "main"


def _natural(name: str) -> list[tuple[int, int, str]]:
    """2 before 10."""
    return [
        (0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", name) if part
    ]
