"""The JVM side of the judge on this machine: which JDK, where the built classes are, how to start them.

Built once a version into the user's cache: `judge.jar` for the supervisor, and for the JVMs that run
programs `image`, a runtime that jlink makes of the JDK and the module `program.jar`. Archives of loaded
classes shorten the start of both. The folder's name is a hash of the sources, of this module and of the JDK,
so a stale build is never used. A JDK that is a bundle (javabox/engines/bundle.py) brings all of it along but
the supervisor's archive, and nothing is built.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from javabox.errors import JudgeUnavailable

SOURCES = Path(__file__).parent.parent / "java"
ASM = Path("/usr/share/java")
ASM_JARS = ("asm.jar", "asm-tree.jar")
INTERNAL_COMPILER = "--add-exports=jdk.compiler/com.sun.tools.javac.api=ALL-UNNAMED"
INTERNAL_MEMORY = "--add-exports=java.base/jdk.internal.misc=javabox.program"
OPEN_TO_PROGRAM = tuple(
    f"--add-opens=java.base/{package}=javabox.program" for package in ("java.lang", "java.util")
)
JARS = ("judge.jar", "program.jar", *ASM_JARS)
SUPERVISOR_FLAGS = (
    "-XX:+UseSerialGC",
    # C2 spends more on compiling the compiler than it gains in the first thousands of programs: the
    # supervisor's own share falls from 38 to 13 ms CPU a program.
    "-XX:TieredStopAtLevel=1",
    "-Xmx512m",
    "-Xms64m",
    "-XX:-UsePerfData",
    "-XX:+DisableAttachMechanism",  # a program has the same user, and could load an agent
    *("-Duser.language=en", "-Duser.country=US", "-Duser.timezone=UTC"),  # expected values have the programs'
)
ARCHIVE = "judge.jsa"
ARCHIVE_FLAGS = (
    "-Xshare:auto",
    "-Xlog:disable",  # what the JVM has to say of an archive would go to stdout
    *("-XX:+UnlockDiagnosticVMOptions", "-XX:ArchiveRelocationMode=0"),  # as in judge/ProgramJvm.java
)
VFORK = "-Djdk.lang.Process.launchMechanism=VFORK"
"""One exec less a program than the default's helper; JDK 25 warns that it will go."""
BUNDLED = "javabox"
"""The folder of a bundle that holds the JVM side. Programs run on the bundle itself, and the supervisor finds
its part of their side there as a module."""
MARKER = "sources"
"""The file there with the hash of the sources that it was made from."""
PROGRAM_MAIN = "javabox.program.StrictRunner"
INSTALL_JDK = "apt-get install openjdk-17-jdk-headless"
INSTALL_ASM = "apt-get install libasm-java"


@dataclass(frozen=True, slots=True)
class Jdk:
    """A JDK with a compiler, version 17 or later."""

    home: Path
    version: str

    @property
    def feature(self) -> int:
        """17 of `17.0.15`, 25 of `25-ea`; 0 of what is no version."""
        number = re.match(r"\d+", self.version)
        return int(number[0]) if number else 0


def find_jdk() -> Jdk:
    """JAVA_HOME's JDK, else the one of `javac` on the PATH. Raises JudgeUnavailable if there is none."""
    candidates = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    javac = shutil.which("javac")
    if javac:
        candidates.append(Path(javac).resolve().parent.parent)
    for home in candidates:
        if (home / "bin" / "javac").exists() and (home / "bin" / "java").exists():
            jdk = Jdk(home.absolute(), _version(home))
            if jdk.feature >= 17:
                return jdk
    raise JudgeUnavailable(
        f"no JDK 17 or later found (JAVA_HOME, javac on PATH); install one: {INSTALL_JDK}; or, without root,"
        " copy one here that `rlcf doctor --bundle-jdk DIR` made elsewhere"
    )


