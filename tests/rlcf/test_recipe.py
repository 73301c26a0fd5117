"""Recipes: what is written is read back, what is wrong is named with file, line and field."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from rlcf.commands.options import refuse_renamed
from rlcf.errors import BadInput
from rlcf.grounding.table import grounding_entry
from rlcf.methods import METHODS
from rlcf.recipe import TABLES, TYPES, Recipe
from rlcf.recipes import SHIPPED, load_recipe, override, to_toml
from rlcf.recipes.renamed import RENAMED
from rlcf.training.check import check_parts


def write(folder: Path, text: str) -> str:
    path = folder / "my.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_toml_round_trip(tmp_path: Path) -> None:
    recipe = override(
        Recipe(), {"seed": 7, "data.problems": 'odd "name"\n\\é', "objective.lr": 1e-7, "model.lora_rank": 8}
    )
    assert load_recipe(write(tmp_path, to_toml(recipe))) == recipe


def test_tables_are_short_and_each_field_is_explained() -> None:
    source = Path(__import__("rlcf.recipe").recipe.__file__).read_text(encoding="utf-8")
    for table in TABLES.values():
        fields = dataclasses.fields(table)
        assert len(fields) <= 12
        for field in fields:
            assert re.search(rf'    {field.name}: [^=]+ = .*\n    """.', source), field.name


def test_no_field_hides_several_numbers() -> None:
    assert set(TYPES.values()) == {int, float, str, bool}


def test_overrides_win_and_whole_numbers_are_numbers(tmp_path: Path) -> None:
    path = write(tmp_path, "seed = 3\n[kl]\ncoef = 1\n")
    recipe = load_recipe(path, {"seed": 4, "ppo.epochs": 2})
    assert (recipe.seed, recipe.ppo.epochs, recipe.kl.coef) == (4, 2, 1.0)
    assert isinstance(recipe.kl.coef, float)


@pytest.mark.parametrize(
    ("text", "line", "field"),
    [
        ("seed = 1\nsped = 2\n", 2, "sped"),
        ('seed = "1"\n', 1, "seed"),
        ("\n\n[objective]\nsteps = 1.5\n", 4, "objective.steps"),
        ("[supervised]\nsteps = 1\n[objective]\nsteps = 1.5\n", 4, "objective.steps"),
        ("seed = true\n", 1, "seed"),
        ("[kl]\ncoef = -0.1\n", 2, "kl.coef"),
        ("[kl]\ncoef = nan\n", 2, "kl.coef"),
        ("[ppo]\nkl = 0.1\n", 2, "ppo.kl"),
        ("ppo.kl = 0.1\n", 1, "ppo.kl"),
        ("[pppo]\nepochs = 1\n", 2, "pppo.epochs"),
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


@pytest.mark.parametrize("old", RENAMED)
def test_the_flat_form_is_told_the_new_names(tmp_path: Path, old: str) -> None:
    with pytest.raises(BadInput, match="tables now") as error:
        load_recipe(write(tmp_path, f"seed = 1\n{old} = 1\n"))
    assert (error.value.line, error.value.field) == (2, old)
    assert all(new in str(error.value) and new in TYPES for new in RENAMED[old])


def test_flags_of_the_flat_form_are_told_the_new_names() -> None:
    with pytest.raises(BadInput, match=re.escape("--objective.steps")):
        refuse_renamed(["quickstart", "--seed", "1", "--ppo-steps=3"])


def test_text_that_is_no_toml_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as error:
        load_recipe(write(tmp_path, "seed = 1\nstart = = 2\n"))
    assert error.value.line == 2


def test_an_unknown_recipe_lists_the_shipped_ones() -> None:
    with pytest.raises(BadInput, match="quickstart"):
        load_recipe("quikstart")


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_shipped_recipes_load_by_name(path: Path) -> None:
    assert isinstance(load_recipe(path.stem), Recipe)


def test_a_method_stands_for_its_lines(tmp_path: Path) -> None:
    recipe = load_recipe(write(tmp_path, 'seed = 3\nmethod = "rltf-online"\n'))
    assert recipe == override(Recipe(), {"seed": 3, **METHODS["rltf-online"]})
    assert load_recipe(write(tmp_path, to_toml(recipe))) == recipe, "a resolved recipe names no method"


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_lines_of_a_recipe(tmp_path: Path, method: str) -> None:
    recipe = load_recipe(write(tmp_path, f'method = "{method}"\n'))
    assert recipe != Recipe()
    check_parts(recipe, grounding_entry(recipe.objective.grounding))


@pytest.mark.parametrize(
    ("text", "line", "field", "words"),
    [
        ('method = "vibes"\n', 1, "method", "known: sft"),
        (
            'method = "coderl"\n[objective]\ngrounding = "rlcf"\n',
            3,
            "objective.grounding",
            "leave out this line",
        ),
        ("method = 1\n", 1, "method", "known: sft"),
    ],
)
def test_a_method_that_is_unknown_or_contradicted(
    tmp_path: Path, text: str, line: int, field: str, words: str
) -> None:
    with pytest.raises(BadInput, match=words) as error:
        load_recipe(write(tmp_path, text))
    assert (error.value.line, error.value.field) == (line, field)
