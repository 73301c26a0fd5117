"""The run folder of a training: every row is a complete line, flushed, the moment it is known.

    recipe.toml  metrics.jsonl  completions.jsonl  evaluation.jsonl  checkpoints/step-NNNNNN/  report.html

Rows of metrics.jsonl: `step` and `supervised_loss` before PPO, then a row a PPO step. Rows of
completions.jsonl: `stage` (rollout, or before / after for an evaluation), `step`, `temperature`, `task_id`,
`prompt`, `completion`, the fields of a results line, and `score`, `place`, `parts` (null, null, {} in
evaluations, which nothing is learnt from). Not covered: resuming, several processes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rlcf.errors import BadInput
from rlcf.grounding.signal import Answer, Signal
from rlcf.recipe import Recipe, to_toml


class RunFolder:
    """Writes a run."""

    def __init__(self, folder: Path, recipe: Recipe) -> None:
        if (folder / "recipe.toml").exists():
            raise BadInput("holds a run already; name another folder or remove it", file=folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        (folder / "recipe.toml").write_text(to_toml(recipe), encoding="utf-8")

    def checkpoint(self, step: int) -> Path:
        """The folder of a checkpoint, made if it does not exist."""
        folder = checkpoint_folder(self.folder, step)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def metrics(self, row: Mapping[str, Any]) -> None:
        self._append("metrics.jsonl", [row])

    def evaluation(self, row: Mapping[str, Any]) -> None:
        self._append("evaluation.jsonl", [row])

    def completions(
        self, stage: str, step: int, temperature: float, rows: Iterable[tuple[Answer, Signal | None]]
    ) -> None:
        told = {"stage": stage, "step": step, "temperature": temperature}
        self._append("completions.jsonl", (told | _completion(*row) for row in rows))

    def completion(self, row: Mapping[str, Any]) -> None:
        """A row that another run wrote."""
        self._append("completions.jsonl", [row])

    def _append(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        with open(self.folder / name, "a", encoding="utf-8") as file:
            for row in rows:
                # One write a line: whatever interrupts us, the lines before are whole. ASCII, so that a
                # completion with lone surrogates can be written too.
                file.write(json.dumps(row) + "\n")
                file.flush()


def checkpoint_folder(run: Path, step: int) -> Path:
    return run / "checkpoints" / f"step-{step:06d}"


def _completion(answer: Answer, signal: Signal | None) -> dict[str, Any]:
    return {
        "task_id": answer.problem.task_id,
        "prompt": answer.problem.prompt,
        "completion": answer.completion,
        **answer.verdict.to_json(),
        "score": None if signal is None else signal.score,
        "place": None if signal is None else signal.place,
        "parts": {} if signal is None else dict(signal.parts),
    }
