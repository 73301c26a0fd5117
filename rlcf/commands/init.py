"""`rlcf init`: a runnable example for another trainer or evaluator, in a folder of its own."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from rlcf.errors import BadInput

Host = Literal["inspect_ai", "lm-eval", "openenv", "openrlhf", "trl", "verifiers", "verl"]


@dataclass(frozen=True)
class Init:
    """Write a runnable example for another trainer or evaluator: its files, and a README with the commands.

    Example: rlcf init trl --folder my-run
    """

    host: Positional[Annotated[Host, arg(metavar="HOST")]]
    """inspect_ai, lm-eval, openenv, openrlhf, trl, verifiers or verl (docs/hosts has a page each)."""
    folder: str | None = None
    """Where to: a new or an empty folder; by default one with the host's name."""

    def run(self) -> int:
        folder = Path(self.folder or self.host)
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise BadInput("is there and not empty: name a new folder", file=folder, field="folder")
        with as_file(files("rlcf") / "adapters" / "templates" / self.host) as template:
            copytree(template, folder, dirs_exist_ok=True, ignore=ignore_patterns("__pycache__"))
        print(f"written: {folder}; next: {folder / 'README.md'}")
        return 0
