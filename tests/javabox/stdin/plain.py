"""Plain javac and java, for what a judge has to agree with: a program, its inputs, what it printed, its exit codes."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from javabox.engines.jvm import SHORT_FLAGS

COMPILING = """
import java.io.*; import java.nio.file.*; import java.util.spi.ToolProvider;
class Compiling { public static void main(String[] folders) throws Exception {
  ToolProvider javac = ToolProvider.findFirst("javac").get();
  PrintWriter nowhere = new PrintWriter(Writer.nullWriter());
  for (String folder : folders) javac.run(nowhere, nowhere, "-nowarn", "-d", folder, folder + "/Main.java");
} }
"""
"""javac's own entry, once a folder, in one JVM."""


@dataclass(frozen=True)
class Ran:
    """What one run of java came to."""

    output: bytes
    status: int


def run_all(programs: Mapping[str, tuple[str, Sequence[str]]], folder: Path) -> dict[str, list[Ran] | None]:
    """For each program (source, inputs) a `Ran` an input; None for what javac does not accept."""
    java = shutil.which("java")
    assert java, "plain java is what the judge is compared with"
    (folder / "Compiling.java").write_text(COMPILING)
    folders = [folder / str(index) for index in range(len(programs))]
    for place, (source, _) in zip(folders, programs.values(), strict=True):
        place.mkdir()
        (place / "Main.java").write_text(source, encoding="utf-8")
    subprocess.run([java, *SHORT_FLAGS, folder / "Compiling.java", *folders], check=True)

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

    def runs(place: Path, inputs: Sequence[str]) -> list[Ran] | None:
        return [run(place, stdin) for stdin in inputs] if (place / "Main.class").exists() else None

    with ThreadPoolExecutor(2) as pool:
        results = pool.map(runs, folders, [inputs for _, inputs in programs.values()])
        return dict(zip(programs, results, strict=True))
