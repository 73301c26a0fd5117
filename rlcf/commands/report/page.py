"""`rlcf report`: one HTML page of a run, or of two, or a page that follows a training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from rlcf.errors import BadInput


@dataclass(frozen=True)
class Report:
    """Write one HTML page of a run: before and after, learning curves, and every completion, to be searched,
    filtered, opened and compared.

    Example: rlcf report runs/quickstart
    Beside another run: rlcf report runs/quickstart-2 --against runs/quickstart
    While it trains: rlcf report runs/quickstart --watch
    """

    run_dir: Positional[Annotated[str, arg(metavar="RUN")]]
    """The run's folder."""
    against: Annotated[str | None, arg(metavar="RUN")] = None
    """Another run, whose completions, curves and tables stand on the same page."""
    watch: bool = False
    """Serve the page on this machine alone while the run trains: new steps appear in it. Ends with the
    training."""
    port: Annotated[int, arg(metavar="N")] = 0
    """Where --watch serves; 0 is a free one."""

    def run(self) -> int:
        from rlcf.report import write_report

        folder, against = Path(self.run_dir), Path(self.against) if self.against else None
        if not self.watch:
            print(write_report(folder, against))
            return 0
        if against:
            raise BadInput("goes without --against: what is watched is one training", field="watch")
        from rlcf.report.watch import watch

        return watch(folder, self.port)
