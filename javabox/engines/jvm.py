"""The JVM side of the judge on this machine: which JDK, where the built classes are, how to start them.

Built once a version into the user's cache: `javabox.jar`, and beside it a class-data archive that halves
the start of the JVM of each program. The folder's name is a hash of the sources and of the JDK, so a stale
build is never used.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from javabox.errors import JudgeUnavailable

SOURCES = Path(__file__).parent.parent / "java"
EXPORTS = "--add-exports=jdk.compiler/com.sun.tools.javac.api=ALL-UNNAMED"
SUPERVISOR_FLAGS = (
    "-XX:+UseSerialGC",
    # C2 spends more on compiling the compiler than it gains in the first thousands of programs: the
    # supervisor's own share falls from 38 to 13 ms CPU a program.
    "-XX:TieredStopAtLevel=1",
    "-Xmx512m",
    "-Xms64m",
    "-XX:-UsePerfData",
    "-Duser.language=en",
    "-Djdk.lang.Process.launchMechanism=VFORK",  # one exec less a program than the default's helper
)
INSTALL_JDK = "apt-get install openjdk-17-jdk-headless"


@dataclass(frozen=True, slots=True)
class Jdk:
    """A JDK with a compiler, version 17 or later."""

    home: Path
    version: str


def find_jdk() -> Jdk:
    """JAVA_HOME's JDK, else the one of `javac` on the PATH. Raises JudgeUnavailable if there is none."""
    candidates = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    javac = shutil.which("javac")
    if javac:
        candidates.append(Path(javac).resolve().parent.parent)
    for home in candidates:
        if (home / "bin" / "javac").exists() and (home / "bin" / "java").exists():
            answer = subprocess.run(
                [home / "bin" / "javac", "-version"], capture_output=True, text=True, check=False
            )
            version = answer.stdout.strip().removeprefix("javac ")
            if version and int(version.split(".")[0]) >= 17:
                return Jdk(home, version)
    raise JudgeUnavailable(f"no JDK 17 or later found (JAVA_HOME, javac on PATH); install one: {INSTALL_JDK}")


def build(jdk: Jdk) -> Path:
    """The jar of the JVM side, compiled into the user's cache if it isn't there yet."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "javabox"
    folder = cache / f"{source_hash()}-jdk{jdk.version}"
    jar = folder / "javabox.jar"
    if not (folder / "complete").exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            classes = Path(scratch) / "classes"
            _run([jdk.home / "bin" / "javac", *javac_flags(), "-d", classes, *sorted(SOURCES.glob("*.java"))])
            built = Path(scratch) / "javabox.jar"
            _run([jdk.home / "bin" / "jar", "--create", "--file", built, "-C", classes, "."])
            folder.mkdir(exist_ok=True)
            os.chmod(folder, 0o755)
            # Two processes may build at once: each step replaces a whole file, the marker comes last.
            os.replace(built, jar)
            _run(archive_command(jdk.home, jar), check=False)
            (folder / "complete").touch()
    return jar


def source_hash() -> str:
    """Names the JVM side's sources."""
    digest = hashlib.sha256()
    for source in sorted(SOURCES.glob("*.java")):
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def javac_flags() -> list[str]:
    # No invokedynamic for string concatenation: linking it costs each fresh JVM about 10 ms.
    return ["-g", "-encoding", "UTF-8", "-XDstringConcat=inline", EXPORTS]


def archive_command(home: Path, jar: Path) -> list[str]:
    """Dumps the class-data archive from a dry run. Without an archive everything works, only slower."""
    archive = f"-XX:ArchiveClassesAtExit={jar.with_suffix('.jsa')}"
    return [str(home / "bin" / "java"), "-XX:+UseSerialGC", archive, "-cp", str(jar), "javabox.Rehearsal"]


def supervisor_command(home: Path, jar: Path, workers: int) -> list[str]:
    """The command line of a supervisor that judges `workers` programs at a time."""
    java = str(home / "bin" / "java")
    return [java, *SUPERVISOR_FLAGS, EXPORTS, "-cp", str(jar), "javabox.Supervisor", str(workers)]


def _run(command: Sequence[str | Path], *, check: bool = True) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"]}
    )
    if check and done.returncode != 0:
        raise JudgeUnavailable(f"the JVM side could not be built: {done.stderr.strip()[-2000:]}")
