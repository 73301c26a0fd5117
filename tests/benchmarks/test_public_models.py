"""The recipes of public models, on configurations and random models of those shapes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks.public_models import (
    CARDS,
    CODEBERT,
    PUBLIC,
    dry_run,
    fitting_tokenizer,
    local,
    metrics,
    planned,
    prepared,
)
from rlcf.cli import main
from rlcf.model_name import fresh_size
from rlcf.policy.memory import parameter_count, twin
from rlcf.recipes import SHIPPED, load_recipe
from rlcf.training.plan import config_of
from tests.rlcf.processes import go

MILLIONS = {
    "qwen2.5-coder-0.5b": 494,
    "qwen2.5-coder-1.5b": 1_544,
    "codegen-350m": 357,
    "codet5-large": 738,
    "deepseek-coder-1.3b": 1_346,
}
"""Parameters that the models are published with."""


def test_every_recipe_of_a_public_model_has_a_shape() -> None:
    names = [path.name.removesuffix(".toml") for path in SHIPPED.glob("*.toml")]
    assert {name for name in names if not fresh_size(load_recipe(name).model.name)} == set(PUBLIC)


@pytest.mark.parametrize("name", PUBLIC)
def test_it_fits_its_cards_as_its_comment_says(name: str, tmp_path: Path) -> None:
    whole = twin(config_of(local(name, tmp_path)), torch.float32)
    assert parameter_count(whole) == pytest.approx(MILLIONS[name] * 1e6, rel=0.005)
    text = (SHIPPED / f"{name}.toml").read_text(encoding="utf-8")
    assert text.startswith("# NOT RUN HERE")
    said = re.search(r"# Planned memory: ([\d.]+) GiB of a card of 24, ([\d.]+) of one of 80", text)
    assert said
    for card, figure in zip(CARDS, said.groups(), strict=True):
        peak = planned(name, card).peak / 2**30
        assert peak == pytest.approx(float(figure), abs=0.06)
        assert peak <= card


def test_the_command_plans_for_a_card_that_is_not_here(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    local("codegen-350m", tmp_path)
    named = ["--model.name", str(tmp_path / "model"), "--discriminator.model", str(tmp_path / "codebert")]
    assert main(["train", "codegen-350m", *named, "--plan-for", "24"]) == 0
    peak = planned("codegen-350m", 24).peak / 2**30
    assert f"fits a card of 24 GiB: {peak:.1f} GiB" in capsys.readouterr().out
    assert main(["train", "codegen-350m", *named, "--plan-for", "8"]) == 0
    assert "does not fit a card of 8 GiB" in capsys.readouterr().out


def test_the_planned_discriminator_is_the_one_that_is_named(tmp_path: Path) -> None:
    local("codegen-350m", tmp_path)
    needs = {need.what: need.bytes for need in planned("codegen-350m", 24).needs}
    assert needs["the discriminator"] == pytest.approx(125e6 * 16, rel=0.01)


@pytest.mark.parametrize("name", [*PUBLIC, "codebert"])
def test_every_token_of_a_model_is_a_text(name: str) -> None:
    model = PUBLIC.get(name, CODEBERT)
    tokenizer = fitting_tokenizer(model)
    assert len(tokenizer) == model.config(1).vocab_size
    assert tokenizer.decode([len(tokenizer) - 1]) != ""
    text = "class A {\n    static int f(int x) {\n"
    ids = tokenizer(text)["input_ids"]
    assert tokenizer.decode(ids, skip_special_tokens=True) == text
    assert max(ids) < 1024


def test_one_of_the_smallest_takes_a_step_as_in_the_benchmark(tmp_path: Path) -> None:
    run = dry_run("codegen-350m", tmp_path, layers=1, narrow=16)  # the whole width is the benchmark's
    check_steps(tmp_path, run.rows)


def test_the_other_of_the_smallest_takes_a_step_by_its_recipe(tmp_path: Path) -> None:
    """What the benchmark runs, in a process that need not import first."""
    _, arguments = prepared("codet5-large", tmp_path, layers=1, narrow=16)
    done = go(tmp_path, *arguments)
    assert done.returncode == 0, done.stderr
    check_steps(tmp_path, metrics(tmp_path))


def check_steps(scratch: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """The run in this folder learnt from references, took both steps and was told of."""
    assert [row["supervised_loss"] > 0 for row in rows if "supervised_loss" in row] == [True]
    first, second = (row for row in rows if "reward" in row)
    assert first["judge_errors"] == second["judge_errors"] == 0
    assert first["rollouts"] == second["rollouts"] == 4
    assert (scratch / "runs/dry/checkpoints/step-000002").is_dir()
    assert (scratch / "runs/dry/report.html").is_file()
