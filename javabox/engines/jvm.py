"""The JVM side of the judge on this machine: which JDK, where the built classes are, how to start them.

Built once a version into the user's cache: `judge.jar` for the supervisor, and for the JVMs that run
programs `image`, a runtime that jlink makes of the JDK and the module `program.jar`. Archives of loaded
classes shorten the start of both. The folder's name is a hash of the sources, of this module and of the JDK,
so a stale build is never used; checksums beside its files (javabox/engines/manifest.py) tell a broken one,
which is made again. A JDK that is a bundle (javabox/engines/bundle.py) brings all of it along but the
supervisor's archive, and nothing is built.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from javabox.engines import manifest
from javabox.engines.jars import copies
from javabox.engines.jdk import BUNDLED, MARKER, Jdk, as_root, is_bundle, reinstall
from javabox.errors import JudgeUnavailable

SOURCES = Path(__file__).parent.parent / "java"
ASM = Path("/usr/share/java")
ASM_JARS = ("asm.jar", "asm-tree.jar")
INTERNAL_COMPILER = tuple(
    f"--add-exports=jdk.compiler/com.sun.tools.javac.{package}=ALL-UNNAMED"
    for package in ("api", "code", "tree", "util")
)
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
    "-XX:+ErrorFileToStderr",  # and no file in the folder that it was started in
    "-XX:+DisableAttachMechanism",  # a program has the same user, and could load an agent
    *("-Duser.language=en", "-Duser.country=US", "-Duser.timezone=UTC"),  # expected values have the programs'
)
ARCHIVE = "judge.jsa"
ARCHIVE_FLAGS = (
    "-Xshare:auto",
    "-Xlog:disable",  # what the JVM has to say of an archive would go to stdout
    *("-XX:+UnlockDiagnosticVMOptions", "-XX:ArchiveRelocationMode=0"),  # as in judge/run/ProgramJvm.java
)
VFORK = "-Djdk.lang.Process.launchMechanism=VFORK"
"""One exec less a program than the default's helper; JDK 25 warns that it will go."""
SHORT_FLAGS = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""For what runs for seconds: compiling it well, and threads that collect, took a third of a build's processor
time (LOG.md)."""
TOOL_FLAGS = tuple(f"-J{flag}" for flag in SHORT_FLAGS)
"""The same for the JDK's tools."""
PROGRAM_MAIN = "javabox.program.StrictRunner"
JUNIT = (
    *("junit4", "hamcrest", "opentest4j", "apiguardian-api", "univocity-parsers"),
    *("junit-jupiter-api", "junit-jupiter-engine", "junit-jupiter-params", "junit-vintage-engine"),
    *("junit-platform-commons", "junit-platform-engine", "junit-platform-launcher"),
)
"""Debian's jars of JUnit 4 and 5, as far as they are there."""
INSTALL_ASM = "apt-get install -y libasm-java"
ANOTHER_CACHE = "export XDG_CACHE_HOME=$(mktemp -d) && chmod 755 $XDG_CACHE_HOME"
"""Works wherever anything can be written, and nobody else can have been there before."""


def check_bundle(jdk: Jdk, *, verify: bool = False) -> None:
    """Raises JudgeUnavailable if a bundle was made from other sources or, with `verify`, is damaged."""
    again = "rlcf doctor --bundle-jdk DIR"
    side = jdk.home / BUNDLED
    if (side / MARKER).read_text().strip() != source_hash():
        raise JudgeUnavailable(
            f"{jdk.home} was made for another version of javabox; make it again where there is a JDK", again
        )
    if verify and (broken := manifest.wrong(side, contents=True, below=jdk.home)):
        raise JudgeUnavailable(
            f"{jdk.home / broken} is not as it was made; copy the bundle again, or make another", again
        )


def build(jdk: Jdk, *, verify: bool = False) -> Path:
    """The folder of the JVM side, compiled into the user's cache if it isn't there yet, or is broken.

    With `verify` all of its bytes are compared with their checksums. Raises JudgeUnavailable where ASM is
    missing, a tool of the JDK fails, the cache can't be written, or a bundle is of another version.
    """
    if is_bundle(jdk):
        check_bundle(jdk, verify=verify)
        return jdk.home / BUNDLED
    folder = _folder(jdk)
    try:
        complete = (folder / manifest.NAME).is_file()
        broken = manifest.wrong(folder, contents=verify) if complete else None
        if broken:
            _make(jdk, folder, f"{folder / broken} is not as it was built; building the JVM side again")
        elif not complete:
            _make(jdk, folder, "building the JVM side (once, about 20 seconds)")
    except OSError as error:
        raise JudgeUnavailable(
            f"the JVM side could not be built in {folder.parent}: {error}; it must be a folder that this user"
            " can write, with 200 MB free",
            ANOTHER_CACHE,
        ) from error
    return folder


