"""How an episode goes: how many turns it has, what is shown after one, and in which words.

    Setting(turns=3, shows="compiler")                      # javac's first error, and of tests nothing
    Setting(example_cases=2, expected_values=False)         # the first two cases, without what they expect
    Setting(prompting=Prompting(system="You write Java.", repair="{feedback}\n\nFix it."))

What is shown of tests is known to the model afterwards. Where the same tests decide, its later turns have
seen a part of the answer: `example_cases` keeps the others hidden, `shows` outcome or compiler keeps all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from rlcf.errors import BadInput
from rlcf.evaluation.extraction import Mode
from rlcf.evaluation.generation.prompting import Prompting

Shows = Literal["outcome", "compiler", "case", "both"]
SHORTEST = 200


@dataclass(frozen=True, slots=True)
class Setting:
    """Raises BadInput for what makes no sense."""

    turns: int = 2
    """Programs that the model may write, the first included."""
    shows: Shows = "both"
    """outcome: one sentence on how the program ended. compiler: with javac's first error, where it is, its
    line and a caret. case: with the first case that ended so, its call and what came out, or the exception
    and its line. both."""
    expected_values: bool = True
    """Whether a case is shown with what it expects. Without, of a failed suite that is one `main`, whose own
    lines and messages tell it, nothing but the outcome is shown."""
    example_cases: int | None = None
    """Only the first so many cases are shown; the others decide, and of them only the outcome is told. None:
    all."""
    longest: int = 1500
    """Characters of the facts about a program; what is longer is cut."""
    prompting: Prompting = field(default_factory=Prompting)
    """How the problem is put, and the words around the facts: `repair` for chat models, `again` for those
    that go on from a text."""
    extract: Mode = "auto"
    """Whether the program that a reply means is looked for, or the reply itself continues the prompt."""

    def __post_init__(self) -> None:
        if self.turns < 1:
            raise BadInput(f"must be at least 1, is {self.turns}", field="turns")
        for name, choices in (("shows", get_args(Shows)), ("extract", get_args(Mode))):
            if getattr(self, name) not in choices:
                raise BadInput(f"must be one of {', '.join(choices)}", field=name)
        if self.example_cases is not None and self.example_cases < 0:
            raise BadInput(f"must not be negative, is {self.example_cases}", field="example_cases")
        if self.longest < SHORTEST:
            raise BadInput(f"must be at least {SHORTEST}, is {self.longest}", field="longest")
        for name, texts in (("repair", ("feedback",)), ("again", ("reply", "feedback", "prompt"))):
            lacking = [text for text in texts if f"{{{text}}}" not in getattr(self.prompting, name)]
            if lacking:
                raise BadInput(f"must have {{{lacking[0]}}} in it", field=name)
        if not self.prompting.again.endswith("{prompt}"):
            raise BadInput("must end with {prompt}, which the model goes on from", field="again")

    @property
    def compiler(self) -> bool:
        """Whether javac's error is shown."""
        return self.shows in ("compiler", "both")

    @property
    def case(self) -> bool:
        """Whether a case is shown."""
        return self.shows in ("case", "both")
