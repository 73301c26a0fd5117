"""What names a model: a folder or an id on the Hugging Face hub. Told apart without torch or network.

A mistyped folder must not become a download: what looks like a path, or stands in a folder that is there, is
one. Not covered: whether the hub has a model of that name.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Literal, cast, get_args

from rlcf.errors import BadInput

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?")
CONFIGS = ("config.json", "adapter_config.json")
WEIGHTS = (".safetensors", ".bin", ".pt")
BLOCK = 1 << 16


Size = Literal["tiny", "small", "base-30m", "base-100m"]
"""Models that are made on the spot (`rlcf.policy.tiny`)."""


def fresh_size(name: str) -> Size | None:
    """`name` where it is that of a model that is made on the spot."""
    return cast(Size, name) if name in get_args(Size) else None


def is_path(name: str) -> bool:
    """Whether `name` means a folder: it begins as a path does, is there, or lies in a folder that is."""
    path = Path(name)
    beside = "/" in name and path.parts[0] != name and Path(path.parts[0]).is_dir()
    return name.startswith((".", "/", "~")) or name.count("/") > 1 or path.exists() or beside


def check_model_name(name: str | Path, *, field: str = "model") -> None:
    """Raises BadInput, naming `field`, for a folder without a model and for what is neither a folder nor
    possible as an id on the hub."""
    if is_path(str(name)):
        if not Path(name).is_dir():
            raise BadInput("no such model folder", file=name, field=field)
        if not any((Path(name) / config).is_file() for config in CONFIGS):
            raise BadInput("holds no model: config.json is missing", file=name, field=field)
    elif not _HUB_ID.fullmatch(str(name)) or ".." in str(name) or "--" in str(name):
        raise BadInput(f"{str(name)!r} is neither a folder nor an id on the hub (owner/name)", field=field)


def fingerprint(name: str) -> str:
    """Tells the weights in a folder from others by their files' names, sizes, beginnings and ends; empty for
    a model on the hub."""
    if not Path(name).is_dir():
        return ""
    found = hashlib.sha256()
    for path in sorted(path for path in Path(name).iterdir() if path.suffix in WEIGHTS):
        size = path.stat().st_size
        with path.open("rb") as file:
            found.update(f"{path.name} {size}".encode() + file.read(BLOCK))
            file.seek(max(0, size - BLOCK))
            found.update(file.read(BLOCK))
    return found.hexdigest()[:16]
