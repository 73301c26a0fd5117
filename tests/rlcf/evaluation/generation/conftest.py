"""A tiny chat model, the command line in a process, and a server that is started and killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch

from rlcf.policy import tiny_policy
from tests.rlcf.conftest import SmallSet
from tests.rlcf.policy.conftest import spread

ROOT = Path(__file__).parents[4]
TEMPLATE = (
    "{% for m in messages %}<{{ m.role }}>\n{{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}<assistant>\n{% endif %}"
)


@dataclass(frozen=True)
class Models:
    """One set of weights, as a base model and as one with a chat template."""

    base: Path
    chat: Path
    problems: Path
    """Twelve of MBJP's."""


@pytest.fixture(scope="session")
def models(data_dir: Path, small_set: SmallSet, tmp_path_factory: pytest.TempPathFactory) -> Models:
    torch.set_num_threads(1)  # what is this small loses by more
    folder = tmp_path_factory.mktemp("bench")
    policy = spread(tiny_policy([row["prompt"] for row in small_set.rows] * 20, seed=0))
    policy.save(folder / "base")
    policy.tokenizer.chat_template = TEMPLATE
    policy.save(folder / "chat")
    lines = (data_dir / "mbxp" / "mbjp_release_v1.2.jsonl").read_text(encoding="utf-8").splitlines()[12:24]
    (folder / "twelve.jsonl").write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return Models(folder / "base", folder / "chat", folder / "twelve.jsonl")


@dataclass
class Processes:
    """What a test has started."""

    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """`python ARGUMENTS` in a session of its own, so that a kill takes its children too."""
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.running.append(process)
        return process

    def kill(self, process: subprocess.Popen[str]) -> None:
        """SIGKILL."""
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.fixture
def processes() -> Iterator[Processes]:
    started = Processes()
    yield started
    for process in started.running:
        if process.poll() is None:
            started.kill(process)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def until(there: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Waits until something is there, while the process that should make it runs."""
    end = time.monotonic() + 120
    while not there():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)


def lines(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a file that may be being written."""
    text = path.read_text() if path.exists() else ""
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]
