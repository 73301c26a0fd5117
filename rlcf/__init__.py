"""rlcf trains, scores and benchmarks Java code models from compiler feedback."""

from rlcf.errors import BadInput
from rlcf.grounding.signal import Answer, Grounding, Signal
from rlcf.problems import Problem, load_problems

__all__ = ["Answer", "BadInput", "Grounding", "Problem", "Signal", "load_problems"]
