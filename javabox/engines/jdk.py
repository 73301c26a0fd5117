"""Which JDK judges: the one that is asked for, by its release or its folder; else JAVA_HOME's, else the first
`javac` on the PATH that has all that is needed.

Needed are version 17 or later, the compiler and, to make the runtime that programs run on, jlink and what it
links: a JRE will not do. A JDK that is passed over is named, with the reason. A release is also looked for in
the folders where packages and installers put JDKs (INSTALLED). Not covered: JDKs elsewhere, which only their
folder names.
"""

from __future__ import annotations

import contextlib
import functools
import glob
import logging
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from javabox.errors import JudgeUnavailable

log = logging.getLogger("javabox")

OLDEST = 17
LINKS_ITSELF = 24
"""From here on a JDK may come without a folder `jmods` (JEP 493)."""
BUNDLED = "javabox"
"""The folder of a bundle (javabox/engines/bundle.py) that holds the JVM side."""
MARKER = "sources"
"""The file there with the hash of the sources that it was made from."""
PACKAGES = "openjdk-17-jdk-headless openjdk-17-jre-headless"
"""The second holds the JVM itself."""
INSTALLED = (
    "/usr/lib/jvm/*",  # Debian, Ubuntu, Fedora; Temurin's packages
    "/usr/java/*",
    "~/.sdkman/candidates/java/*",
    "~/.jdks/*",
    "/Library/Java/JavaVirtualMachines/*/Contents/Home",  # macOS
)
Wanted = str | int | Path
"""A release, such as 21, or the folder of a JDK."""


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


def find_jdk(wanted: Wanted | None = None) -> Jdk:
    """The JDK that judges: the one that is `wanted`, by default JAVA_HOME's or the PATH's.

    Raises JudgeUnavailable if there is none, with what speaks against those there.
    """
    if wanted is not None:
        return _wanted(wanted)
    passed_over: list[str] = []
    for source, home in _candidates():
        jdk = jdk_in(home)
        lack = _lack(jdk)
        if lack is None:
            for skipped in passed_over:
                _warn_once(f"{skipped}: the JDK in {home} is used")
            return jdk
        passed_over.append(f"{source}: {home} {lack}")
    found = "; ".join(["no JDK 17 or later found (JAVA_HOME, javac on PATH)", *passed_over])
    raise JudgeUnavailable(
        f"{found}. Without root, copy one here that `rlcf doctor --bundle-jdk DIR` made elsewhere",
        install(release_of_distribution()),
    )


def jdk_in(home: Path) -> Jdk:
    """What lies in that folder now, whatever it is."""
    return Jdk(home, _version(home))


def release(wanted: Wanted | None) -> int | None:
    """The release that is asked for; None where it is a folder, or nothing."""
    text = str(wanted)
    return int(text) if text.isdecimal() else None


def all_jdks() -> list[Jdk]:
    """The JDKs of this machine that can judge: JAVA_HOME's, the PATH's and those in INSTALLED, each once."""
    found = [jdk_in(home) for _, home in _candidates(installed=True)]
    return [jdk for jdk in found if _lack(jdk) is None]


def _wanted(wanted: Wanted) -> Jdk:
    number = release(wanted)
    if number is None:
        home = Path(str(wanted)).expanduser().absolute()
        jdk = jdk_in(home)
        if lack := _lack(jdk):
            raise JudgeUnavailable(f"no JDK to judge with: {home} {lack}; name a JDK's folder or its release")
        return jdk
    if number < OLDEST:
        raise JudgeUnavailable(f"JDK {number} is too old: judging needs {OLDEST} or later")
    passed_over = []
    for source, home in _candidates(installed=True):
        jdk = jdk_in(home)
        if jdk.feature == number:
            lack = _lack(jdk)
            if lack is None:
                return jdk
            passed_over.append(f"{source}: {home} {lack}")
    here = ", ".join(f"{jdk.feature} in {jdk.home}" for jdk in all_jdks()) or "none"
    found = "; ".join([f"no JDK {number} found here", *passed_over, f"here: {here}"])
    if number in (packaged := _packaged() or [number]):
        raise JudgeUnavailable(found, install(number))
    raise JudgeUnavailable(
        f"{found}; this distribution has {', '.join(map(str, packaged))}: unpack a JDK {number} and name its"
        " folder, or use --engine docker, which has images of some"
    )


