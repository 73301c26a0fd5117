"""Plain javac and java, for what a judge has to agree with: a program, its inputs, what it printed, its exit codes."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from javabox.engines.jvm import SHORT_FLAGS

COMPILING = """
import java.io.*; import java.nio.file.*; import java.util.spi.ToolProvider;
class Compiling { public static void main(String[] files) throws Exception {
  ToolProvider javac = ToolProvider.findFirst("javac").get();
  PrintWriter nowhere = new PrintWriter(Writer.nullWriter());
  for (String file : files)
    System.out.println(javac.run(nowhere, nowhere, "-nowarn", "-d", Path.of(file).getParent().toString(), file));
} }
"""
"""javac's own entry, once a file, in one JVM; it prints the exit codes."""


@dataclass(frozen=True)
class Ran:
    """What one run of java came to."""

    output: bytes
    status: int


def plain_java() -> str:
    java = shutil.which("java")
    assert java, "plain java is what the judge is compared with"
    return java


def compile_all(files: Sequence[Path]) -> list[bool]:
    """Whether plain javac accepts each of these, whose classes it puts beside it."""
    with tempfile.TemporaryDirectory() as folder:
        compiling = Path(folder, "Compiling.java")
        compiling.write_text(COMPILING)
        command: list[str | Path] = [plain_java(), *SHORT_FLAGS, compiling, *files]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    codes = done.stdout.split()
    assert len(codes) == len(files)
    return [code == "0" for code in codes]


def run_all(programs: Mapping[str, tuple[str, Sequence[str]]], folder: Path) -> dict[str, list[Ran] | None]:
    """For each program (source, inputs) a `Ran` an input; None for what javac does not accept."""
    java = plain_java()
    folders = [folder / str(index) for index in range(len(programs))]
    for place, (source, _) in zip(folders, programs.values(), strict=True):
        place.mkdir()
        (place / "Main.java").write_text(source, encoding="utf-8")
    accepted = compile_all([place / "Main.java" for place in folders])

    def run(place: Path, stdin: str) -> Ran:
        (place / "input").write_bytes(stdin.encode())
        with (place / "input").open("rb") as given:
            done = subprocess.run(
                [java, "-Dfile.encoding=UTF-8", *SHORT_FLAGS, "-cp", place, "Main"],
                stdin=given,
                capture_output=True,
                check=False,
                env={"LANG": "C.UTF-8"},
            )
        return Ran(done.stdout, done.returncode)

    def runs(place: Path, inputs: Sequence[str], sound: bool) -> list[Ran] | None:
        return [run(place, stdin) for stdin in inputs] if sound else None

    with ThreadPoolExecutor(2) as pool:
        results = pool.map(runs, folders, [inputs for _, inputs in programs.values()], accepted)
        return dict(zip(programs, results, strict=True))
