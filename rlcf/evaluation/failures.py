"""Why programs failed, counted: javac's codes, and the exceptions that ended programs.

Of a program that does not compile the first error counts, for those behind it often follow from it. Not
covered: wrong answers, which have no name; `results.jsonl` has their calls and values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from javabox import Outcome, Verdict


@dataclass(frozen=True)
class Failures:
    """Programs by what ended them."""

    javac: Counter[str]
    """By the code of javac's first error."""
    exceptions: Counter[str]
    """Runtime errors by the exception's type."""

    @classmethod
    def of(cls, verdicts: Iterable[Verdict]) -> Failures:
        """Those among `verdicts`."""
        javac: Counter[str] = Counter()
        exceptions: Counter[str] = Counter()
        for verdict in verdicts:
            if verdict.outcome is Outcome.COMPILE_ERROR:
                javac[verdict.diagnostics[0].code if verdict.diagnostics else "unknown"] += 1
            elif verdict.outcome is Outcome.RUNTIME_ERROR:
                exceptions[verdict.exception.type if verdict.exception else "unknown"] += 1
        return cls(javac, exceptions)

    def to_json(self) -> dict[str, Any]:
        """The most frequent first."""
        return {"javac": dict(self.javac.most_common()), "exceptions": dict(self.exceptions.most_common())}
