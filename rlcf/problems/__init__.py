"""What is asked of a model: problems by name or by path."""

from rlcf.problems.load import load_problems
from rlcf.problems.problem import Problem

__all__ = ["Problem", "load_problems"]
