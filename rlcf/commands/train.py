"""`rlcf train`: trains by a recipe into a run folder of its own, or goes on with a run that was stopped."""

from __future__ import annotations

import contextlib
import gc
import itertools
import logging
import sys
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Self

from tyro.conf import Positional, arg

from rlcf.commands.options import FLAT, Judging, refuse_renamed, spelled_out
from rlcf.commands.parse import parse
from rlcf.errors import BadInput
from rlcf.machine import Machine, load_machine
from rlcf.progress import mute
from rlcf.recipe import Recipe
from rlcf.recipes import check_values, load_recipe

if TYPE_CHECKING:
    from javabox import AnyJudge
    from rlcf.training.runtime.distributed import Parallel

PROG = "rlcf train"
RUNS = Path("runs")
INSTALL_TRAIN = "pip install 'rlcf[train]'"


@dataclass(frozen=True)
class Train:
    """Train by a recipe; each field of the recipe is an option, under the name of its table.

    Example: rlcf train quickstart --seed 1 --ppo.epochs 2
    With a grounding of your own: rlcf train quickstart --grounding path/to/file.py:function
    After a crash: rlcf train --resume runs/quickstart
    """

    recipe: Positional[Annotated[str, arg(metavar="RECIPE")]]
    """A recipe's TOML file, or the name of one that is shipped, such as quickstart."""
    run_name: Annotated[str | None, arg(name="run", metavar="NAME")] = None
    """Write runs/NAME, which must be new; by default the recipe's name, numbered where that is taken."""
    plan: bool = False
    """Print how much memory the run will need, and end."""
    plan_for: Annotated[int, arg(metavar="GIB")] = 0
    """Print that of a GPU of so much memory, which need not be here, and end."""
    judging: Annotated[Judging, FLAT] = field(default_factory=Judging)
    fields: Annotated[Recipe, FLAT] = field(default_factory=Recipe)
    machine: Annotated[Machine, FLAT] = field(default_factory=Machine)

    @classmethod
    def parse(cls, argv: Sequence[str]) -> Self | Resume:
        """The recipe gives the defaults of the options, so it is read before they are. Raises BadInput."""
        if any(one == "--resume" or one.startswith("--resume=") for one in argv):
            return Resume.parse(argv)
        if not argv or argv[0] in ("-h", "--help"):
            return cls._parsed(argv)
        if argv[0].startswith("-"):
            raise BadInput(f"the recipe comes first: {PROG} RECIPE [--table.field value …]")
        argv = spelled_out(argv)
        refuse_renamed(argv)
        return cls._parsed(argv, default=cls(argv[0], fields=load_recipe(argv[0])))

    @classmethod
    def _parsed(cls, argv: Sequence[str], **options: Self) -> Self:
        found: Self = parse(cls, PROG, argv, see=PROG, **options)
        return found

    def run(self) -> int:
        self.judging.check()
        recipe = self.fields
        check_values(recipe)
        run, parallel = _trainer()
        if self.plan or self.plan_for:
            from rlcf.training.plan import plan, plan_for_card, table

            found = (
                plan_for_card(recipe, self.machine, self.plan_for)
                if self.plan_for
                else plan(recipe, self.machine, parallel.device)
            )
            print(table(found, self.plan_for))
            return 0
        made = (
            new_run(Path(self.recipe).name.removesuffix(".toml"), self.run_name) if parallel.main else Path()
        )
        folder = parallel.from_main(made)

        def train(judge: AnyJudge) -> None:
            try:
                run.train(recipe, folder, judge, self.machine, parallel)
            except BadInput:
                with contextlib.suppress(OSError):
                    folder.rmdir()  # only if nothing was written
                raise

        return _trained(train, folder, parallel, self.judging)


@dataclass(frozen=True)
class Resume:
    """Go on with a run from its last checkpoint, as if it had never been stopped.

    Example: rlcf train --resume runs/quickstart
    """

    resume: Annotated[str, arg(metavar="RUN")]
    """The run's folder; its recipe holds, how the machine runs it may be changed."""
    judging: Annotated[Judging, FLAT] = field(default_factory=Judging)
    machine: Annotated[Machine, FLAT] = field(default_factory=Machine)

    @classmethod
    def parse(cls, argv: Sequence[str]) -> Self:
        """How the machine ran it so far gives the defaults. Raises BadInput."""
        if not argv[0].startswith("-"):
            raise BadInput(f"a run goes on with its own recipe: {PROG} --resume RUN, without RECIPE")
        named = [after for one, after in itertools.pairwise(argv) if one == "--resume"]
        named += [one.removeprefix("--resume=") for one in argv if one.startswith("--resume=")]
        known = Path(named[0] if named else "") / "machine.toml"
        default = cls(str(known.parent), machine=load_machine(known)) if known.is_file() else None
        options = {} if default is None else {"default": default}
        found: Self = parse(cls, PROG, argv, see=PROG, **options)
        return found

    def run(self) -> int:
        self.judging.check()
        run, parallel = _trainer()
        folder = Path(self.resume)

        def resume(judge: AnyJudge) -> None:
            run.resume(folder, judge, self.machine, parallel)

        return _trained(resume, folder, parallel, self.judging)


def _trained(
    work: Callable[[AnyJudge], None],
    folder: Path,
    parallel: Parallel,
    judging: Judging,
) -> int:
    """Does the work with a judge, then writes the report and prints the table."""
    from rlcf.report import write_report
    from rlcf.training.runtime.rails import TrainingStopped

    if not parallel.main:
        mute()
        logging.getLogger("rlcf").setLevel(logging.ERROR)
    with judging.judge(shared=parallel.world > 1) as judge:
        try:
            work(judge)
        except KeyboardInterrupt:
            print(f"rlcf: the run so far is in {folder}; {PROG} --resume {folder}", file=sys.stderr)
            raise
        except TrainingStopped:
            go_on = f"{PROG} --resume {folder} --rails warn"
            print(f"rlcf: to go on from the last checkpoint all the same: {go_on}", file=sys.stderr)
            raise
    if parallel.main:
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


def _trainer() -> tuple[ModuleType, Parallel]:
    """Raises BadInput where torch is not installed."""
    gc.disable()  # all that is imported stays: to look through it for garbage takes a sixth of the time
    try:
        from rlcf.training import run
        from rlcf.training.runtime.distributed import Parallel
    except ModuleNotFoundError as missing:
        raise BadInput(f"training needs torch and transformers ({missing}): {INSTALL_TRAIN}") from missing
    finally:
        gc.freeze()
        gc.enable()
    return run, Parallel()
