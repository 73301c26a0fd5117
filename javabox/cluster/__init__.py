"""Judging on a Ray cluster: one judge a machine, each an actor, and one that spreads jobs over them.

    with RayJudge() as judge:                       # RAY_ADDRESS, else a Ray of its own on this machine
        verdicts = judge.grade(jobs)

`pip install 'rlcf[ray]'`. Nothing else of javabox imports Ray.
"""

from javabox.cluster.judge import RayJudge
from javabox.cluster.pool import end_pool

__all__ = ["RayJudge", "end_pool"]
