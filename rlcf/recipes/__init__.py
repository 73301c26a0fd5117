"""Recipe files: read, changed by dotted names, written. The shipped ones lie here, `NAME.toml`.

    recipe = load_recipe("quickstart", {"ppo.epochs": 2})
    recipe.ppo.epochs                                          # 2
    override(recipe, {"rollout.temperature": 1.0})

What is unknown or ill-typed is named with file, line and field; so is the flat form of before, with the name
that a field has now.
"""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlcf.errors import BadInput
from rlcf.methods import METHODS
from rlcf.recipe import CHOICES, TABLES, TYPES, Recipe
from rlcf.recipes.renamed import RENAMED

SHIPPED = Path(__file__).parent


def load_recipe(name_or_path: str, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """The recipe in a TOML file or of a shipped name, with `overrides` (by dotted name) in its fields' place.

    A line `method = NAME` stands for the lines that `rlcf.methods` has of that name. Raises BadInput naming
    file, line and field.

    >>> load_recipe("quickstart", {"ppo.epochs": 2}).ppo.epochs
    2
    """
    path = Path(name_or_path)
    if not path.is_file():
        path = SHIPPED / f"{name_or_path}.toml"
    if not path.is_file():
        shipped = ", ".join(sorted(file.stem for file in SHIPPED.glob("*.toml"))) or "none"
        raise BadInput(f"no such recipe; shipped recipes: {shipped}", file=name_or_path)
    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        found = re.search(r"line (\d+)", str(error))
        line = int(found.group(1)) if found else None
        raise BadInput(f"not TOML: {error}", file=path, line=line) from error
    source = _Source(path, text)
    return override(_recipe(_checked(_expanded(dotted(table), source), source)), overrides or {})


def override(recipe: Recipe, values: Mapping[str, Any]) -> Recipe:
    """The recipe with other values, by dotted name. Raises BadInput naming the field.

    >>> override(Recipe(), {"rollout.temperature": 1.0, "seed": 1}).rollout.temperature
    1.0
    """
    return _recipe({**values_of(recipe), **_checked(values, _Source())})


def values_of(recipe: Recipe) -> dict[str, Any]:
    """The value of every field, by its dotted name, in the order of the tables."""
    return dotted(dataclasses.asdict(recipe))


def apply_method(recipe: Recipe, name: str) -> Recipe:
    """The recipe with the lines of the method called `name`; BadInput lists the known names."""
    return override(recipe, _method(name, _Source()))


def check_values(recipe: Recipe) -> None:
    """Raises BadInput where a field has a value that it may not have; what was loaded is checked already."""
    _checked(values_of(recipe), _Source())


def to_toml(recipe: Recipe) -> str:
    """Every field of the recipe; `load_recipe` reads it back."""
    rows = []
    for name, value in values_of(recipe).items():
        table, dot, field = name.rpartition(".")
        if dot and f"\n[{table}]\n" not in rows:
            rows.append(f"\n[{table}]\n")
        # JSON's text and numbers are TOML's too, and these are all that a recipe holds.
        rows.append(f"{field} = {json.dumps(value)}\n")
    return "".join(rows)


@dataclass(frozen=True, slots=True)
class _Source:
    """Where values come from, for messages: a file with its text, or an override."""

    path: Path | None = None
    text: str = ""

    def fault(self, message: str, name: str) -> BadInput:
        return BadInput(message, file=self.path, line=self._line(name), field=name)

    def _line(self, name: str) -> int | None:
        """Of `field` under `[table]`, of `table.field`, or of the table."""
        wanted, table = name.rpartition(".")[2], ""
        for number, line in enumerate(self.text.splitlines(), start=1):
            if header := re.match(r"\s*\[\s*([\w.-]+)\s*\]", line):
                table = header[1]
            key = re.match(r"\s*[\"']?([\w.-]+)[\"']?\s*=", line)
            found = f"{table}.{key[1]}".lstrip(".") if key else table
            if found == name or (key and not table and key[1] == wanted and "." not in name):
                return number
        return None


def _recipe(values: Mapping[str, Any]) -> Recipe:
    """Of checked values by dotted name; what is missing has its default."""
    top: dict[str, Any] = {name: value for name, value in values.items() if "." not in name}
    for table, default in TABLES.items():
        own = {
            name.partition(".")[2]: value for name, value in values.items() if name.startswith(f"{table}.")
        }
        top[table] = dataclasses.replace(default, **own)
    return Recipe(**top)


def dotted(table: Mapping[str, Any]) -> dict[str, Any]:
    """Tables taken apart: `{"ppo": {"epochs": 2}}` becomes `{"ppo.epochs": 2}`."""
    flat: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, Mapping):
            flat |= {f"{name}.{field}": inner for field, inner in value.items()}
        else:
            flat[name] = value
    return flat


def _expanded(values: Mapping[str, Any], source: _Source) -> dict[str, Any]:
    """A line `method = NAME` replaced by the lines it stands for."""
    if "method" not in values:
        return dict(values)
    own = {name: value for name, value in values.items() if name != "method"}
    lines = _method(values["method"], source)
    for name in lines:
        if name in own:
            message = f"the method {values['method']!r} sets it: leave out this line, or the method's"
            raise source.fault(message, name)
    return {**own, **lines}


def _method(name: str, source: _Source) -> Mapping[str, Any]:
    if not isinstance(name, str) or name not in METHODS:
        raise source.fault(f"unknown method {name!r}; known: {', '.join(METHODS)}", "method")
    return METHODS[name]


def _checked(values: Mapping[str, Any], source: _Source) -> dict[str, Any]:
    checked = {}
    for name, value in values.items():
        if name not in TYPES:
            raise source.fault(_unknown(name), name)
        value, message = _converted(value, TYPES[name])
        words = CHOICES.get(name, (value,))
        if not message and value not in words:
            message = f"must be one of {', '.join(words)}, not {value!r}"
        if message:
            raise source.fault(message, name)
        checked[name] = value
    return checked


def _unknown(name: str) -> str:
    if name in RENAMED:
        return f"recipes have tables now: this is {' and '.join(RENAMED[name])}"
    table = name.partition(".")[0]
    if table in TABLES:
        fields = ", ".join(field.name for field in dataclasses.fields(TABLES[table]))
        return f"no recipe has this field; [{table}] has {fields}"
    return f"no recipe has this field; there are seed, start and the tables {', '.join(TABLES)}"


def _converted(value: Any, wanted: Any) -> tuple[Any, str]:
    """The value as the field's type has it, and what is wrong with it."""
    if wanted is float and type(value) is int:
        value = float(value)
    if type(value) is not wanted:
        return value, f"must be {wanted.__name__}, not {type(value).__name__} ({value!r})"
    if isinstance(value, int | float) and not 0 <= value < float("inf"):
        return value, f"must not be negative or infinite, but is {value!r}"
    return value, ""
