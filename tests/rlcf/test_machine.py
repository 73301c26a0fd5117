"""How a machine runs a recipe: written, read back, explained, and no part of the recipe."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from rlcf import machine as module
from rlcf.machine import Machine, load_machine, to_toml
from rlcf.recipe import Recipe


def test_toml_round_trip(tmp_path: Path) -> None:
    machine = Machine(
        tokens_per_microbatch=7, gradient_checkpointing=True, expected_values=False, trackers="wandb, trackio"
    )
    (tmp_path / "machine.toml").write_text(to_toml(machine), encoding="utf-8")
    assert load_machine(tmp_path / "machine.toml") == machine
    assert machine.tracker_names == ["wandb", "trackio"]
    assert Machine().tracker_names == []


def test_each_field_is_explained_and_none_is_the_recipes() -> None:
    source = Path(module.__file__).read_text(encoding="utf-8")
    names = {field.name for field in dataclasses.fields(Machine)}
    for name in names:
        assert re.search(rf'    {name}: [^=]+ = .*\n    """.', source), name
    assert names.isdisjoint(field.name for field in dataclasses.fields(Recipe))
