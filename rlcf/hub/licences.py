"""The licences of the data that a model may be trained on here.

Not covered: data in a file of one's own, whose licence only its user knows.
"""

from __future__ import annotations

from rlcf.problems.load import NAMED

LICENCES = {
    "mbjp": "CC BY 4.0 (MBXP, amazon-science/mxeval)",
    "mathqa": "Apache-2.0 (MathQA's questions), CC BY 4.0 (its Java test problems, amazon-science/mxeval)",
    "humaneval-java": "MIT (HumanEval; amazon-science/mxeval)",
    "humaneval-x": "Apache-2.0 (THUDM/CodeGeeX)",
    "multipl-e": "MIT (as deepseek-ai/DeepSeek-Coder publishes it)",
}
"""By name; every data set that has one is here."""
GENERATED = "made by rlcf, Apache-2.0"


def data_licence(name: str, given: str | None) -> str:
    """In words. `given`: what the user says of a file."""
    if name in NAMED:
        return LICENCES[name]
    if "/" in name or "." in name:
        return given or "licence not stated"
    return GENERATED
