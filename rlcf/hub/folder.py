"""The folder that is published: what `AutoModelForCausalLM` and `AutoTokenizer` load, the card, the
recipe and the evaluation rows. Nothing else of the run is in it: no optimiser, no critic, no completions.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from rlcf.errors import BadInput
from rlcf.hub.card import Facts, card, measured_step
from rlcf.jsonl import read_rows
from rlcf.report.run_folder import read_run

ADAPTERS = "adapter_config.json"


@dataclass(frozen=True, slots=True)
class Published:
    """What is said of a model beside what its run knows."""

    name: str
    step: int | None = None
    """None: the checkpoint that was evaluated after training, else the last one."""
    base_model: str | None = None
    licence: str | None = None
    data_licence: str | None = None


def write_model_folder(run_folder: Path, out: Path, published: Published) -> int:
    """Writes the folder `out`, which must be new, and returns the step of its weights. Raises BadInput."""
    from rlcf.training.runtime.checkpoint import checkpoint_folder, steps_saved

    run = read_run(run_folder)
    saved = steps_saved(run_folder)
    if not saved:
        raise BadInput("has no checkpoint", file=run_folder)
    wanted = measured_step(run) if published.step is None else published.step
    step = saved[-1] if wanted is None else wanted
    if step not in saved:
        kept = ", ".join(map(str, saved))
        raise BadInput(f"has no checkpoint of step {step}, only of: {kept}", file=run_folder, field="step")
    if out.exists():
        raise BadInput("exists already", file=out, field="out")
    _write_model(checkpoint_folder(run_folder, step), out)
    versions = run_folder / "versions.jsonl"
    rows = [row.fields for row in read_rows(versions, cut_short=True)] if versions.exists() else []
    facts = Facts(
        published.name,
        step,
        loader(out),
        rows,
        published.base_model,
        published.licence,
        published.data_licence,
    )
    (out / "README.md").write_text(card(run, facts), encoding="utf-8")
    shutil.copyfile(run_folder / "recipe.toml", out / "recipe.toml")
    if (evaluations := run_folder / "evaluation.jsonl").exists():
        shutil.copyfile(evaluations, out / "evaluation.jsonl")
    return step


def loader(folder: Path) -> str:
    """The class of transformers that loads a plain model."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return "AutoModelForSeq2SeqLM" if config.get("is_encoder_decoder") else "AutoModelForCausalLM"


def _write_model(checkpoint: Path, out: Path) -> None:
    """A plain model: adapters are merged, all else is copied as it is."""
    if (checkpoint / ADAPTERS).exists():
        from rlcf.policy import load_policy

        load_policy(checkpoint, dtype="float32", device="cpu").save(out)
        return
    out.mkdir(parents=True)
    for path in sorted(checkpoint.iterdir()):
        if path.is_file() and path.suffix != ".pt":
            shutil.copyfile(path, out / path.name)
