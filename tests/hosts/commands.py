"""Runs the commands that an example's README names, in the host's own environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def run(words: list[str], folder: Path, **environment: str) -> str:
    """What a command prints; it must succeed."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, **environment}
    done = subprocess.run(
        words, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return done.stdout
