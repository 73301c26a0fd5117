"""What the tasks in this folder name as `!function java.…`."""

from rlcf.adapters.lm_eval import dataset, judged, process_results

__all__ = ["dataset", "judged", "process_results"]
