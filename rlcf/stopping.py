"""Where a completion ends before its model ends it: at a stop string, or where the prompt's class is closed.

    stop = Stop(("\\nclass ",), continues=problem.prompt)
    stop.end(text)                    # (characters to keep, "stop_string" or "closed"), or None

Asked while a model writes and of whole texts; both agree, as what follows an end is never looked at. Not
covered: where the class ends in a chat's reply, which is no continuation.
"""

from __future__ import annotations

from dataclasses import dataclass

from rlcf.javasource.tokens import closed_at

STOP, STOP_STRING, CLOSED, LENGTH = "stop", "stop_string", "closed", "length"
"""Why a completion ended: an end token, a stop string, its class was closed, or it was cut."""


@dataclass(frozen=True, slots=True)
class Stop:
    """What ends one completion."""

    strings: tuple[str, ...] = ()
    """The completion ends before the first of them."""
    continues: str | None = None
    """The Java that the completion goes on from; it ends behind the brace that closes the last open one.
    None: it is no continuation."""

    @property
    def characters(self) -> frozenset[str]:
        """One of these is the last character of every text that has just come to its end."""
        last = {text[-1] for text in self.strings}
        return frozenset(last if self.continues is None else last | {"}"})

    def end(self, text: str) -> tuple[int, str] | None:
        """How many characters of `text` are kept, and why; None where nothing ends it."""
        found = [(at, STOP_STRING) for string in self.strings if (at := text.find(string)) >= 0]
        if self.continues is not None:
            place = closed_at(self.continues + text, len(self.continues))
            if place is not None:
                found.append((place - len(self.continues), CLOSED))
        return min(found, default=None)
