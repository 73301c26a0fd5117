"""`rlcf report` and `rlcf runs`: a run as a page, and the runs of a folder as a table."""

from rlcf.commands.report.page import Report
from rlcf.commands.report.runs import Runs

__all__ = ["Report", "Runs"]
