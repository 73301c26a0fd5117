"""Tests made from a signature and a reference, after PLUM (Zhang et al. 2024) and Gorinski et al. (2023).

Inputs come from the types and from the examples at hand, outputs from running the reference; what does not
hold still (the reference disagrees with itself) and suites that a stub passes are filtered out.
"""

from rlcf.problems.synthesis.suites import Made, Score, add_cases

__all__ = ["Made", "Score", "add_cases"]
