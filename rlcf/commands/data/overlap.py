"""`rlcf data overlap`: how much of one set is in another."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from rlcf.commands.grade import check_folder
from rlcf.errors import BadInput
from rlcf.problems.overlap import overlap, read_texts

KINDS = ("exact task", "exact solution", "masked task", "masked solution", "n-gram")
SHOWN = 5
"""Finds of a kind that are printed."""


@dataclass(frozen=True)
class Overlap:
    """Find what of B is in A too: the same text, the same but for numbers, shared runs of words.

    Example: rlcf data overlap mbjp:train mbjp:test
    """

    a: Positional[Annotated[str, arg(metavar="A")]]
    """What is trained on: NAME, NAME:SPLIT, or a JSONL file with description, prompt, text,
    canonical_solution or completion in each row."""
    b: Positional[Annotated[str, arg(metavar="B")]]
    """What is measured with, likewise."""
    n: int = 10
    """Words in a run."""
    share: float = 0.5
    """Of the runs of an item, so many must be in A too."""
    out: Annotated[str | None, arg(metavar="FILE")] = None
    """Write every find here, JSONL: kind, name (in B), first (in A), share."""

    def run(self) -> int:
        if self.n < 1:
            raise BadInput(f"must be at least 1, is {self.n}", field="n")
        if not 0 < self.share <= 1:
            raise BadInput(f"must be above 0 and at most 1, is {self.share}", field="share")
        out = Path(self.out) if self.out else None
        check_folder(out)
        first, second = read_texts(self.a), read_texts(self.b)
        found = list(overlap(first, second, n=self.n, share=self.share))
        print(f"{self.a}: {len(first)} items; of the {len(second)} of {self.b} it has, by")
        for kind in KINDS:
            some = [find for find in found if find.kind == kind]
            named = "; ".join(f"{find.name} is {find.first}" for find in some[:SHOWN])
            print(f"{kind:<16}{len(some):>6}  {named}{' …' if len(some) > SHOWN else ''}")
        print(f"{'any of them':<16}{len({find.name for find in found}):>6}")
        if out:
            out.write_text("".join(json.dumps(asdict(find)) + "\n" for find in found), encoding="utf-8")
        return 0
