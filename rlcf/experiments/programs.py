"""What training changed in the programs: javac's codes, how long they are, how many are trivial.

Of the sampled evaluations before and after, whose answers lie in completions.jsonl: of answers in several
turns those of the last. A program counts once a code; shares are of all programs and all seeds. A trivial
program does nothing with its arguments, or has no code at all (`rlcf.grounding.reward_hacking`). Not covered:
why a code vanished (the errors of an early stage of javac hide those of the later ones), programs that read
standard input.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from javabox import Suite, Verdict
from rlcf.experiments.ablation_runs import runs_of
from rlcf.grounding.reward_hacking import reward_hacking_flags
from rlcf.grounding.signal import Answer
from rlcf.problems import Problem
from rlcf.report.run_folder import completion_rows, read_run

SAMPLED = 0.8
LISTED = 4
"""Codes shown of those that fell, and of those that rose."""
SEEN = 0.002
"""Share of the programs below which a code's coming and going is not told."""


@dataclass(slots=True)
class Programs:
    """The programs of one arm at one stage."""

    count: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    """Programs that javac refused with this code among others."""
    characters: list[int] = field(default_factory=list)
    trivial: int = 0

    def share(self, code: str) -> float:
        return self.codes[code] / max(1, self.count)


def read_programs(out: Path, name: str) -> dict[str, Programs]:
    """The programs of an arm `before` and `after`, those of all its seeds."""
    found = {"before": Programs(), "after": Programs()}
    for folder, _ in runs_of(out, [name]):
        for row in completion_rows(read_run(folder / name)):
            if row["stage"] in found and row["temperature"] == SAMPLED:
                _count(found[row["stage"]], row["task_id"], row["prompt"], row["completion"], row)
    return found


def _count(into: Programs, task_id: str, prompt: str, completion: str, row: dict[str, object]) -> None:
    verdict = Verdict.from_json(row)
    answer = Answer(Problem(task_id, prompt, Suite(())), completion, verdict)
    into.count += 1
    into.codes.update({one.code for one in verdict.diagnostics} if verdict.compiled is False else ())
    into.characters.append(len(completion))
    into.trivial += bool(reward_hacking_flags(answer) & {"trivial", "comment_only"})


def programs_table(out: Path, names: Sequence[str]) -> str:
    """Markdown: of every arm what its programs were before and after."""
    lines = [
        "| arm | characters | trivial, % | codes that fell, % of programs | codes that rose |",
        "|---|---:|---:|---|---|",
    ]
    for name in names:
        found = read_programs(out, name)
        before, after = found["before"], found["after"]
        if not before.count or not after.count:
            continue
        lengths = [statistics.fmean(one.characters) for one in (before, after)]
        trivial = [100 * one.trivial / one.count for one in (before, after)]
        moved = sorted({*before.codes, *after.codes}, key=lambda code: after.share(code) - before.share(code))
        fell = [code for code in moved[:LISTED] if after.share(code) < before.share(code)]
        rose = [code for code in moved[::-1][:LISTED] if after.share(code) > before.share(code)]
        lines.append(
            f"| `{name}` | {lengths[0]:.0f} → {lengths[1]:.0f} | {trivial[0]:.1f} → {trivial[1]:.1f} | "
            f"{_told(fell, before, after)} | {_told(rose, before, after)} |"
        )
    return "\n".join(lines) + "\n"


def _told(codes: Sequence[str], before: Programs, after: Programs) -> str:
    told = []
    for code in codes:
        old, new = before.share(code), after.share(code)
        if max(old, new) < SEEN:
            continue
        what = " (vanished)" if not after.codes[code] else " (appeared)" if not before.codes[code] else ""
        told.append(f"`{code.removeprefix('compiler.err.')}` {100 * old:.1f} → {100 * new:.1f}{what}")
    return ", ".join(told) or "–"
