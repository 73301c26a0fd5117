"""`rlcf data`: the data sets that have a name; where they are, fetched, checked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from rlcf.errors import BadInput
from rlcf.problems.fetch import DataFile, locate, place
from rlcf.problems.load import NAMED


@dataclass(frozen=True)
class Data:
    """List, fetch and verify (sha256) the data sets.

    Example: rlcf data fetch mbjp
    """

    action: Positional[Literal["list", "fetch", "verify"]]
    """list: what there is and where; fetch: download what is missing; verify: check the sha256."""
    name: Positional[Annotated[str, arg(metavar="NAME")]] = "all"
    """One data set, or all."""

    def run(self) -> int:
        if self.name != "all" and self.name not in NAMED:
            raise BadInput(f"'{self.name}' is none of: {', '.join(NAMED)}, all", field="name")
        for name in NAMED if self.name == "all" else [self.name]:
            file = NAMED[name]
            if self.action == "list":
                print(f"{name:<16}{place(file) if place(file).is_file() else f'not here, from {file.url}'}")
            else:
                path = locate(file)
                if self.action == "verify":
                    verify(file, path)
                print(f"{name:<16}{path}{'  sha256 ok' if self.action == 'verify' else ''}")
        return 0


def verify(file: DataFile, path: Path) -> None:
    """Raises BadInput unless the file has the bytes that it had when it was published."""
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != file.sha256:
        raise BadInput(f"sha256 is {found}, not {file.sha256}; the published file is {file.url}", file=path)
