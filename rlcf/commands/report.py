"""`rlcf report`: one HTML page of a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg


@dataclass(frozen=True)
class Report:
    """Write one HTML page of a run: before and after, learning curves, samples.

    Example: rlcf report runs/quickstart
    """

    run_dir: Positional[Annotated[str, arg(metavar="RUN")]]
    """The run's folder."""

    def run(self) -> int:
        from rlcf.report import write_report

        print(write_report(Path(self.run_dir)))
        return 0