def mended(jdk: Jdk) -> bool:
    """Whether a file of the build was broken; if so the build has been made again. Raises as `build` does."""
    broken = not is_bundle(jdk) and manifest.wrong(_folder(jdk), contents=True) is not None
    build(jdk, verify=True)
    return broken


def _folder(jdk: Jdk) -> Path:
    # Two vendors may have the same version, and what a build links of one JDK is not for another.
    with contextlib.suppress(OSError):
        made = hashlib.sha256((jdk.home / "release").read_bytes()).hexdigest()[:6]
        return cache_folder() / f"{source_hash()}-jdk{jdk.version}-{made}"
    return cache_folder() / f"{source_hash()}-jdk{jdk.version}"


def cache_folder() -> Path:
    """Where builds are kept: below XDG_CACHE_HOME or the home folder; root's where other users can enter.

    Programs of a judge that root starts run as another user. Raises JudgeUnavailable where there is no home.
    """
    named = os.environ.get("XDG_CACHE_HOME")
    if named:
        return Path(named).absolute() / "javabox"
    if os.geteuid() == 0:
        return Path("/var/cache/javabox")
    try:
        return Path.home().absolute() / ".cache" / "javabox"
    except RuntimeError as error:  # a user id without a name, and no HOME
        raise JudgeUnavailable("no home folder to keep the JVM side in; name one", ANOTHER_CACHE) from error


def _make(jdk: Jdk, folder: Path, why: str) -> None:
    """Builds beside `folder` and puts it in its place. Raises JudgeUnavailable, OSError."""
    if not folder.parent.is_dir():
        folder.parent.mkdir(parents=True)
        folder.parent.chmod(0o755)  # whatever the umask: programs may run as another user
    scratch = Path(tempfile.mkdtemp(prefix=manifest.SCRATCH, dir=folder.parent))
    try:
        copy_asm(scratch)
        print(f"javabox: {why}", file=sys.stderr, flush=True)
        for command in build_commands(jdk.home, SOURCES, scratch):
            run(command)
        _open_to_all(scratch)
        manifest.write(scratch)
        first = _place(scratch, folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if first:
        # The archives name the paths of what they were made from.
        image_archives = [folder / "image" / name for name in ("lib/server/classes.jsa", "program.jsa")]
        for command, archives in (
            (archive_command(folder), image_archives),
            (judge_archive_command(jdk.home, folder), [folder / ARCHIVE]),
        ):
            if not run(command, check=False):
                for archive in archives:
                    archive.unlink(missing_ok=True)  # a JVM must not meet half of one
        _open_to_all(folder)
        manifest.write(folder)


def _place(scratch: Path, folder: Path) -> bool:
    """Moves the build to `folder`, which so appears whole.

    False where another process was first: JVMs may run on its build already, and it stays. Where that build
    is broken each file is replaced: who has it open keeps the old one, who opens it next gets a whole one.
    """
    if not (folder / manifest.NAME).is_file():
        if folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder, ignore_errors=True)  # half of a build
        else:
            folder.unlink(missing_ok=True)
    try:
        os.rename(scratch, folder)
        return True
    except OSError:
        if not (folder / manifest.NAME).is_file():
            raise
    if manifest.wrong(folder, contents=True) is None:
        return False
    whole = sorted(scratch.rglob("*"))
    for path in (path for path in whole if path.name != manifest.NAME):
        kept = folder / path.relative_to(scratch)
        if path.is_dir() and not path.is_symlink():
            if not kept.is_dir():
                kept.unlink(missing_ok=True)
                kept.mkdir()
        else:
            if kept.is_dir() and not kept.is_symlink():
                shutil.rmtree(kept)
            os.replace(path, kept)
    os.replace(scratch / manifest.NAME, folder / manifest.NAME)
    return True


