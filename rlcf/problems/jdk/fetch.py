"""Sources of the distribution, downloaded by apt into the user's cache; nothing is installed.

apt runs with a list of sources, lists, state and caches of its own in that folder: the user's configuration
is read (which mirror, which key) and never written, and no root is needed. Of the JDK its source package is
taken apart (`dpkg -x`), as the distribution patches it; of the others what `apt-get source` downloads. A
package that is not there is left out and named; where only the distribution's own part of one is missing, as
on some mirrors, the licence is told from the text of it that the sources bring.

Not covered: machines without apt (`--sources FOLDER` takes what is there), other versions than the
distribution's.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rlcf.errors import BadInput
from rlcf.progress import progress

JDK = "openjdk-17-source"
JDK_LICENCE = "GPL-2 with Classpath exception"
PACKAGES = (
    "antlr4", "bouncycastle", "commons-beanutils", "commons-csv", "commons-exec", "commons-io",
    "commons-math3", "commons-pool2", "commons-text", "guava-libraries", "h2database", "hsqldb",
    "httpcomponents-client", "httpcomponents-core", "jackson-core", "jackson-databind", "javassist",
    "jcommander", "jctools", "jgrapht", "jsoup", "jts", "libcommons-codec-java",
    "libcommons-collections4-java", "libcommons-lang-java", "libcommons-lang3-java",
    "libcommons-validator-java", "libgoogle-gson-java", "libjoda-time-java", "libpdfbox2-java",
    "netty", "picocli", "plexus-utils2", "protobuf", "snakeyaml", "zxing",
)  # fmt: skip
"""Source packages of Debian 12 whose code stands mostly on the JDK alone."""
ORIGINS = ("Debian", "Ubuntu")
SECONDS = 120
"""For one package."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was downloaded, or was there already."""

    folder: Path
    missing: tuple[str, ...]
    """Packages that apt has not."""


def fetch_sources(cache: Path, packages: Sequence[str] = PACKAGES) -> Fetched:
    """Download what is missing of the JDK's sources and `packages` below `cache`. Raises BadInput."""
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        raise BadInput("there is no apt here: name a folder with sources", field="sources")
    folder, missing = cache / "sources", []
    wanted = [name for name in (JDK, *packages) if not (folder / name).is_dir()]
    if wanted:
        apt = _Apt(cache / "apt")
        apt.run("update")
        with progress("fetching sources", len(wanted)) as advance:
            for name in wanted:
                if not (_jdk(apt, folder) if name == JDK else _package(apt, name, folder)):
                    missing.append(name)
                advance(1)
    return Fetched(folder, tuple(missing))


class _Apt:
    """apt with a state of its own."""

    def __init__(self, home: Path) -> None:
        for part in ("etc", "state/lists/partial", "cache/archives/partial"):
            (home / part).mkdir(parents=True, exist_ok=True)
        (home / "state/status").touch()
        (home / "etc/sources.list").write_text(_lists(), encoding="utf-8")
        places = {
            "Dir::Etc": "etc",
            "Dir::Etc::sourcelist": "etc/sources.list",
            "Dir::State": "state",
            "Dir::State::status": "state/status",
            "Dir::Cache": "cache",
            # A user may have switched them off; without them every call reads all lists again.
            "Dir::Cache::pkgcache": "cache/pkgcache.bin",
            "Dir::Cache::srcpkgcache": "cache/srcpkgcache.bin",
        }
        self._options = [f"{option}={home / place}" for option, place in places.items()]
        # Without it root would download as a user that can't write here.
        self._options += ["Dir::Etc::sourceparts=-", "APT::Sandbox::User=root"]

    def run(self, *words: str, place: Path | None = None) -> bool:
        """Whether apt-get has done it."""
        options = [word for option in self._options for word in ("-o", option)]
        try:
            done = subprocess.run(
                ["apt-get", "-qq", *options, *words],
                cwd=place,
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0


def _lists() -> str:
    """The distribution's own lists as the user has them, sources beside packages. Raises BadInput."""
    form = "$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(SIGNED_BY)"
    command = ["apt-get", "indextargets", "--format", form, "Created-By: Packages"]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    lines = []
    for line in dict.fromkeys(told.splitlines()):
        origin, address, release, component, key = line.split("|")
        if origin in ORIGINS and component in ("main", "universe"):
            signed = f"[signed-by={key}] " if key.startswith("/") else _distribution_key(origin)
            lines += [f"{kind} {signed}{address} {release} {component}" for kind in ("deb", "deb-src")]
    if not lines:
        raise BadInput(
            "apt knows no list of the distribution: run apt-get update, or name a folder with sources",
            field="sources",
        )
    return "\n".join(lines) + "\n"


def _distribution_key(origin: str) -> str:
    path = Path(f"/usr/share/keyrings/{origin.lower()}-archive-keyring.gpg")
    return f"[signed-by={path}] " if path.is_file() else ""


def _jdk(apt: _Apt, folder: Path) -> bool:
    with _aside(folder) as aside:
        if not apt.run("download", JDK, place=aside):
            return False
        (archive,) = aside.glob("*.deb")
        tree = aside / "tree"
        unpacked = subprocess.run(["dpkg", "-x", str(archive), str(tree)], capture_output=True, check=False)
        zips = [*tree.glob("usr/lib/jvm/*/lib/src.zip")]
        if unpacked.returncode != 0 or len(zips) != 1:
            return False
        done = aside / "done"
        done.mkdir()
        shutil.move(zips[0], done / "src.zip")
        (done / "copyright").write_text(f"Files: *\nLicense: {JDK_LICENCE}\n", encoding="utf-8")
        done.rename(folder / JDK)
    return True


def _package(apt: _Apt, name: str, folder: Path) -> bool:
    with _aside(folder) as aside:
        done = aside / "done"
        done.mkdir()
        if not apt.run("source", "--download-only", name, place=done) and not [*done.glob("*.orig.tar.*")]:
            return False
        done.rename(folder / name)
    return True


@contextmanager
def _aside(folder: Path) -> Iterator[Path]:
    """A folder beside the others, gone at the end: what is half there never counts."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".") as name:
        yield Path(name)
