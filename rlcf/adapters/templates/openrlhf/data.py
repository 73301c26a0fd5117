"""Writes train.jsonl: MBJP's problems, each with its tests."""

import json
from pathlib import Path

from rlcf import load_problems
from rlcf.adapters import rows

made = rows(load_problems("mbjp", "train"))
Path("train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in made), encoding="utf-8")
