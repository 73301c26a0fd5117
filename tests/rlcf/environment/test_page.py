"""docs/environment.md: its example runs and prints what the page says, and its table has every field."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

from rlcf.environment import Setting

PAGE = (Path(__file__).parents[3] / "docs/environment.md").read_text(encoding="utf-8")


def test_the_example_prints_what_the_page_says() -> None:
    (program,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    texts = re.findall(r"^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    local = program.replace("Judge()", 'Judge(engine="local", workers=1)')
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", local], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    half = -0.3 + 1.3 / 3
    first, second = texts
    assert done.stdout == f"-1.0\n{first}{half}\n{second}1.0\nNone\n1.0\n"


def test_the_table_has_every_field_of_a_setting() -> None:
    told = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert [name for name in told if name not in ("judge_error", "suite_error")] == [
        field.name for field in dataclasses.fields(Setting)
    ]
