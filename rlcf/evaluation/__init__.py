"""How good a model is: samples graded, policies benchmarked, comp@k / exec@k / pass@k with intervals.

evaluation, answers = evaluate(problems, sample, judge, temperature=0.8, n=4, seed=0)
row = evaluation_row(evaluation, stage="before", split="test", temperature=0.8, n=4)   # evaluation.jsonl
"""

from rlcf.evaluation.bench import Sampler, evaluate
from rlcf.evaluation.grade import grade
from rlcf.evaluation.metrics import pass_at_k
from rlcf.evaluation.results import read_answers
from rlcf.evaluation.samples import Sample, read_samples
from rlcf.evaluation.summary import Evaluation, evaluation_row

__all__ = [
    "Evaluation",
    "Sample",
    "Sampler",
    "evaluate",
    "evaluation_row",
    "grade",
    "pass_at_k",
    "read_answers",
    "read_samples",
]
