"""`rlcf runs`: the runs of a folder, and how they differ."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

WIDE = 240


@dataclass(frozen=True)
class Runs:
    """List the runs of a folder: how far they are, what they pass before and after, and in what their recipes
    differ.

    Example: rlcf runs
    """

    folder: Positional[Annotated[str, arg(metavar="FOLDER")]] = "runs"
    """Where the runs are."""
    json: bool = False
    """Print one JSON object and nothing else."""

    def run(self) -> int:
        from rich import box
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        from rlcf.report.runs import HEAD, cells, differing, runs_below, summary

        found = [summary(run) for run in runs_below(Path(self.folder))]
        fields = differing(found)
        if self.json:
            print(json.dumps({"differ": fields, "runs": found}))
            return 0
        table = Table(box=box.SIMPLE, pad_edge=False)
        for name in HEAD:
            table.add_column(Text(name), no_wrap=True)
        for name in fields:
            table.add_column(Text(name.rpartition(".")[2]), overflow="fold")
        for one in found:
            table.add_row(*(Text(cell) for cell in cells(one, fields)))
        console = Console()
        # a pipe has no width: nothing need be cut
        (console if console.is_terminal else Console(width=WIDE)).print(table)
        return 0
