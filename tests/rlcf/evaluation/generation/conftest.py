"""A tiny chat model, the command line in a process, and a server that is started and killed."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch

from rlcf.policy import tiny_policy
from tests.rlcf.conftest import SmallSet
from tests.rlcf.evaluation.generation.server import SOON
from tests.rlcf.policy.conftest import spread
from tests.rlcf.processes import Running, begin

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


@pytest.fixture(autouse=True)
def asked_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """As by `server.impatient`, in this process."""
    monkeypatch.setattr("rlcf.evaluation.generation.endpoint.PAUSE", SOON)


@dataclass
class Processes:
    """What a test has started."""

    folder: Path
    running: list[Running] = field(default_factory=list)

    def start(self, function: Callable[..., int | None], *arguments: object, **more: str) -> Running:
        """`function(*arguments)` in a process of its own."""
        self.running.append(begin(function, *arguments, folder=self.folder, more=more))
        return self.running[-1]


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    started = Processes(tmp_path)
    yield started
    for process in started.running:
        process.kill()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def until(there: Callable[[], bool], process: Running) -> None:
    """Waits until something is there, while the process that should make it runs."""
    end = time.monotonic() + 120
    while not there():
        assert process.process.is_alive(), process.err.read_text()
        assert time.monotonic() < end
        time.sleep(0.02)


def lines(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a file that may be being written."""
    text = path.read_text() if path.exists() else ""
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]