def _packaged() -> list[int]:
    """The releases that apt could install; empty where that is not known."""
    if not shutil.which("apt-cache"):
        return []
    search = ["apt-cache", "search", "--names-only", "^openjdk-[0-9]+-jdk-headless$"]
    said = subprocess.run(search, capture_output=True, text=True, errors="replace", check=False).stdout
    return sorted({int(number) for number in re.findall(r"^openjdk-(\d+)-", said, re.MULTILINE)})


def install(number: int) -> str:
    """The command that installs that release, where the distribution has it."""
    return as_root("apt-get update", f"apt-get install -y openjdk-{number}-jdk-headless")


def release_of_distribution() -> int:
    """The release to install here: 17, or 21 where Debian no longer has 17."""
    try:
        system = platform.freedesktop_os_release()
    except OSError:
        return OLDEST
    version = re.match(r"\d+", system.get("VERSION_ID", ""))
    # Debian's testing and unstable have no number.
    newer = int(version[0]) > 12 if version else True
    # Also in `run`, which has no Python yet.
    return 21 if system.get("ID") == "debian" and newer else OLDEST


def is_bundle(jdk: Jdk) -> bool:
    """Whether the JDK brings the JVM side along."""
    return os.path.isfile(jdk.home / BUNDLED / MARKER)


def reinstall(home: Path) -> str | None:
    """The command that puts a damaged JDK right, where it is one of Debian's."""
    if not home.is_relative_to("/usr/lib/jvm"):
        return None
    packages = PACKAGES.replace("17", str(jdk_in(home).feature))
    return as_root("apt-get update", f"apt-get install -y --reinstall {packages}")


def as_root(*commands: str) -> str:
    """The commands in one line, with sudo where this user needs it."""
    sudo = "" if os.geteuid() == 0 else "sudo "
    return " && ".join(sudo + command for command in commands)


def _candidates(*, installed: bool = False) -> Iterator[tuple[str, Path]]:
    """Where a JDK may be, with what led there; each once."""
    seen = set()
    if named := os.environ.get("JAVA_HOME"):
        seen.add(Path(named).resolve())
        yield "JAVA_HOME", Path(named).absolute()
    for folder in os.get_exec_path():
        if javac := shutil.which("javac", path=folder or os.curdir):
            home = Path(javac).resolve().parent.parent
            if home not in seen:
                seen.add(home)
                yield "PATH", home
    for pattern in INSTALLED if installed else ():
        for home in map(Path, sorted(glob.glob(os.path.expanduser(pattern)))):
            if (home / "bin" / "java").exists() and home.resolve() not in seen:
                seen.add(home.resolve())
                yield "installed", home


def _lack(jdk: Jdk) -> str | None:
    """Why it can't judge; None if it can."""
    # os.path, here and above: Path's tests raise where a folder on the way can't be searched
    if not os.path.isdir(jdk.home):
        return "is not there"
    if not os.path.exists(jdk.home / "bin" / "java"):
        return "holds no Java (no bin/java)"
    if not os.path.exists(jdk.home / "bin" / "javac"):
        return "is a JRE, without a compiler"
    if not jdk.feature:
        return f"is broken: its compiler says {jdk.version[:500]!r}"
    if jdk.feature < OLDEST:
        return f"is JDK {jdk.version}, too old"
    if is_bundle(jdk):
        return None
    if not os.path.exists(jdk.home / "bin" / "jlink"):
        return "has no bin/jlink"
    if jdk.feature < LINKS_ITSELF and not os.path.isdir(jdk.home / "jmods"):
        return "has no folder jmods, which jlink needs"
    return None


def _version(home: Path) -> str:
    """What the JDK's file `release` says, else its compiler, which takes a tenth of a second."""
    with contextlib.suppress(OSError):
        text = (home / "release").read_text(errors="replace")
        if found := re.search(r'^JAVA_VERSION="(.+)"$', text, re.MULTILINE):
            return found[1]
    try:
        answer = subprocess.run(
            [home / "bin" / "javac", "-version"],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        return error.strerror or str(error)
    return (answer.stdout + answer.stderr).strip().removeprefix("javac ")


@functools.cache
def _warn_once(line: str) -> None:
    log.warning("%s", line)
