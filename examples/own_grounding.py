"""A grounding of one's own: what an answer is worth, as a function. From the command line, and from Python:

rlcf train quickstart --grounding examples/own_grounding.py:short_and_right
python examples/own_grounding.py                     (two short steps)
"""

from __future__ import annotations

from collections.abc import Sequence

from rlcf import Answer, Signal, load_recipe, needs, train

SHORT = {
    "data.train_problems": 300, "data.corpus_problems": 100, "data.rl_problems": 200,
    "evaluation.problems": 20, "evaluation.samples": 1, "supervised.steps": 5,
    "rollout.prompts_per_step": 16, "objective.steps": 2,
}  # fmt: skip


@needs("reference")  # every problem has one, and programs are run, as they are unless `tests=False` is said
def short_and_right(answers: Sequence[Answer]) -> list[Signal]:
    """What passes is worth 1, less up to 0.5 for being longer than the reference; what does not compile is
    worth -1, on the token of the error; in between counts the share of the cases that pass."""
    signals = []
    for answer in answers:
        verdict = answer.verdict
        if verdict.compiled is None:  # the judge failed: no score, and never a punishment
            signals.append(Signal(None))
        elif not verdict.compiled:
            signals.append(Signal(-1.0, verdict.diagnostics[0].position))
        else:
            longer = len(answer.completion) / len(str(answer.problem.reference)) - 1
            signals.append(Signal(verdict.pass_fraction - min(0.5, max(0.0, longer)) * bool(verdict.passed)))
    return signals


if __name__ == "__main__":
    train(load_recipe("quickstart", SHORT), "runs/own-grounding", grounding=short_and_right)
    print("trained; see runs/own-grounding")
