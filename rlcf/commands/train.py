"""`rlcf train`: trains by a recipe, into a run folder of its own."""

from __future__ import annotations

import contextlib
import sys
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from tyro.conf import Positional, arg

from rlcf.commands.grade import check_workers
from rlcf.commands.parse import parse
from rlcf.errors import BadInput
from rlcf.recipe import Recipe, load_recipe

if TYPE_CHECKING:
    from javabox import Judge

PROG = "rlcf train"
RUNS = Path("runs")
INSTALL_TRAIN = "pip install 'rlcf[train]'"


@dataclass(frozen=True)
class Train:
    """Train by a recipe; each field of the recipe is an option.

    Example: rlcf train quickstart --seed 1
    """

    recipe: Positional[Annotated[str, arg(metavar="RECIPE")]]
    """A recipe's TOML file, or the name of one that is shipped, such as quickstart."""
    run_name: Annotated[str | None, arg(name="run", metavar="NAME")] = None
    """Write runs/NAME, which must be new; by default the recipe's name, numbered where that is taken."""
    engine: Literal["auto", "local", "docker"] = "auto"
    """Where programs run; auto is docker where an engine answers, else local."""
    workers: Annotated[int, arg(metavar="N")] = 0
    """Programs judged at a time; 0 is one a core."""
    fields: Recipe = field(default_factory=Recipe)

    @classmethod
    def parse(cls, argv: Sequence[str]) -> Self:
        """The recipe gives the defaults of the options, so it is read before they are. Raises BadInput."""
        if not argv or argv[0] in ("-h", "--help"):
            return cls._parsed(argv)
        if argv[0].startswith("-"):
            raise BadInput(f"the recipe comes first: {PROG} RECIPE [--field value …]")
        return cls._parsed(argv, default=cls(argv[0], fields=load_recipe(argv[0])))

    @classmethod
    def _parsed(cls, argv: Sequence[str], **options: Self) -> Self:
        found: Self = parse(cls, PROG, argv, see=PROG, **options)
        return found

    def run(self) -> int:
        from javabox import Judge
        from rlcf.report import write_report

        check_workers(self.workers)
        recipe = load_recipe(self.recipe, asdict(self.fields))
        train = _trainer()
        with Judge(engine=self.engine, workers=self.workers or None) as judge:
            folder = new_run(Path(self.recipe).stem, self.run_name)
            try:
                train(recipe, folder, judge)
            except BadInput:
                with contextlib.suppress(OSError):
                    folder.rmdir()  # only if nothing was written
                raise
            except KeyboardInterrupt:
                print(f"rlcf: the run so far is in {folder}", file=sys.stderr)
                raise
        report = write_report(folder)
        print(f"{summary(folder)}\n\nrun: {folder}\nreport: {report}")
        return 0


def new_run(stem: str, wanted: str | None) -> Path:
    """Makes the run's folder. Raises BadInput where a folder of the `wanted` name exists."""
    if wanted is not None:
        return _made(RUNS / wanted, taken="is taken; give the run another name, or none to have it numbered")
    number = 1
    while (RUNS / (stem if number == 1 else f"{stem}-{number}")).exists():
        number += 1
    return _made(RUNS / (stem if number == 1 else f"{stem}-{number}"), taken="was taken just now; try again")


def _made(folder: Path, taken: str) -> Path:
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise BadInput(taken, file=folder, field="run") from error
    except OSError as error:
        raise BadInput(f"can't be made ({error.strerror})", file=folder, field="run") from error
    return folder


def summary(folder: Path) -> str:
    """The before/after table of a run with its caption."""
    from rlcf.report.before_after import caption, changes, text_table
    from rlcf.report.run_folder import read_run

    run = read_run(folder)
    return f"\n{text_table(changes(run))}\n\n{textwrap.fill(caption(run), 100)}"


def _trainer() -> Callable[[Recipe, Path, Judge], None]:
    """Raises BadInput where torch is not installed."""
    try:
        from rlcf.training import run
    except ModuleNotFoundError as missing:
        raise BadInput(f"training needs torch and transformers ({missing}): {INSTALL_TRAIN}") from missing
    return run.train
