"""LeTI's textual feedback (arXiv 2305.10314): a word for good or bad, and for bad what went wrong, before the
prompt; the policy is fine-tuned on its own completions with it, and asked with the word for good.

The paper adds special tokens: <|good|> or <|bad|>, the trace between <|lang_feedback|> and
<|/lang_feedback|>. Here they are a comment line of Java, which any tokenizer reads and which needs no new
rows in the embeddings: `// good`, or `// bad: line 2: incompatible types: …`. The trace is one line: the
first javac error (later ones may follow from it), or the first exception with the innermost line of the
completion on its stack, or the limit, or the first case that did not pass. What the tests themselves threw is
left out, as it may hold what they expect.

The paper masks the loss on the prefix; so does our supervised training, where only completions carry loss.
The loop of sampling and fine-tuning is `loop = "feedback"` of a recipe (training/objectives/supervised.py).
Not covered: the mixture with pre-training text, special tokens.
"""

from __future__ import annotations

from javabox import Outcome, Verdict
from javabox.verdict import NO_VERDICT
from rlcf.grounding.signal import Answer

GOOD = "// good\n"
"""Goes before the prompt of who wants a program that passes."""
BAD = "// bad: "
LONGEST = 200
"""Characters of the feedback; what exceeds them is cut."""


def feedback(answer: Answer) -> str:
    """What went wrong, as one line of printable text; empty where nothing did, or nothing is known of it."""
    verdict = answer.verdict
    text = ""
    if verdict.outcome is Outcome.COMPILE_ERROR:
        text = "does not compile"
        if verdict.diagnostics:
            text = _at(verdict.diagnostics[0].line, verdict.diagnostics[0].message)
    elif verdict.outcome is Outcome.RUNTIME_ERROR and verdict.exception is not None:
        thrown = verdict.exception
        named = thrown.type if thrown.message is None else f"{thrown.type}: {thrown.message}"
        text = _at(thrown.line, named)
    elif verdict.outcome is Outcome.FAILED:
        text = _failed_case(verdict)
    elif verdict.outcome is Outcome.UNTESTED:
        text = "its tests were not evaluated"
    elif verdict.outcome not in (Outcome.PASSED, *NO_VERDICT):
        text = str(verdict.outcome).replace("_", " ")
    # What a program says of itself may hold anything; in Java `\u` would count in a comment too.
    printable = "".join(char if char.isprintable() else " " for char in text.replace("\\u", "\\ u"))
    return " ".join(printable.split())[:LONGEST]


def leti_example(answer: Answer) -> tuple[str, str]:
    """The prompt with the word and the feedback before it, and the completion. Raises ValueError where the
    judge failed or the tests are broken: such an answer is neither good nor bad."""
    return leti_prefix(answer) + answer.problem.prompt, answer.completion


def leti_prefix(answer: Answer) -> str:
    """The word and the feedback, as they go before the prompt. Raises ValueError as `leti_example` does."""
    if answer.verdict.passed is None:
        raise ValueError("nothing is known of this answer, by the judge's or the tests' fault; leave it out")
    return GOOD if answer.verdict.passed else f"{BAD}{feedback(answer)}\n"


def _at(line: int | None, text: str) -> str:
    return text if line is None else f"line {line}: {text}"


def _failed_case(verdict: Verdict) -> str:
    case = next((case for case in verdict.cases if case.outcome is not Outcome.PASSED), None)
    if case is None:
        return "failed"
    returned = "" if case.value is None else f": returned {case.value}"
    return f"case {case.name} failed{returned}"
