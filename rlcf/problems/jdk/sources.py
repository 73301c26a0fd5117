"""Folders of Java sources: where files lie, in archives or not, and under which licence each stands.

    FOLDER/NAME/            a source package, with any of
        …/*.java            files
        *.zip, *.tar.*      archives of files: a JDK's src.zip, what `apt-get source` downloads
        copyright           its licence, where no archive or folder has a `debian/copyright`

Licences are those of the machine-readable `debian/copyright`: of the last paragraph whose patterns match a
file. Without it the sources' own LICENSE says which it is, else they are `unknown`. Tests are left out by
their path.

Not covered: archives in archives, licences that only a file's own head states.
"""

from __future__ import annotations

import fnmatch
import re
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from rlcf.errors import BadInput

PERMISSIVE = re.compile(r"apache|bsd|mit\b|expat|isc|zlib|public-domain|w3c", re.IGNORECASE)
UNKNOWN = "unknown"
LARGEST = 1 << 20
"""Bytes of a file: longer ones are generated."""
SLICE = 600
"""Files of a zip that are read at one go."""
_TESTS = re.compile(
    r"(^|/)(tests?|testsuite|testing|test-\w+|\w+-tests?|testFixtures|jmh|benchmarks?|examples?|samples?|demo)/"
    r"|(Test|Tests|TestCase)\.java$|(^|/)(package|module)-info\.java$",
)
_LICENCE_FILE = re.compile(r"^(\./)?[^/]+/(LICEN[SC]E|COPYING)(\.\w+)?$", re.IGNORECASE)
_PHRASES = (
    ("eclipse public license", "EPL"),
    ("mozilla public license", "MPL"),
    ("lesser general public", "LGPL"),
    ("general public license", "GPL"),
    ("apache license", "Apache-2.0"),
    ("permission is hereby granted, free of charge", "Expat"),
    ("redistribution and use in source and binary forms", "BSD"),
)
"""What a licence's text says near its beginning, those that are not permissive first."""
_TAR = (".tar.xz", ".tar.gz", ".tar.bz2", ".tar")


@dataclass(frozen=True, slots=True)
class Licences:
    """Patterns of paths and the licence of each, later ones first."""

    patterns: tuple[tuple[re.Pattern[str], str], ...] = ()

    def of(self, path: str) -> str:
        return next((licence for pattern, licence in self.patterns if pattern.match(path)), UNKNOWN)


@dataclass(frozen=True, slots=True)
class Unit:
    """What one process reads at a time: a slice of an archive, or of a folder's files."""

    source: str
    path: Path
    licences: Licences
    first: int = 0
    """Of a zip and of a folder, the first of SLICE files."""


def units(folder: Path) -> list[Unit]:
    """Everything that is to be read of a folder of sources, in the order of names. Raises BadInput."""
    if not folder.is_dir():
        raise BadInput("is no folder with sources", file=folder, field="sources")
    found: list[Unit] = []
    for place in sorted(one for one in folder.iterdir() if one.is_dir() and one.name[0] != "."):
        licences = _licences(place)
        for path in sorted(place.iterdir()):
            if path.name.endswith(_TAR) and ".debian.tar" not in path.name:
                found.append(Unit(place.name, path, licences))
            elif path.suffix == ".zip":
                count = len(_named(path))
                found += [Unit(place.name, path, licences, at) for at in range(0, count, SLICE)]
        count = len(_files(place))
        found += [Unit(place.name, place, licences, at) for at in range(0, count, SLICE)]
    if not found:
        raise BadInput("has no sources: a folder each, with *.java or archives", file=folder, field="sources")
    return found


def read(unit: Unit) -> Iterator[tuple[str, bytes]]:
    """Path and content of each Java file of a unit that is no test. Raises BadInput where it is damaged."""
    try:
        if unit.path.is_dir():
            for path in _files(unit.path)[unit.first : unit.first + SLICE]:
                yield str(path.relative_to(unit.path)), path.read_bytes()
        elif unit.path.suffix == ".zip":
            with zipfile.ZipFile(unit.path) as archive:
                for name in _named(unit.path)[unit.first : unit.first + SLICE]:
                    yield name, archive.read(name)
        else:
            with tarfile.open(unit.path, "r|*") as tar:
                for member in tar:
                    name = member.name.removeprefix("./").partition("/")[2]
                    if member.isfile() and _is_wanted(name) and member.size <= LARGEST:
                        content = tar.extractfile(member)
                        if content is not None:
                            yield name, content.read()
    except (OSError, tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        raise BadInput(f"can't be read: {error}", file=unit.path, field="sources") from error


def class_names(unit: Unit) -> Iterator[tuple[str, str]]:
    """Package and name of the classes that the files of a zip are named after, by their paths in it:
    `java.base/java/util/List.java`."""
    if unit.path.suffix == ".zip" and not unit.first:
        for name in _named(unit.path):
            folder, _, file = name.rpartition("/")
            yield folder.partition("/")[2].replace("/", "."), file.removesuffix(".java")


def _is_wanted(name: str) -> bool:
    return name.endswith(".java") and not _TESTS.search(name)


def _files(folder: Path) -> list[Path]:
    paths = sorted(folder.rglob("*.java"))
    return [
        path for path in paths if _is_wanted(str(path.relative_to(folder))) and path.stat().st_size <= LARGEST
    ]


@lru_cache(maxsize=4)
def _named(archive: Path) -> list[str]:
    try:
        with zipfile.ZipFile(archive) as opened:
            infos = opened.infolist()
    except (OSError, zipfile.BadZipFile) as error:
        raise BadInput(f"can't be read: {error}", file=archive, field="sources") from error
    return sorted(one.filename for one in infos if _is_wanted(one.filename) and one.file_size <= LARGEST)


def _licences(place: Path) -> Licences:
    """From `copyright` beside the sources, else `debian/copyright` in a folder or an archive."""
    for path in (place / "copyright", *sorted(place.glob("**/debian/copyright"))):
        if path.is_file():
            return licences(path.read_text(encoding="utf-8", errors="replace"))
    for path in sorted(place.glob("*.debian.tar.*")):
        with tarfile.open(path, "r|*") as tar:
            for member in tar:
                content = tar.extractfile(member) if member.name == "debian/copyright" else None
                if content is not None:
                    return licences(content.read().decode("utf-8", "replace"))
    for path in sorted(place.glob("*.tar.*")):
        with tarfile.open(path, "r|*") as tar:
            for member in tar:
                if _LICENCE_FILE.search(member.name):
                    content = tar.extractfile(member)
                    text = content.read(20_000).decode("utf-8", "replace") if content else ""
                    return Licences(((re.compile(""), _told(text)),))
    return Licences()


def _told(text: str) -> str:
    """The licence whose text this is."""
    flat = " ".join(text.split()).lower()
    return next((name for phrase, name in _PHRASES if phrase in flat[:4000]), UNKNOWN)


def licences(text: str) -> Licences:
    """Read a `debian/copyright`; where it is not machine-readable, all is UNKNOWN."""
    found: list[tuple[re.Pattern[str], str]] = []
    for paragraph in re.split(r"\n\s*\n", text):
        files = re.search(r"^Files:((?:.*\n?(?:[ \t]+.*\n?)*))", paragraph, re.MULTILINE)
        licence = re.search(r"^License:[ \t]*(\S.*)$", paragraph, re.MULTILINE)
        if files and licence:
            for pattern in re.split(r"[\s,]+", files.group(1).strip()):
                found.append((re.compile(fnmatch.translate(pattern)), licence.group(1).strip()))
    return Licences(tuple(reversed(found)))
