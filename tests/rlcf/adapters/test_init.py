"""`rlcf init`: a folder of its own, with what its README names; never into a folder that holds something."""

from __future__ import annotations

import ast
import re
import typing
from collections.abc import Callable
from pathlib import Path

import pytest

from rlcf.cli import main
from rlcf.commands.init import Host

HOSTS = typing.get_args(Host)
ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("host", HOSTS)
def test_an_example_holds_what_its_readme_names(host: str, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    assert main(["init", host, "--folder", str(folder)]) == 0
    text = (folder / "README.md").read_text()
    named = set(re.findall(r"(?<![\w./-])(\w+\.(?:py|yaml))\b", text))
    assert named - {file.name for file in folder.rglob("*")} == set()
    assert "```sh\npip install " in text
    assert not [file for file in folder.rglob("*") if file.name == "__pycache__"]
    for file in folder.rglob("*.py"):
        assert ast.get_docstring(ast.parse(file.read_text())), file


@pytest.mark.parametrize("host", HOSTS)
def test_every_host_has_a_page_that_pins_the_examples_version(host: str, tmp_path: Path) -> None:
    assert main(["init", host, "--folder", str(tmp_path)]) == 0
    page = (ROOT / "docs" / "hosts" / f"{host}.md").read_text()
    script = (ROOT / ".ci" / "hosts").read_text()
    files = "".join(file.read_text() for file in tmp_path.rglob("*") if file.is_file())
    (version,) = set(re.findall(rf"{host}(?:\[\w+\])?==([\d.]+\d)", files))
    assert f"Version {version}" in page
    assert f"{host}=={version}" in script or f"{host}[api]=={version}" in script


def test_nothing_is_written_over(tmp_path: Path, complaint: Callable[..., str]) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("mine")
    assert "is there and not empty" in complaint("init", "trl", "--folder", "notes")
    assert [file.name for file in (tmp_path / "notes").iterdir()] == ["mine.txt"]
    (tmp_path / "file").write_text("")
    assert "is there and not empty" in complaint("init", "trl", "--folder", "file")
