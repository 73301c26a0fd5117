"""Inputs that a language model proposes: it is shown the method and calls of it, and writes more calls.

PLUM asks a chat model for whole test programs, with expected values. Here any model that completes Java will
do, and it gives inputs alone: it continues a method in which the calls of the examples stand. What is read
are calls made of literals that fit the signature (literals.py); all else is dropped and counted. The domain
of the examples is not asked for, as the model has read the description.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rlcf.javasource.literals import calls
from rlcf.javasource.signature import Signature, read_signature
from rlcf.javasource.types import Uncovered, java
from rlcf.problems.problem import Problem
from rlcf.problems.synthesis.domain import Arguments
from rlcf.problems.synthesis.inputs import fit_all
from rlcf.problems.synthesis.suites import examples

MOST = 16
"""Inputs a problem that are taken."""


@dataclass(slots=True)
class Asked:
    """What the model proposed."""

    inputs: dict[str, list[Arguments]] = field(default_factory=dict)
    """By task_id, none twice, none an example."""
    written: int = 0
    """Calls of the method in all that the model wrote."""
    usable: int = 0


def ask(problems: Sequence[Problem], sample: Callable[[Sequence[str]], list[str]]) -> Asked:
    """`sample` completes texts, one completion a text. Uncovered signatures are left out."""
    asked = Asked()
    able: list[tuple[Problem, Signature]] = []
    for problem in problems:
        try:
            able.append((problem, read_signature(problem.prompt)))
        except Uncovered:
            continue
    prompts = [question(problem, signature) for problem, signature in able]
    for (problem, signature), text in zip(able, sample(prompts), strict=True):
        start = f"{signature.name}("  # which the prompt ends in
        known = {json.dumps(one) for one in examples(problem, signature.name)}
        found: list[Arguments] = []
        for arguments in calls(start + text, signature.name):
            fitted = fit_all(arguments, signature)
            if fitted is not None and json.dumps(fitted) not in known and len(found) < MOST:
                known.add(json.dumps(fitted))
                found.append(fitted)
        asked.inputs[problem.task_id] = found
        asked.written += (start + text).count(start)
        asked.usable += len(found)
    return asked


def question(problem: Problem, signature: Signature) -> str:
    """Java to be continued: the method, and a method that calls it for different inputs."""
    shown = []
    for arguments in examples(problem, signature.name):
        fitted = fit_all(arguments, signature)
        if fitted is not None:
            written = [java(value, to) for value, to in zip(fitted, signature.parameters, strict=True)]
            shown.append(f"        {signature.call(written)};\n")
    return (
        f"{problem.prompt}{problem.reference or ''}\n\nclass Calls {{\n"
        f"    /** Calls {signature.name} with ordinary, small, large and odd arguments, no two alike. */\n"
        f"    static void all() {{\n{''.join(shown)}        {signature.owner}.{signature.name}("
    )
