"""`rlcf study`: a published study, run in small."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from rlcf.commands.options import FLAT, Judging
from rlcf.commands.train import INSTALL_TRAIN, RUNS
from rlcf.errors import BadInput
from rlcf.machine import Machine
from rlcf.recipe import Recipe


@dataclass(frozen=True)
class Study:
    """Run a study on the tiny policy: arms with one budget, seeds, tables.

    Example: rlcf study sft-rl --seeds 3
    Started again, it goes on where it was stopped.
    """

    name: Positional[Literal["sft-rl"]]
    """sft-rl: supervised training against RL on atomic and composed functions (arXiv 2406.10305)."""
    seeds: Annotated[int, arg(metavar="N")] = 3
    """Seeds 0 to N - 1, each with a pre-training of its own that all arms share."""
    out: Annotated[str | None, arg(metavar="DIR")] = None
    """Where the runs are; by default runs/study-sft-rl, with --quick runs/study-sft-rl-quick."""
    quick: bool = False
    """So small that the numbers say nothing: to see that it runs."""
    judging: Annotated[Judging, FLAT] = field(default_factory=Judging)
    machine: Annotated[Machine, FLAT] = field(
        default_factory=lambda: Machine(checkpoint_every=8, rails="warn")
    )

    def run(self) -> int:
        from rlcf.experiments.sft_rl import QUICK, Budget, study
        from rlcf.experiments.sft_rl_tables import read_study, table

        self.judging.check()
        if self.seeds < 1:
            raise BadInput(f"must be at least 1, is {self.seeds}", field="seeds")
        try:
            from rlcf.experiments.ablation import finish
        except ModuleNotFoundError as missing:
            raise BadInput(f"training needs torch and transformers ({missing}): {INSTALL_TRAIN}") from missing
        out = Path(self.out) if self.out else RUNS / f"study-{self.name}{'-quick' * self.quick}"
        logging.getLogger("rlcf").setLevel(logging.INFO)
        with self.judging.judge() as judge:

            def run(recipe: Recipe, folder: Path) -> None:
                finish(recipe, folder, judge, self.machine)

            study(QUICK if self.quick else Budget(), range(self.seeds), out, run)
        told = table(read_study(out))
        (out / "study.md").write_text(told, encoding="utf-8")
        print(f"{told}\ntables: {out / 'study.md'}")
        return 0
