"""Grading of samples as a stream: read one by one, judged with a bounded number on the way, results in the
order of the input. A grading that was ended goes on, and may be divided into shards.

evaluation = grade(read_samples("samples.jsonl", problems, "mbjp"), judge, [1], results)
"""

from rlcf.evaluation.grade.streamed import grade, merge, results_line

__all__ = ["grade", "merge", "results_line"]
