"""`rlcf data`: the data sets that have a name, and what is done with problems before any training."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg, subcommand

from rlcf.commands.data.check import Check
from rlcf.commands.data.convert import Convert
from rlcf.commands.data.export import Export
from rlcf.commands.data.overlap import Overlap
from rlcf.commands.data.tests import Tests
from rlcf.commands.options import FLAT, Judging
from rlcf.errors import BadInput
from rlcf.problems.fetch import DataFile, locate, place
from rlcf.problems.load import BUILT, NAMED

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
class Build:
    """Make problems from questions (mathqa) or Java sources (jdk), and judge their references.

    Example: rlcf data build mathqa --sft-share 0.5
    """

    name: Positional[Annotated[str, arg(metavar="NAME")]]
    """jdk, mathqa, or mathqa-named: prompts have the numbers as constants and answers their names."""
    sources: Annotated[str | None, arg(metavar="FOLDER")] = None
    """jdk: a folder with a folder for each source package, files or archives in it; by default the
    distribution's are fetched by apt into the cache (nothing is installed)."""
    permissive: bool = False
    """jdk: only sources under Apache, BSD, MIT and the like, which leaves the JDK out."""
    train: Annotated[str | None, arg(metavar="FILE")] = None
    """mathqa: the training questions, the official JSON array or JSONL; by default mathqa/train.jsonl or
    train.json in the folder with the data."""
    validation: Annotated[str | None, arg(metavar="FILE")] = None
    """The questions of the split `validation`; by default mathqa/dev.jsonl or dev.json."""
    form: Literal["nested", "steps"] = "nested"
    """mathqa: references are one expression, or a `double tK` a step."""
    sft_share: float = 0.25
    """mathqa: share of the templates that the split `sft` gets; the others are `rl`, without references."""
    keep_references: bool = False
    """mathqa: the split `rl` keeps its references, for groundings that compare with them (`rlcf`); supervised
    training takes `sft` alone all the same."""
    out: Annotated[str | None, arg(metavar="FILE")] = None
    """Where the problems go, in the mxeval format; by default where `--problems NAME` finds them."""
    judging: Annotated[Judging, FLAT] = field(default_factory=Judging)

    def run(self) -> int:
        from rlcf.commands.data import jdk, mathqa

        check_built(self.name)
        self.judging.check()
        if self.name == "jdk":
            jdk.build_problems(self.sources, permissive=self.permissive, out=self.out, judging=self.judging)
            return 0
        mathqa.build_problems(
            self.name,
            self.train,
            self.validation,
            form=self.form,
            sft_share=self.sft_share,
            keep_references=self.keep_references,
            out=self.out,
            judging=self.judging,
        )
        return 0


@dataclass(frozen=True)
class Baselines:
    """Judge what copying training formulas solves of a data set's test problems.

    Example: rlcf data baselines mathqa
    """

    name: Positional[Annotated[str, arg(metavar="NAME")]]
    """mathqa."""
    train: Annotated[str | None, arg(metavar="FILE")] = None
    """The training questions, as `rlcf data build` takes them."""
    judging: Annotated[Judging, FLAT] = field(default_factory=Judging)

    def run(self) -> int:
        from rlcf.commands.data import mathqa

        if self.name != "mathqa":
            raise BadInput(f"'{self.name}' is not mathqa, which alone has such copies", field="name")
        self.judging.check()
        mathqa.show_baselines(self.train, self.judging)
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
    | Annotated[Build, subcommand("build", prefix_name=False)]
    | Annotated[Baselines, subcommand("baselines", prefix_name=False)]
    | Annotated[Tests, subcommand("tests", prefix_name=False)]
    | Annotated[Check, subcommand("check", prefix_name=False)]
    | Annotated[Overlap, subcommand("overlap", prefix_name=False)]
    | Annotated[Convert, subcommand("convert", prefix_name=False)]
    | Annotated[Export, subcommand("export", prefix_name=False)]
)


@dataclass(frozen=True)
class Data:
    """List, fetch, verify and build data sets; make tests, check, convert, export and find overlaps.

    Example: rlcf data fetch mbjp
    """

    action: Annotated[Action, FLAT]

    def run(self) -> int:
        return self.action.run()


def names(name: str) -> list[str]:
    """Those that `name` or `all` means. Raises BadInput."""
    if name != "all" and name not in NAMED:
        raise BadInput(f"'{name}' is none of: {', '.join(NAMED)}, all", field="name")
    return list(NAMED) if name == "all" else [name]


def check_built(name: str) -> None:
    """Raises BadInput unless problems of this name are built from questions."""
    if name not in BUILT:
        raise BadInput(f"'{name}' is none of: {', '.join(BUILT)}", field="name")


def verify(file: DataFile, path: Path) -> None:
    """Raises BadInput unless the file has the bytes that it had when it was published."""
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != file.sha256:
        raise BadInput(f"sha256 is {found}, not {file.sha256}; the published file is {file.url}", file=path)
