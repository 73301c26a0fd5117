"""How a run is shown: one self-contained HTML page."""

from rlcf.report.page import write_report

__all__ = ["write_report"]