def _open_to_all(folder: Path) -> None:
    """As the folder of the builds itself, see `_make`."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | 0o444 | (0o111 if mode & 0o100 else 0))


def copy_asm(folder: Path) -> None:
    """Raises JudgeUnavailable where ASM is not installed."""
    for name in ASM_JARS:
        if not (ASM / name).exists():
            raise JudgeUnavailable(f"{ASM / name} is missing", as_root("apt-get update", INSTALL_ASM))
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
    javac = [str(home / "bin" / "javac"), *TOOL_FLAGS, "-g", "-encoding", "UTF-8", "-XDstringConcat=inline"]
    jar = [str(home / "bin" / "jar"), *TOOL_FLAGS, "--create", "--file"]
    program, judge = folder / "program", folder / "judge"
    path = ":".join(str(path) for path in (folder / name for name in ("program.jar", *ASM_JARS)))
    files = {
        package: sorted(
            str(sources / file.relative_to(SOURCES)) for file in (SOURCES / package).rglob("*.java")
        )
        for package in ("program", "runtime", "tuples", "judge")
    }
    return [
        [*javac, INTERNAL_MEMORY, "-d", str(program), *files["program"], *files["runtime"], *files["tuples"]],
        # For a module with a main class jlink resolves the modules that it needs: 6 ms less a JVM.
        [*jar, str(folder / "program.jar"), "--main-class", PROGRAM_MAIN, "-C", str(program), "."],
        [*javac, *INTERNAL_COMPILER, "-cp", path, "-d", str(judge), *files["judge"]],
        [*jar, str(folder / "judge.jar"), "-C", str(judge), "."],
        ["rm", "-r", str(program), str(judge)],
    ]


def image_command(home: Path, folder: Path, modules: Sequence[str]) -> list[str]:
    """Makes the runtime `image`: modules of the JDK and of `program.jar`, and all that they require."""
    random = ["jdk.random"] if (home / "jmods" / "jdk.random.jmod").exists() else []  # in java.base later on
    return [
        str(home / "bin" / "jlink"),
        *TOOL_FLAGS,
        *("--module-path", str(folder / "program.jar"), "--add-modules", ",".join([*modules, *random])),
        # No --strip-java-debug-attributes: what an exception says of null names the JDK's own variables.
        *("--no-header-files", "--no-man-pages", "--output", str(folder / "image")),
    ]


def archive_command(folder: Path) -> list[str]:
    """Dumps the archives of `image`. Without them everything works, only slower."""
    java = str(folder / "image" / "bin" / "java")
    archive = f"-XX:ArchiveClassesAtExit={folder / 'image' / 'program.jsa'}"
    rehearsal = [*OPEN_TO_PROGRAM, INTERNAL_MEMORY, "-m", "javabox.program/javabox.program.Rehearsal"]
    steps = [[java, *SHORT_FLAGS, "-Xshare:dump"], [java, *SHORT_FLAGS, archive, *rehearsal]]
    return ["sh", "-c", " && ".join(shlex.join(step) for step in steps)]


def judge_archive_command(home: Path, folder: Path) -> list[str]:
    """Dumps the supervisor's archive, which holds for the folder's own path only: 0.3 s less a start."""
    archive = f"-XX:ArchiveClassesAtExit={folder / ARCHIVE}"
    java = [str(home / "bin" / "java"), *SHORT_FLAGS, "-Xlog:disable", archive, *INTERNAL_COMPILER]
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
    classpath: tuple[Path, ...] = ()
    """Jars that programs and tests see beside the JDK."""


def image(home: Path, folder: Path) -> Path:
    """The runtime that programs run on."""
    return home if folder == home / BUNDLED else folder / "image"


def supervisor_command(
    home: Path, folder: Path, settings: Settings, feature: int = 17, jars: Path | None = None
) -> list[str]:
    """The command line of a supervisor whose JVM side lies in `folder`; `feature` is the JDK's version.

    `jars` is the folder with copies of the class path's (jars.py).
    """
    seen = [] if jars is None else [str(jars / copy) for copy in copies(settings.classpath)]
    bundled = folder == home / BUNDLED
    archive = [] if bundled else [*ARCHIVE_FLAGS, f"-XX:SharedArchiveFile={folder / ARCHIVE}"]
    return [
        str(home / "bin" / "java"),
        *SUPERVISOR_FLAGS,
        *archive,
        *([VFORK] if feature < 25 else []),
        *INTERNAL_COMPILER,
        *(["--add-exports=javabox.program/javabox.program=ALL-UNNAMED"] if bundled else []),
        f"-Djavabox.image={image(home, folder)}",
        f"-Djavabox.classpath={':'.join(seen)}",
        f"-Djavabox.junit={':'.join(f'/usr/share/java/{name}.jar' for name in JUNIT)}",
        *("-cp", _class_path(folder), "javabox.judge.Supervisor", str(settings.workers)),
        "warm" if settings.warm else "strict",
        "pinned" if settings.determinism else "free",
        str(round(1000 * settings.audit)),
    ]


def run(command: Sequence[str | Path], *, check: bool = True) -> bool:
    """Runs one of the commands above; whether it succeeded. Raises JudgeUnavailable if not and `check`."""
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        env={"PATH": os.defpath},
    )
    if check and done.returncode != 0:
        tool = Path(command[0]).name
        words = done.stderr.strip() or done.stdout.strip()  # jlink complains on stdout, and so does a JVM
        said = words[-2000:] or f"nothing (status {done.returncode})"
        home = Path(command[0]).parent.parent
        mend = reinstall(home)
        if "No space left" in words:
            mend = ANOTHER_CACHE
        elif any(name in words for name in ASM_JARS):
            mend = as_root("apt-get update", f"{INSTALL_ASM} --reinstall")
        raise JudgeUnavailable(f"the JVM side could not be built; {tool} of {home} says: {said}", mend)
    return done.returncode == 0
