"""`rlcf data export`: problems as a data set that `datasets` loads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from rlcf.errors import BadInput
from rlcf.hub.data_folder import write_data_folder, write_parquet
from rlcf.problems import load_problems


@dataclass(frozen=True)
class Export:
    """Write problems as parquet, which `datasets.load_dataset` loads, and `--problems` as well.

    Example: rlcf data export mbjp mbjp-java
    """

    problems: Positional[Annotated[str, arg(metavar="P")]]
    """The problems, as `rlcf grade` takes them."""
    out: Positional[Annotated[str, arg(metavar="OUT")]]
    """A new folder, with a file a split and a card; or one file, whose name ends in .parquet."""
    split: str | None = None
    """One split alone; train is sft and rl too."""

    def run(self) -> int:
        out = Path(self.out)
        problems = load_problems(self.problems, self.split)
        try:
            if out.suffix == ".parquet":
                write_parquet(problems, out)
                print(f"{len(problems)} problems: {out}")
            else:
                for split, count in write_data_folder(problems, out, self.problems).items():
                    print(f"{count:>7} {split}: {out / split}.parquet")
        except OSError as error:
            raise BadInput(f"can't be written ({error.strerror})", file=out, field="out") from error
        return 0
