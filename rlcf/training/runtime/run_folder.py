"""The run folder of a training: every row is a complete line, flushed, the moment it is known.

    recipe.toml  machine.toml  versions.jsonl  metrics.jsonl  completions.jsonl  evaluation.jsonl
    checkpoints/  report.html

versions.jsonl has a row for each start: the release of rlcf and, in a checkout, its commit.
Rows of metrics.jsonl: `step` and `supervised_loss` of the supervised training, then a row a step. Rows of
completions.jsonl: `stage` (rollout, or before / after for an evaluation), `step`, `temperature`, `task_id`,
`prompt` (without the policy's prefix), `completion`, the fields of a results line, and `score`, `place`,
`parts` (null, null, {} in evaluations, which nothing is learnt from); rollouts also `spans` ([start, end,
value], where the signal has some), `loss_spans`, `stopped` (not cut off) and `signs` of reward hacking. Of a
failed case they say the call, what came out and, unless the run leaves that out, what was expected, and the
problem's `reference`. Rows of evaluation.jsonl hold the provenance: judge, JDK, isolation, limits. With
several processes the first alone writes. While it does, `rlcf.files.is_written` says so.

With several turns what is no first program says `turn`, and of rollouts the `feedback` on the one before it;
rows of evaluation.jsonl have `turns`, the rates after each.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from rlcf import machine as machines
from rlcf.files import writing
from rlcf.grounding.signal import Answer, Signal
from rlcf.machine import Machine
from rlcf.recipe import Recipe
from rlcf.recipes import to_toml
from rlcf.training.runtime.checkpoint import checkpoint_folder
from rlcf.version import commit, release

LOGS = ("metrics.jsonl", "completions.jsonl", "evaluation.jsonl")


class RunFolder:
    """Writes a run."""

    def __init__(self, folder: Path, *, writes: bool = True, expected_values: bool = True) -> None:
        """`writes`: False of all processes but the first. `expected_values`: whether completions say what the
        tests expect."""
        self.folder, self._writes, self._expected_values = folder, writes, expected_values

    @property
    def taken(self) -> bool:
        """Whether the folder holds a run."""
        return (self.folder / "recipe.toml").exists()

    def begin(self, recipe: Recipe, machine: Machine) -> None:
        """Make the folder of a new run."""
        if self._writes:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / "machine.toml").write_text(machines.to_toml(machine), encoding="utf-8")
            (self.folder / "recipe.toml").write_text(to_toml(recipe), encoding="utf-8")
            self._append("versions.jsonl", [versions()])

    def resume(self, step: int | None) -> None:
        """Delete every row that was written after the checkpoint of `step`; None: there is no checkpoint,
        every row goes."""

        def before(row: Mapping[str, Any]) -> bool:
            if step is None or row.get("stage") == "after":
                return False
            return row["step"] <= step or "supervised_loss" in row or row.get("stage") == "before"

        for name in LOGS if self._writes else ():
            _keep(self.folder / name, before)
        self._append("versions.jsonl", [versions()])

    def writing(self) -> AbstractContextManager[None]:
        """A context in which the folder is marked as being written, as `rlcf report --watch` asks."""
        return writing(self.folder) if self._writes else nullcontext()

    def checkpoint(self, step: int) -> Path:
        """Name the folder of a checkpoint."""
        return checkpoint_folder(self.folder, step)

    def metrics(self, row: Mapping[str, Any]) -> None:
        self._append("metrics.jsonl", [row])

    def evaluation(self, row: Mapping[str, Any]) -> None:
        self._append("evaluation.jsonl", [row])

    def completions(
        self,
        stage: str,
        step: int,
        temperature: float,
        rows: Iterable[tuple[Answer, Signal | None, Mapping[str, Any]]],
    ) -> None:
        """Append answers with their signals and further fields of each."""
        common = {"stage": stage, "step": step, "temperature": temperature}
        lines = (common | self._completion(answer, signal) | dict(more) for answer, signal, more in rows)
        self._append("completions.jsonl", lines)

    def completion(self, row: Mapping[str, Any]) -> None:
        """Append a row that another run wrote."""
        self._append("completions.jsonl", [row])

    def _completion(self, answer: Answer, signal: Signal | None) -> dict[str, Any]:
        problem = answer.problem
        told = self._expected_values and problem.reference is not None
        return {
            "task_id": problem.task_id,
            "prompt": problem.prompt,
            **({"reference": problem.reference} if told else {}),
            "completion": answer.completion,
            **answer.verdict.to_json(expected_values=self._expected_values),
            "score": None if signal is None else signal.score,
            "place": None if signal is None else signal.reward_position,
            "parts": {} if signal is None else dict(signal.parts),
            **({} if signal is None else _places(signal)),
        }

    def _append(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        if not self._writes:
            return
        with open(self.folder / name, "a", encoding="utf-8") as file:
            for row in rows:
                # One write a line: whatever interrupts us, the lines before are whole. ASCII, so that a
                # completion with lone surrogates can be written too.
                file.write(json.dumps(row) + "\n")
                file.flush()


def versions() -> dict[str, str | None]:
    """What trains here, for the run's versions.jsonl."""
    return {"rlcf": release(), "commit": commit()}


def _places(signal: Signal) -> dict[str, Any]:
    """What a signal says of places beside its score, where it does."""
    found: dict[str, Any] = {}
    if signal.spans:
        found["spans"] = [[span.start, span.end, span.value] for span in signal.spans]
    if signal.loss_spans is not None:
        found["loss_spans"] = [list(span) for span in signal.loss_spans]
    return found


def _keep(path: Path, wanted: Callable[[Mapping[str, Any]], bool]) -> None:
    """Keep only the wanted rows of a file; a last line that was cut short goes too."""
    if not path.exists():
        return
    aside = path.with_suffix(".new")
    with open(path, encoding="utf-8") as rows, open(aside, "w", encoding="utf-8") as kept:
        kept.writelines(line for line in rows if line.endswith("\n") and wanted(json.loads(line)))
        kept.flush()
        os.fsync(kept.fileno())
    os.replace(aside, path)
