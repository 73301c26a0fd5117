"""What the tests share: the data sets and a judge."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from javabox import Judge

# Several processes test at a time: more threads in each would wait for one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Garbage is looked for less often, and not in what is imported: a full search took .6 s each time.
gc.set_threshold(10_000, 20, 50)

LONG = (
    "training/runtime/test_checkpoint.py",
    "engines/test_docker.py",
    "training/runtime/test_distributed.py",
    "attacks/test_attacks.py",
    "attacks/test_stdin_attacks.py",
    "engines/test_broken.py",
    "attacks/test_defences.py",
    "stdin/test_plain_java.py",
    "rlcf/test_doctor.py",
    "verdicts/test_judge.py",
    "tests/test_examples.py",
    "generation/test_endpoint.py",
    "experiments/test_ablation.py",
    "objectives/test_objectives.py",
)
"""Files whose tests take longest together: first, so that no process has one of them left at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def rank(item: pytest.Item) -> int:
        file = str(item.path)
        return next((at for at, name in enumerate(LONG) if file.endswith(name)), len(LONG))

    items.sort(key=rank)


def pytest_collection_finish() -> None:
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def base_is_open(tmp_path_factory: pytest.TempPathFactory) -> None:
    """On the Landlock floor root's programs run as another user, who must get to a test's cache or JDK."""
    if os.geteuid() == 0:
        folder = tmp_path_factory.getbasetemp()
        while folder.name and folder.stat().st_mode & 0o077 == 0:  # pytest's own: pytest-of-root and below
            folder.chmod(0o755)
            folder = folder.parent


@pytest.fixture
def tmp_path(tmp_path: Path) -> Path:
    tmp_path.chmod(0o755)
    return tmp_path


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder that RLCF_DATA names. Without it the test fails: no test passes by not having looked."""
    if not os.environ.get("RLCF_DATA"):
        pytest.fail(
            "set RLCF_DATA to a folder with the data sets; `rlcf data fetch all` fills ~/.cache/rlcf/data"
        )
    folder = Path(os.environ["RLCF_DATA"])
    if not (folder / "mbxp" / "mbjp_release_v1.2.jsonl").is_file():
        pytest.fail(f"RLCF_DATA names {folder}, which holds no mbxp/mbjp_release_v1.2.jsonl")
    return folder


@pytest.fixture(scope="session")
def judge() -> Iterator[Judge]:
    """One judge on the local engine for the whole session; it keeps its JVM warm."""
    with Judge(engine="local") as judge:
        yield judge


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says which commands of README.md and docs/ no test runs, and why."""
    passed = terminalreporter.getreports("passed")
    if not any(report.nodeid.startswith("tests/test_commands.py") for report in passed):
        return
    from tests.test_commands import COMMANDS, is_run, reason

    terminalreporter.section("commands of README.md and docs/ that are not run here")
    for command in COMMANDS:
        if not is_run(command):
            terminalreporter.write_line(f"{command}   ({reason(command)})")
