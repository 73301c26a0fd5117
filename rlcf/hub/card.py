"""The card of a trained model: how it is used, what was measured, and all that it was made by.

Every number comes from the run's evaluation rows and carries its interval; what was not measured is said not
to have been. Names of folders are cut to their last part. Not covered: what a model may be used for, which
depends on licences that are named here and not read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlcf.evaluation.provenance import told
from rlcf.hub.licences import data_licence
from rlcf.model_name import fresh_size, is_path
from rlcf.report.before_after import Change, caption, changes, stage_rows
from rlcf.report.run_folder import Run

METRIC_NAMES = {"compile": "compile@1", "exec": "exec@1", "pass": "pass@1"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a card needs beside the run."""

    name: str
    """`owner/name` on the hub."""
    step: int
    """The checkpoint that the weights are from."""
    loader: str
    """The class of transformers that loads it."""
    versions: Sequence[Mapping[str, Any]]
    """Rows of the run's versions.jsonl: the first start, then each time that it was resumed."""
    base_model: str | None = None
    """An id on the hub; None: what the recipe says."""
    licence: str | None = None
    data_licence: str | None = None
    """Of problems from a file."""


def card(run: Run, facts: Facts) -> str:
    """The text of the card, its metadata in front. Needs huggingface_hub."""
    from huggingface_hub import ModelCardData

    found = changes(run)
    data = ModelCardData(
        language="code",
        license=facts.licence,
        library_name="transformers",
        pipeline_tag="text-generation",
        tags=["java", "code", "rlcf", "reinforcement-learning"],
        base_model=_base_id(run, facts),
        model_name=facts.name.rpartition("/")[2],
        eval_results=_results(run, facts, found) or None,
    )
    sections = [
        f"---\n{data.to_yaml()}\n---\n\n# {facts.name.rpartition('/')[2]}",
        "A model that writes Java, trained with rlcf on what a compiler and tests say of its programs.",
        _use(run, facts),
        _measured(run, facts, found),
        _made(run, facts),
    ]
    return "\n\n".join(sections) + "\n"


def measured_step(run: Run) -> int | None:
    """The step of the checkpoint that was evaluated after training; None where none was."""
    rows = stage_rows(run, "after")
    return int(rows[0]["step"]) if rows and isinstance(rows[0].get("step"), int) else None


def _base_id(run: Run, facts: Facts) -> str | None:
    """The base model's id on the hub, where it has one."""
    name = str(run.recipe.get("model.name"))
    if facts.base_model or run.recipe.get("start") or fresh_size(name) or is_path(name):
        return facts.base_model
    return name


def _base(run: Run, facts: Facts) -> str:
    """In words."""
    if known := _base_id(run, facts):
        return f"`{known}`"
    if start := run.recipe.get("start"):
        return f"the policy that the run `{Path(str(start)).name}` began its steps with"
    name = str(run.recipe.get("model.name"))
    return "none; trained from random weights" if fresh_size(name) else f"a model folder, `{Path(name).name}`"


def _results(run: Run, facts: Facts, found: Sequence[Change]) -> list[Any]:
    """The rates after training, in percent, for the hub's table."""
    from huggingface_hub import EvalResult

    if measured_step(run) != facts.step:
        return []
    data, split = _data_name(run), stage_rows(run, "after")[0]["split"]
    return [
        EvalResult(
            task_type="text-generation",
            dataset_type=data,
            dataset_name=data,
            dataset_split=split,
            metric_type=METRIC_NAMES.get(change.metric, change.metric),
            metric_name=f"{METRIC_NAMES.get(change.metric, change.metric)}, {change.decoding}",
            metric_value=round(100 * change.after.rate, 1),
        )
        for change in found
        if change.after is not None
    ]


def _use(run: Run, facts: Facts) -> str:
    asked = "asked by its tokenizer's chat template, and replies with a program in a fence"
    continues = (
        "given Java up to the open body of a method, and writes the rest of the method and of its class"
    )
    return f"""## Use

```python
from transformers import AutoTokenizer, {facts.loader}

model = {facts.loader}.from_pretrained("{facts.name}")
tokenizer = AutoTokenizer.from_pretrained("{facts.name}")
```

It is {asked if run.recipe.get("model.chat") else continues}. Nobody has read the programs that it
writes: run them isolated."""


def _measured(run: Run, facts: Facts, found: Sequence[Change]) -> str:
    step = measured_step(run)
    if step is None:
        return "## Measured\n\nNothing: the run was not evaluated after its steps."
    if step != facts.step:
        return (
            f"## Measured\n\nNothing of these weights: they are of step {facts.step}, and the run was"
            f" evaluated at step {step}."
        )
    rows = ["| decoding | rate | before | after | gain in points |", "|---|---|---|---|---|"]
    for change in found:
        after = change.after.percent() if change.after else "–"
        gained = change.gain.points() if change.gain else "–"
        name = METRIC_NAMES.get(change.metric, change.metric)
        rows.append(f"| {change.decoding} | {name} | {change.before.percent()} | {after} | {gained} |")
    judged = told(stage_rows(run, "after")[0].get("provenance", {}))
    return "\n".join(
        [
            "## Measured",
            "",
            *rows,
            "",
            caption(run),
            "",
            f"Judged by: {judged}. Every row: `evaluation.jsonl`.",
        ]
    )


def _made(run: Run, facts: Facts) -> str:
    recipe = run.recipe
    grounding = _own(str(recipe.get("objective.grounding")))
    lines = [
        "## Made by",
        "",
        "| | |",
        "|---|---|",
        "| recipe | `recipe.toml` in this repository; `rlcf train recipe.toml` trains by it again |",
        f"| objective, grounding | {recipe.get('objective.name')}, {grounding} |",
        f"| steps, seed | {facts.step} of {recipe.get('objective.steps')}, seed {recipe.get('seed')} |",
        f"| base model | {_base(run, facts)} |",
        f"| rlcf | {_versions(facts.versions)} |",
        f"| data | {_data_name(run)}: {data_licence(str(recipe.get('data.problems')), facts.data_licence)} |",
    ]
    return "\n".join(lines)


def _own(grounding: str) -> str:
    """A grounding of the user's own without the folder of its file."""
    file, colon, function = grounding.rpartition(":")
    return f"{Path(file).name}:{function}" if colon else grounding


def _data_name(run: Run) -> str:
    name = str(run.recipe.get("data.problems"))
    return Path(name).name if "/" in name or Path(name).suffix else name


def _versions(rows: Sequence[Mapping[str, Any]]) -> str:
    """The releases and commits that trained, each once."""
    if not rows:
        return "not recorded by the run"
    words = [
        f"{row.get('rlcf')}, " + (f"commit {row['commit']}" if row.get("commit") else "no commit (a wheel)")
        for row in rows
    ]
    changed = " (+: with uncommitted changes)" if any(word.endswith("+") for word in words) else ""
    return "; then ".join(dict.fromkeys(words)) + changed
