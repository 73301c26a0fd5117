"""Results that are written already: whether they are those of these samples, and what they count.

A grading that was killed leaves whole lines and at most one that is cut. `repair` takes the cut one away;
each line that is left is then held against its sample, its judge and its terms before it counts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from javabox import Outcome, Verdict
from rlcf.errors import BadInput
from rlcf.evaluation.provenance import TERMS
from rlcf.evaluation.samples import Sample
from rlcf.jsonl import Row, read_rows

OTHERS = "grade into another file with --out, or leave --resume out, which writes this one anew"
NO_PROVENANCE = f"is missing: this is no line of rlcf grade's; {OTHERS}"
BLOCK = 1 << 16
OUTCOMES = frozenset(map(str, Outcome))

VERDICT_FIELDS = {*Verdict(Outcome.PASSED).to_json(), "extraction", "hint", "provenance"}
"""What grading writes, in the place of a sample's own fields of these names."""


def repair(results: Path) -> None:
    """Cuts a last line that was not written whole. Raises BadInput where the file can't be written."""
    try:
        with results.open("r+b") as file:
            end = file.seek(0, os.SEEK_END)
            while end:
                start = max(0, end - BLOCK)
                file.seek(start)
                found = file.read(end - start).rfind(b"\n")
                if found >= 0:
                    end = start + found + 1
                    break
                end = start
            file.truncate(end)
    except OSError as error:
        raise BadInput(f"can't be written ({error.strerror})", file=results, field="out") from error


@dataclass(frozen=True, slots=True)
class Result:
    """A line of results, of which only this much is counted."""

    fields: Mapping[str, Any]
    verdict: Verdict
    """Its outcome alone."""
    kind: str
    """How its program was found."""
    renamed: bool


class Written:
    """The lines of a results file, taken one by one, each for the sample whose turn it is."""

    def __init__(self, results: Path) -> None:
        self.file = results
        self.taken = 0
        self._rows: Iterator[Row] = read_rows(results) if results.exists() else iter(())

    def judged_by(self) -> dict[str, Any]:
        """What the first line says of its judge, without the terms, which are the problem's. Raises BadInput
        where there is no line."""
        for row in read_rows(self.file):
            found = row.fields.get("provenance")
            if isinstance(found, dict):
                return {name: value for name, value in found.items() if name not in TERMS}
            raise row.bad(NO_PROVENANCE, "provenance")
        raise BadInput("holds no results", file=self.file)

    def take(self, sample: Sample, provenance: Mapping[str, Any] | None) -> Result | None:
        """The sample's line, None where the file has no more. Raises BadInput where the next line is another
        sample's, or was judged otherwise than `provenance` says, where that is given."""
        row = next(self._rows, None)
        if row is None:
            return None
        self.taken += 1
        for name, value in sample.row.items():
            if name not in VERDICT_FIELDS and not _same(row.fields.get(name), value):
                raise row.bad(f"is not that of sample {self.taken}: these are other samples; {OTHERS}", name)
        found = row.fields.get("provenance")
        if not isinstance(found, dict):
            raise row.bad(NO_PROVENANCE, "provenance")
        if provenance is not None and not _same(found, dict(provenance)):
            raise row.bad(f"{_difference(found, provenance)}; {OTHERS}", "provenance")
        outcome, kind = row.text("outcome"), row.text("extraction")
        if outcome not in OUTCOMES:
            raise row.bad(f"is none of the judge's; {OTHERS}", "outcome")
        hint = row.fields.get("hint")
        renamed = hint is not None and hint != sample.row.get("hint")
        return Result(row.fields, Verdict(Outcome(outcome)), kind, renamed)

    def end(self) -> None:
        """Raises BadInput where lines are left."""
        row = next(self._rows, None)
        if row is not None:
            raise row.bad(f"there are only {self.taken} samples: these are of others; {OTHERS}")


def _same(a: Any, b: Any) -> bool:
    # as JSON where they differ: NaN is no number's equal, nor its own
    return bool(a == b) or json.dumps(a) == json.dumps(b)


def _difference(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    name = next(name for name in {**found, **wanted} if not _same(found.get(name), wanted.get(name)))
    return f"was judged with {name} {found.get(name)}, which is {wanted.get(name)} now"
