"""`rlcf data`: the data sets that have a name, and what is done with problems before any training."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg, subcommand

from rlcf.commands.data_check import Check
from rlcf.commands.data_overlap import Overlap
from rlcf.commands.data_tests import Tests
from rlcf.errors import BadInput
from rlcf.problems.fetch import DataFile, locate, place
from rlcf.problems.load import NAMED

Name = Positional[Annotated[str, arg(metavar="NAME")]]


@dataclass(frozen=True)
class List:
    """What data sets there are and where.

    Example: rlcf data list
    """

    name: Name = "all"
    """One data set, or all."""

    def run(self) -> int:
        for name in names(self.name):
            file = NAMED[name]
            print(f"{name:<16}{place(file) if place(file).is_file() else f'not here, from {file.url}'}")
        return 0


@dataclass(frozen=True)
class Fetch:
    """Download data sets that are missing.

    Example: rlcf data fetch mbjp
    """

    name: Name = "all"
    """One data set, or all."""

    def run(self) -> int:
        for name in names(self.name):
            print(f"{name:<16}{locate(NAMED[name])}")
        return 0


@dataclass(frozen=True)
class Verify:
    """Check the sha256 of data sets; download what is missing.

    Example: rlcf data verify
    """

    name: Name = "all"
    """One data set, or all."""

    def run(self) -> int:
        for name in names(self.name):
            path = locate(NAMED[name])
            verify(NAMED[name], path)
            print(f"{name:<16}{path}  sha256 ok")
        return 0


Action = (
    Annotated[List, subcommand("list", prefix_name=False)]
    | Annotated[Fetch, subcommand("fetch", prefix_name=False)]
    | Annotated[Verify, subcommand("verify", prefix_name=False)]
    | Annotated[Tests, subcommand("tests", prefix_name=False)]
    | Annotated[Check, subcommand("check", prefix_name=False)]
    | Annotated[Overlap, subcommand("overlap", prefix_name=False)]
)


@dataclass(frozen=True)
class Data:
    """List, fetch and verify data sets; make tests, check problems, find overlaps.

    Example: rlcf data fetch mbjp
    """

    action: Action

    def run(self) -> int:
        return self.action.run()


def names(name: str) -> list[str]:
    """Those that `name` or `all` means. Raises BadInput."""
    if name != "all" and name not in NAMED:
        raise BadInput(f"'{name}' is none of: {', '.join(NAMED)}, all", field="name")
    return list(NAMED) if name == "all" else [name]


def verify(file: DataFile, path: Path) -> None:
    """Raises BadInput unless the file has the bytes that it had when it was published."""
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != file.sha256:
        raise BadInput(f"sha256 is {found}, not {file.sha256}; the published file is {file.url}", file=path)
