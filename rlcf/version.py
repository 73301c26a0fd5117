"""Which rlcf this is: the release, and in a checkout of the repository its commit.

Not covered: where a wheel was built from; it has no commit.
"""

from __future__ import annotations

import importlib.metadata
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent


def release() -> str:
    """The version of the package that is installed."""
    return importlib.metadata.version("rlcf")


def commit() -> str | None:
    """The commit that is checked out, with "+" where files differ from it; None without a checkout."""
    if not (ROOT / ".git").exists():  # a wheel may lie in a folder of another repository
        return None
    found = _git("rev-parse", "--short=12", "HEAD")
    return f"{found}+" if found and _git("status", "--porcelain", "--untracked-files=no") else found


def _git(*words: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(ROOT), *words], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):  # no git, or a checkout that is another user's
        return None
    return done.stdout.strip() or None
