"""Progress: lines where there is no terminal, a bar where there is one, stdout untouched in both."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from rlcf.progress import progress

WORK = """
import time
from rlcf import progress
progress.SECONDS_BETWEEN_LINES = 0.2
with progress.progress("outer", 2) as outer:
    for _ in range(2):
        with progress.progress("inner", 10) as inner:
            for at in range(10):
                time.sleep(0.05)
                inner(1, loss=1 / (at + 1), compile="50.0%")
        outer()
print("result")
"""


def test_without_a_terminal_there_are_plain_lines_on_stderr() -> None:
    done = subprocess.run([sys.executable, "-c", WORK], capture_output=True, text=True, check=True)
    assert done.stdout == "result\n"
    lines = done.stderr.splitlines()
    assert len(lines) >= 4
    assert "\x1b" not in done.stderr
    assert any("s left, " in line or " left, " in line for line in lines)
    assert lines[-1].startswith("outer: 2/2, ")
    assert sum("inner: 10/10" in line and "loss 0.1, compile 50.0%" in line for line in lines) == 2


def test_on_a_terminal_there_is_a_bar_and_stdout_is_still_clean() -> None:
    leader, follower = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(
        [sys.executable, "-c", WORK], stdout=subprocess.PIPE, stderr=follower, env=environment
    ) as process:
        os.close(follower)
        shown = b""
        while True:
            try:
                part = os.read(leader, 65536)
            except OSError:  # Linux's way to say that the other side is closed
                break
            if not part:
                break
            shown += part
        assert process.stdout is not None
        assert process.stdout.read() == b"result\n"
    os.close(leader)
    assert process.returncode == 0
    assert "\x1b[" in shown.decode()
    assert "10/10" in shown.decode()
    assert "━" in shown.decode()


def test_a_total_that_is_not_known_is_not_shown(capfd: pytest.CaptureFixture[str]) -> None:
    with progress("counting") as advance:
        for _ in range(3):
            advance()
    assert "counting: 3, " in capfd.readouterr().err


def test_an_error_in_the_work_is_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError), progress("failing", 3) as advance:
        advance(1 // 0)
