"""rlcf trains, grades and benchmarks Java code models from compiler feedback.

    from rlcf import Answer, Signal, load_recipe, train

    def reward(answers: list[Answer]) -> list[Signal]:
        return [Signal(1.0 if answer.verdict.passed else -1.0) for answer in answers]

    train(load_recipe("quickstart"), "runs/mine", grounding=reward)

What `__all__` names is the public face. A name is imported once it is asked for, and torch only with those
that need it: `train`, `resume`, `Policy`, `load_policy`, `tiny_policy`. Grading works without torch.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

# OpenMP's threads that wait for each other must sleep, not spin: beside another process two spinning threads
# took 28 s for what one does in 3. It is read when torch is loaded; training looks whether it is set.
if "torch" not in sys.modules:
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")

if TYPE_CHECKING:
    from javabox import (
        Case,
        Diagnostic,
        Job,
        Judge,
        JudgeUnavailable,
        Limits,
        Outcome,
        Suite,
        SuiteCase,
        ThrownException,
        Verdict,
    )
    from rlcf.errors import BadInput
    from rlcf.evaluation.bench import Sampler, evaluate
    from rlcf.evaluation.extraction import Extraction, extract
    from rlcf.evaluation.grade import grade
    from rlcf.evaluation.metrics import pass_at_k
    from rlcf.evaluation.results import read_answers
    from rlcf.evaluation.samples import Sample, read_samples
    from rlcf.evaluation.summary import Evaluation
    from rlcf.grounding.combine import at_the_end, masked, total
    from rlcf.grounding.signal import Answer, Grounding, Signal, Span, needs
    from rlcf.grounding.table import GROUNDINGS as groundings
    from rlcf.grounding.table import load_grounding
    from rlcf.grounding.values import Compare
    from rlcf.machine import Machine
    from rlcf.policy.load import load_policy, tiny_policy
    from rlcf.policy.policy import Policy
    from rlcf.problems.load import load_problems
    from rlcf.problems.problem import Problem
    from rlcf.recipe import Recipe
    from rlcf.recipes import load_recipe, override
    from rlcf.training.run import resume, train
    from rlcf.training.runtime.rails import TrainingStopped

HOMES = {
    **dict.fromkeys(
        ("Case", "Diagnostic", "Job", "Judge", "JudgeUnavailable", "Limits", "Outcome"), "javabox"
    ),
    **dict.fromkeys(("Suite", "SuiteCase", "ThrownException", "Verdict"), "javabox"),
    "BadInput": "rlcf.errors",
    "evaluate": "rlcf.evaluation.bench",
    "Sampler": "rlcf.evaluation.bench",
    "extract": "rlcf.evaluation.extraction",
    "Extraction": "rlcf.evaluation.extraction",
    "grade": "rlcf.evaluation.grade",
    "pass_at_k": "rlcf.evaluation.metrics",
    "read_answers": "rlcf.evaluation.results",
    "Sample": "rlcf.evaluation.samples",
    "read_samples": "rlcf.evaluation.samples",
    "Evaluation": "rlcf.evaluation.summary",
    **dict.fromkeys(("at_the_end", "masked", "total"), "rlcf.grounding.combine"),
    **dict.fromkeys(("Answer", "Grounding", "Signal", "Span", "needs"), "rlcf.grounding.signal"),
    "groundings": "rlcf.grounding.table:GROUNDINGS",
    "load_grounding": "rlcf.grounding.table",
    "Compare": "rlcf.grounding.values",
    "Machine": "rlcf.machine",
    "load_policy": "rlcf.policy.load",
    "tiny_policy": "rlcf.policy.load",
    "Policy": "rlcf.policy.policy",
    "load_problems": "rlcf.problems.load",
    "Problem": "rlcf.problems.problem",
    "Recipe": "rlcf.recipe",
    "load_recipe": "rlcf.recipes",
    "override": "rlcf.recipes",
    "train": "rlcf.training.run",
    "resume": "rlcf.training.run",
    "TrainingStopped": "rlcf.training.runtime.rails",
}
"""The module of each public name, and the name there where it is another (`module:name`)."""
EXTRAS = ("torch", "transformers", "accelerate", "peft", "tokenizers")
"""What `rlcf[train]` installs, and grading does without."""

__all__ = [
    "Answer",
    "BadInput",
    "Case",
    "Compare",
    "Diagnostic",
    "Evaluation",
    "Extraction",
    "Grounding",
    "Job",
    "Judge",
    "JudgeUnavailable",
    "Limits",
    "Machine",
    "Outcome",
    "Policy",
    "Problem",
    "Recipe",
    "Sample",
    "Sampler",
    "Signal",
    "Span",
    "Suite",
    "SuiteCase",
    "ThrownException",
    "TrainingStopped",
    "Verdict",
    "at_the_end",
    "evaluate",
    "extract",
    "grade",
    "groundings",
    "load_grounding",
    "load_policy",
    "load_problems",
    "load_recipe",
    "masked",
    "needs",
    "override",
    "pass_at_k",
    "read_answers",
    "read_samples",
    "resume",
    "tiny_policy",
    "total",
    "train",
]


def __getattr__(name: str) -> Any:
    """A public name, imported from its module the first time (PEP 562)."""
    if name not in HOMES:
        raise AttributeError(f"module 'rlcf' has no attribute {name!r}")
    home, _, own = HOMES[name].partition(":")
    try:
        found = getattr(importlib.import_module(home), own or name)
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.partition(".")[0] not in EXTRAS:
            raise
        message = f"rlcf.{name} needs {missing.name}, which is not installed: pip install 'rlcf[train]'"
        raise ModuleNotFoundError(message, name=missing.name) from missing
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
