"""`rlcf data`: the data sets that have a name: where they are, fetched, checked; what is built from them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from rlcf.commands.grade import check_workers
from rlcf.errors import BadInput
from rlcf.problems.fetch import DataFile, locate, place
from rlcf.problems.load import BUILT, NAMED


@dataclass(frozen=True)
class Data:
    """List, fetch and verify (sha256) the data sets; build training problems; measure baselines.

    Examples: rlcf data fetch mbjp
              rlcf data build mathqa --sft-share 0.5
    """

    action: Positional[Literal["list", "fetch", "verify", "build", "baselines"]]
    """list: what there is and where; fetch: download what is missing; verify: check the sha256; build: make
    and judge the training problems of mathqa; baselines: judge what copying training formulas solves of its
    test problems."""
    name: Positional[Annotated[str, arg(metavar="NAME")]] = "all"
    """One data set, or all."""
    train: Annotated[str | None, arg(metavar="FILE")] = None
    """build, baselines: the training questions, the official JSON array or JSONL; by default
    mathqa/train.jsonl or train.json in the folder with the data."""
    validation: Annotated[str | None, arg(metavar="FILE")] = None
    """build: the questions of the split `validation`; by default mathqa/dev.jsonl or dev.json."""
    form: Literal["nested", "steps"] = "nested"
    """build: references are one expression, or a `double tK` a step."""
    sft_share: float = 0.25
    """build: share of the templates that the split `sft` gets; the others are `rl`, without references."""
    out: Annotated[str | None, arg(metavar="FILE")] = None
    """build: where the problems go, in the mxeval format; by default where `--problems mathqa` finds them."""
    workers: Annotated[int, arg(metavar="N")] = 0
    """build, baselines: programs judged at a time; 0 is one a core."""

    def run(self) -> int:
        if self.action in ("build", "baselines"):
            return self._mathqa()
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

    def _mathqa(self) -> int:
        from rlcf.commands import mathqa

        if self.name not in BUILT:
            raise BadInput(f"'{self.name}' is none of: {', '.join(BUILT)}", field="name")
        check_workers(self.workers)
        if self.action == "baselines":
            mathqa.show_baselines(self.train, workers=self.workers)
        else:
            mathqa.build_problems(
                self.train,
                self.validation,
                form=self.form,
                sft_share=self.sft_share,
                out=self.out,
                workers=self.workers,
            )
        return 0


def verify(file: DataFile, path: Path) -> None:
    """Raises BadInput unless the file has the bytes that it had when it was published."""
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != file.sha256:
        raise BadInput(f"sha256 is {found}, not {file.sha256}; the published file is {file.url}", file=path)
