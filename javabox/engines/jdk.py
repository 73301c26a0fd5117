"""Which JDK judges: JAVA_HOME's, else the first `javac` on the PATH that has all that is needed.

Needed are version 17 or later, the compiler and, to make the runtime that programs run on, jlink and what it
links: a JRE will not do. A JDK that is passed over is named, with the reason. Not covered: JDKs that neither
JAVA_HOME nor PATH leads to.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
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
    """The JDK that judges. Raises JudgeUnavailable if there is none, with what speaks against those there."""
    passed_over: list[str] = []
    for source, home in _candidates():
        jdk = Jdk(home, _version(home))
        lack = _lack(jdk)
        if lack is None:
            for skipped in passed_over:
                _warn_once(f"{skipped}: the JDK in {home} is used")
            return jdk
        passed_over.append(f"{source}: {home} {lack}")
    found = "; ".join(["no JDK 17 or later found (JAVA_HOME, javac on PATH)", *passed_over])
    raise JudgeUnavailable(
        f"{found}. Without root, copy one here that `rlcf doctor --bundle-jdk DIR` made elsewhere",
        as_root("apt-get update", "apt-get install -y openjdk-17-jdk-headless"),
    )


def is_bundle(jdk: Jdk) -> bool:
    """Whether the JDK brings the JVM side along."""
    return os.path.isfile(jdk.home / BUNDLED / MARKER)


def reinstall(home: Path) -> str | None:
    """The command that puts a damaged JDK right, where it is one of Debian's."""
    if not home.is_relative_to("/usr/lib/jvm"):
        return None
    packages = PACKAGES.replace("17", str(Jdk(home, _version(home)).feature))
    return as_root("apt-get update", f"apt-get install -y --reinstall {packages}")


def as_root(*commands: str) -> str:
    """The commands in one line, with sudo where this user needs it."""
    sudo = "" if os.geteuid() == 0 else "sudo "
    return " && ".join(sudo + command for command in commands)


def _candidates() -> Iterator[tuple[str, Path]]:
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
