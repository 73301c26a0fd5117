"""Recipes: what is written is read back, what is wrong is named with file, line and field."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from rlcf.errors import BadInput
from rlcf.grounding.table import grounding_entry
from rlcf.methods import METHODS
from rlcf.recipe import SHIPPED, Recipe, load_recipe, to_toml
from rlcf.training.run import check_parts


def write(folder: Path, text: str) -> str:
    path = folder / "my.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_toml_round_trip(tmp_path: Path) -> None:
    recipe = Recipe(seed=7, problems='odd "name"\n\\é', policy_lr=1e-7, lora_rank=8)
    assert load_recipe(write(tmp_path, to_toml(recipe))) == recipe


def test_few_fields_and_each_is_explained() -> None:
    fields = dataclasses.fields(Recipe)
    assert len(fields) <= 40
    source = Path(__import__("rlcf.recipe").recipe.__file__).read_text(encoding="utf-8")
    for field in fields:
        assert re.search(rf'    {field.name}: [^=]+ = .*\n    """.', source), field.name


def test_overrides_win_and_whole_numbers_are_numbers(tmp_path: Path) -> None:
    path = write(tmp_path, "seed = 3\nkl = 1\n")
    recipe = load_recipe(path, {"seed": 4})
    assert (recipe.seed, recipe.kl) == (4, 1.0)
    assert isinstance(recipe.kl, float)


@pytest.mark.parametrize(
    ("text", "line", "field"),
    [
        ("seed = 1\nsped = 2\n", 2, "sped"),
        ('seed = "1"\n', 1, "seed"),
        ("\n\nppo_steps = 1.5\n", 3, "ppo_steps"),
        ("seed = true\n", 1, "seed"),
        ("kl = -0.1\n", 1, "kl"),
        ("kl = nan\n", 1, "kl"),
        ("[ppo]\nkl = 0.1\n", 1, "ppo"),
    ],
)
def test_bad_fields_are_named(tmp_path: Path, text: str, line: int, field: str) -> None:
    with pytest.raises(BadInput) as error:
        load_recipe(write(tmp_path, text))
    assert (error.value.line, error.value.field) == (line, field)
    assert "my.toml" in str(error.value)


@pytest.mark.parametrize("overrides", [{"sped": 1}, {"seed": "x"}])
def test_bad_overrides_are_named(tmp_path: Path, overrides: dict[str, Any]) -> None:
    with pytest.raises(BadInput) as error:
        load_recipe(write(tmp_path, ""), overrides)
    assert error.value.field == next(iter(overrides))


def test_text_that_is_no_toml_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as error:
        load_recipe(write(tmp_path, "seed = 1\nkl = = 2\n"))
    assert error.value.line == 2


def test_an_unknown_recipe_lists_the_shipped_ones() -> None:
    with pytest.raises(BadInput, match="quickstart"):
        load_recipe("quikstart")


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_shipped_recipes_load_by_name(path: Path) -> None:
    assert isinstance(load_recipe(path.stem), Recipe)


def test_a_method_stands_for_its_lines(tmp_path: Path) -> None:
    recipe = load_recipe(write(tmp_path, 'seed = 3\nmethod = "rltf-online"\n'))
    assert recipe == Recipe(seed=3, **METHODS["rltf-online"])
    assert load_recipe(write(tmp_path, to_toml(recipe))) == recipe, "a resolved recipe names no method"


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_lines_of_a_recipe(tmp_path: Path, method: str) -> None:
    recipe = load_recipe(write(tmp_path, f'method = "{method}"\n'))
    assert recipe != Recipe()
    check_parts(recipe, grounding_entry(recipe.grounding))


@pytest.mark.parametrize(
    ("text", "line", "field", "words"),
    [
        ('method = "vibes"\n', 1, "method", "known: sft"),
        ('method = "coderl"\nkl = 0.1\ngrounding = "rlcf"\n', 3, "grounding", "leave out this line"),
        ("method = 1\n", 1, "method", "known: sft"),
    ],
)
def test_a_method_that_is_unknown_or_contradicted(
    tmp_path: Path, text: str, line: int, field: str, words: str
) -> None:
    with pytest.raises(BadInput, match=words) as error:
        load_recipe(write(tmp_path, text))
    assert (error.value.line, error.value.field) == (line, field)
