"""Writes data/train.jsonl: MBJP's problems as conversations, each with its tests."""

import json
from pathlib import Path

from rlcf import load_problems
from rlcf.adapters import rows

Path("data").mkdir(exist_ok=True)
lines = [json.dumps(row) + "\n" for row in rows(load_problems("mbjp", "train"))]
Path("data/train.jsonl").write_text("".join(lines), encoding="utf-8")
