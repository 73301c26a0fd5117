"""From what a model wrote to the program that is judged.

extraction = extract(reply, problem)
job = extraction.job(problem)
"""

from rlcf.evaluation.extraction.extraction import KINDS, Extraction, Mode, extract

__all__ = ["KINDS", "Extraction", "Mode", "extract"]
