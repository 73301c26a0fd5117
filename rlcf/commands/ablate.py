"""`rlcf ablate`: groundings and methods side by side under one budget."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Self

from tyro.conf import Positional, arg

from rlcf.commands.options import FLAT, Judging, refuse_renamed
from rlcf.commands.parse import parse
from rlcf.commands.train import INSTALL_TRAIN, RUNS
from rlcf.errors import BadInput
from rlcf.machine import Machine
from rlcf.recipe import Recipe
from rlcf.recipes import check_values, load_recipe

PROG = "rlcf ablate"


@dataclass(frozen=True)
class Ablate:
    """Train by one recipe with several groundings or methods, and seeds; one page of tables, plots.

    Example: rlcf ablate quickstart --groundings rlcf+tests,rlcf,coderl,sft --seeds 3
    Started again, it goes on where it was stopped; with more arms or seeds it adds them.
    """

    recipe: Positional[Annotated[str, arg(metavar="RECIPE")]]
    """A recipe's TOML file, or the name of one that is shipped."""
    groundings: Annotated[str, arg(metavar="A,B,…")]
    """Groundings and methods by name, with commas between; the others are compared with the first."""
    seeds: Annotated[int, arg(metavar="N")] = 3
    """Seeds 0 to N - 1, each with a pre-training of its own that all groundings share."""
    more_seeds: Annotated[str, arg(metavar="N:A,B,…")] = ""
    """More seeds of some arms, such as 5:rlcf,sft."""
    out: Annotated[str | None, arg(metavar="DIR")] = None
    """Where the runs are; by default runs/ablate-RECIPE."""
    judging: Annotated[Judging, FLAT] = field(default_factory=Judging)
    fields: Annotated[Recipe, FLAT] = field(default_factory=Recipe)
    machine: Annotated[Machine, FLAT] = field(
        default_factory=lambda: Machine(checkpoint_every=10, rails="warn")
    )

    @classmethod
    def parse(cls, argv: Sequence[str]) -> Self:
        """The recipe gives the defaults of the options, so it is read before they are. Raises BadInput."""
        if not argv or argv[0] in ("-h", "--help"):
            return cls._parsed(argv)
        if argv[0].startswith("-"):
            raise BadInput(f"the recipe comes first: {PROG} RECIPE --groundings A,B,…")
        refuse_renamed(argv)
        return cls._parsed(argv, default=cls(argv[0], "", fields=load_recipe(argv[0])))

    @classmethod
    def _parsed(cls, argv: Sequence[str], **options: Self) -> Self:
        found: Self = parse(cls, PROG, argv, see=PROG, **options)
        return found

    def run(self) -> int:
        from rlcf.experiments.ablation_page import write_page

        self.judging.check()
        names = listed(self.groundings)
        if not names or len(set(names)) < len(names):
            raise BadInput("must name one or more groundings, each once", field="groundings")
        if self.seeds < 1:
            raise BadInput(f"must be at least 1, is {self.seeds}", field="seeds")
        more = self._more_seeds(names)
        try:
            from rlcf.experiments.ablation import ablate, arm
        except ModuleNotFoundError as missing:
            raise BadInput(f"training needs torch and transformers ({missing}): {INSTALL_TRAIN}") from missing
        recipe = self.fields
        check_values(recipe)
        for name in names:
            arm(recipe, name)  # bad names, before a judge is started
        out = Path(self.out) if self.out else RUNS / f"ablate-{Path(self.recipe).name.removesuffix('.toml')}"
        logging.getLogger("rlcf").setLevel(logging.INFO)
        with self.judging.judge() as judge:
            ablate(recipe, names, range(self.seeds), out, judge, self.machine, more)
        print(f"{write_page(out, names)}\npage: {out / 'ablation.md'}, its plots beside it")
        return 0

    def _more_seeds(self, names: Sequence[str]) -> dict[str, range]:
        """The seeds of arms that have more than the others."""
        if not self.more_seeds:
            return {}
        count, _, arms = self.more_seeds.partition(":")
        if not count.isdecimal() or int(count) < self.seeds or not set(listed(arms)) <= set(names):
            message = f"must be N:A,B with N of at least {self.seeds} seeds and arms of {', '.join(names)}"
            raise BadInput(message, field="more-seeds")
        return dict.fromkeys(listed(arms), range(int(count)))


def listed(text: str) -> list[str]:
    """Names with commas between."""
    return [name.strip() for name in text.split(",") if name.strip()]