def _version(home: Path) -> str:
    """What the JDK's file `release` says, else its compiler, which takes a tenth of a second."""
    with contextlib.suppress(OSError):
        if found := re.search(r'^JAVA_VERSION="(.+)"$', (home / "release").read_text(), re.MULTILINE):
            return found[1]
    answer = subprocess.run([home / "bin" / "javac", "-version"], capture_output=True, text=True, check=False)
    return answer.stdout.strip().removeprefix("javac ")


def is_bundle(jdk: Jdk) -> bool:
    """Whether the JDK brings the JVM side along."""
    return (jdk.home / BUNDLED / MARKER).is_file()


def check_bundle(jdk: Jdk) -> None:
    """Raises JudgeUnavailable if a bundle was made from other sources than these."""
    if (jdk.home / BUNDLED / MARKER).read_text().strip() != source_hash():
        raise JudgeUnavailable(
            f"{jdk.home} was made for another version of javabox; make it again where there is a JDK:"
            " rlcf doctor --bundle-jdk DIR"
        )


def build(jdk: Jdk) -> Path:
    """The folder of the JVM side, compiled into the user's cache if it isn't there yet.

    Raises JudgeUnavailable where ASM is missing, javac refuses, or a bundle is of another version.
    """
    if is_bundle(jdk):
        check_bundle(jdk)
        return jdk.home / BUNDLED
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "javabox"
    folder = cache / f"{source_hash()}-jdk{jdk.version}"
    if not (folder / "complete").exists():
        cache.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=cache))
        try:
            copy_asm(scratch)
            for command in build_commands(jdk.home, SOURCES, scratch):
                run(command)
            (scratch / "complete").touch()
            os.chmod(scratch, 0o755)
            first = _place(scratch, folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        if first:
            # The archives name the paths of what they were made from.
            run(archive_command(folder), check=False)
            run(judge_archive_command(jdk.home, folder), check=False)
    return folder


def _place(scratch: Path, folder: Path) -> bool:
    """Renames the build to `folder`, which so appears whole.

    False where another process was first: JVMs may run on its build already, and it stays.
    """
    try:
        os.rename(scratch, folder)
    except OSError:
        if (folder / "complete").exists():
            return False
        shutil.rmtree(folder, ignore_errors=True)  # half of a build of an older version of this function
        os.rename(scratch, folder)
    return True


def copy_asm(folder: Path) -> None:
    """Raises JudgeUnavailable where ASM is not installed."""
    for name in ASM_JARS:
        if not (ASM / name).exists():
            raise JudgeUnavailable(f"{ASM / name} is missing; install it: {INSTALL_ASM}")
        shutil.copy(ASM / name, folder / name)


def source_hash() -> str:
    """Names the JVM side: its sources, and this module, which says how it is built and started."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for source in sorted(SOURCES.rglob("*.java")):
        digest.update(str(source.relative_to(SOURCES)).encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def build_commands(home: Path, sources: Path, folder: Path) -> list[list[str]]:
    """The commands that make the JVM side in `folder`, where ASM's jars are, in their order."""
    return [*jar_commands(home, sources, folder), image_command(home, folder, ["javabox.program"])]


def jar_commands(home: Path, sources: Path, folder: Path) -> list[list[str]]:
    """The commands that make `program.jar` and `judge.jar`."""
    # No invokedynamic for string concatenation: linking it costs each fresh JVM about 10 ms.
    javac = [str(home / "bin" / "javac"), "-g", "-encoding", "UTF-8", "-XDstringConcat=inline"]
    jar = [str(home / "bin" / "jar"), "--create", "--file"]
    program, judge = folder / "program", folder / "judge"
    path = ":".join(str(path) for path in (folder / name for name in ("program.jar", *ASM_JARS)))
    files = {
        package: sorted(
            str(sources / file.relative_to(SOURCES)) for file in (SOURCES / package).glob("*.java")
        )
        for package in ("program", "runtime", "judge")
    }
    return [
        [*javac, INTERNAL_MEMORY, "-d", str(program), *files["program"], *files["runtime"]],
        # For a module with a main class jlink resolves the modules that it needs: 6 ms less a JVM.
        [*jar, str(folder / "program.jar"), "--main-class", PROGRAM_MAIN, "-C", str(program), "."],
        [*javac, INTERNAL_COMPILER, "-cp", path, "-d", str(judge), *files["judge"]],
        [*jar, str(folder / "judge.jar"), "-C", str(judge), "."],
        ["rm", "-r", str(program), str(judge)],
    ]


def image_command(home: Path, folder: Path, modules: Sequence[str]) -> list[str]:
    """Makes the runtime `image`: modules of the JDK and of `program.jar`, and all that they require."""
    random = ["jdk.random"] if (home / "jmods" / "jdk.random.jmod").exists() else []  # in java.base later on
    return [
        str(home / "bin" / "jlink"),
        *("--module-path", str(folder / "program.jar"), "--add-modules", ",".join([*modules, *random])),
        # No --strip-java-debug-attributes: what an exception says of null names the JDK's own variables.
        *("--no-header-files", "--no-man-pages", "--output", str(folder / "image")),
    ]


def archive_command(folder: Path) -> list[str]:
    """Dumps the archives of `image`. Without them everything works, only slower."""
    java = str(folder / "image" / "bin" / "java")
    archive = f"-XX:ArchiveClassesAtExit={folder / 'image' / 'program.jsa'}"
    rehearsal = [*OPEN_TO_PROGRAM, INTERNAL_MEMORY, "-m", "javabox.program/javabox.program.Rehearsal"]
    steps = [[java, "-XX:+UseSerialGC", "-Xshare:dump"], [java, "-XX:+UseSerialGC", archive, *rehearsal]]
    return ["sh", "-c", " && ".join(shlex.join(step) for step in steps)]


def judge_archive_command(home: Path, folder: Path) -> list[str]:
    """Dumps the supervisor's archive, which holds for the folder's own path only: 0.3 s less a start."""
    archive = f"-XX:ArchiveClassesAtExit={folder / ARCHIVE}"
    java = [str(home / "bin" / "java"), "-XX:+UseSerialGC", "-Xlog:disable", archive, INTERNAL_COMPILER]
    return [*java, "-cp", _class_path(folder), "javabox.judge.Rehearsal"]


def _class_path(folder: Path) -> str:
    return ":".join(str(folder / name) for name in JARS)


@dataclass(frozen=True, slots=True)
class Settings:
    """How a supervisor judges."""

    workers: int
    """Programs judged at a time."""
    warm: bool = True
    """Whether programs that the scan admits share JVMs."""
    determinism: bool = True
    """Whether chance and clocks are taken out of programs."""
    audit: float = 0.01
    """Share of warm verdicts that the strict lane checks."""


def image(home: Path, folder: Path) -> Path:
    """The runtime that programs run on."""
    return home if folder == home / BUNDLED else folder / "image"


def supervisor_command(home: Path, folder: Path, settings: Settings, feature: int = 17) -> list[str]:
    """The command line of a supervisor whose JVM side lies in `folder`; `feature` is the JDK's version."""
    bundled = folder == home / BUNDLED
    archive = [] if bundled else [*ARCHIVE_FLAGS, f"-XX:SharedArchiveFile={folder / ARCHIVE}"]
    return [
        str(home / "bin" / "java"),
        *SUPERVISOR_FLAGS,
        *archive,
        *([VFORK] if feature < 25 else []),
        INTERNAL_COMPILER,
        *(["--add-exports=javabox.program/javabox.program=ALL-UNNAMED"] if bundled else []),
        f"-Djavabox.image={image(home, folder)}",
        *("-cp", _class_path(folder), "javabox.judge.Supervisor", str(settings.workers)),
        "warm" if settings.warm else "strict",
        "pinned" if settings.determinism else "free",
        str(round(1000 * settings.audit)),
    ]


def run(command: Sequence[str | Path], *, check: bool = True) -> None:
    """Runs one of the commands above. Raises JudgeUnavailable if it fails and `check`."""
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"]}
    )
    if check and done.returncode != 0:
        words = done.stderr.strip() or done.stdout.strip()  # jlink complains on stdout
        raise JudgeUnavailable(f"the JVM side could not be built: {words[-2000:]}")
