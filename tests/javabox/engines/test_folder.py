"""What a SIGKILL leaves of a judge is taken away by the next one, and nothing that is in use."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from javabox import Job, Judge, Outcome, Suite
from javabox.engines.folder import PREFIX, STARTING_SECONDS, private_folder
from tests.javabox.processes import wait_until

JOB = Job(
    "class Main { public static void main(String[] args) { assert 1 + args.length == 1; } }", Suite(whole="")
)


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for temporary files, of this process and of those that it starts."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    for above in (folder, *folder.parents[:3]):
        above.chmod(0o755)  # programs may have another user
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


def age(folder: Path) -> None:
    """Make a folder old enough to be taken away."""
    then = time.time() - 2 * STARTING_SECONDS
    os.utime(folder, (then, then))


def make_and_remove() -> None:
    with private_folder() as root:
        pass
    root.rmdir()


def killed(program: str) -> None:
    """Run Python until it prints its first line, and kill it."""
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()


def test_a_start_that_was_killed_leaves_no_folder_for_long(scratch: Path) -> None:
    killed(
        "import time\n"
        "from javabox.engines.folder import private_folder\n"
        "with private_folder(): print('up', flush=True); time.sleep(60)\n"
    )
    (left,) = scratch.iterdir()
    make_and_remove()
    assert left.exists(), "it might be of a start under way"
    age(left)
    make_and_remove()
    assert list(scratch.iterdir()) == []


def test_what_is_held_stays(scratch: Path) -> None:
    with private_folder() as held:
        age(held)
        make_and_remove()
        assert held.exists()
    make_and_remove()
    assert list(scratch.iterdir()) == []


def test_what_is_not_an_empty_folder_stays(scratch: Path) -> None:
    file, full, link, other = (
        scratch / name for name in (f"{PREFIX}file", f"{PREFIX}full", f"{PREFIX}link", "other")
    )
    file.touch()
    for folder in (full, other):
        folder.mkdir()
    (full / "note").touch()
    link.symlink_to(other)
    for path in (file, full, other):
        age(path)
    make_and_remove()
    assert sorted(scratch.iterdir()) == sorted((file, full, link, other))


def test_a_killed_judge_leaves_no_folder_and_a_live_one_keeps_its_own(scratch: Path) -> None:
    """The folder of the namespaces floor is empty to all but the judge that mounts there; that of the Landlock
    floor is removed by its warden."""
    with Judge("local", workers=1) as live:
        (own,) = scratch.iterdir()
        killed(
            "import time\n"
            "from javabox import Judge\n"
            "with Judge('local', workers=1): print('up', flush=True); time.sleep(60)\n"
        )
        left = set(scratch.iterdir()) - {own}
        assert len(left) == 1 or live.isolation != "namespaces"
        for folder in (own, *left):
            with contextlib.suppress(FileNotFoundError):
                age(folder)
        make_and_remove()
        assert wait_until(lambda: list(scratch.iterdir()) == [own])
        assert live.grade([JOB])[0].outcome is Outcome.PASSED
    assert wait_until(lambda: list(scratch.iterdir()) == [])
