"""What the hosts' tests share: a hundred replies with the rewards that `rlcf grade` gives them, and a judge
that is killed while a host waits for it."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from javabox import SharedJudge
from tests.javabox.processes import shared_judges
from tests.rlcf.adapters.replies import Reply, asked, graded, replies


@dataclass(frozen=True)
class Graded:
    """Replies, and the rewards of each by the names of groundings."""

    samples: list[Reply]
    scores: dict[str, list[float]]

    def by_text(self, grounding: str) -> dict[tuple[str, str], float]:
        """The rewards by task_id and text (`said`), for hosts that keep no order."""
        pairs = zip(self.samples, self.scores[grounding], strict=True)
        return {(one.problem.task_id, said(one.text)): score for one, score in pairs}


def said(text: str) -> str:
    """A reply without reasoning and white space around it: some hosts take them away, others don't."""
    return text.rpartition("</think>")[2].strip()


@pytest.fixture(scope="session")
def hundred(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """The hundred replies."""
    assert data_dir
    samples = replies(asked())
    scores = graded(samples, tmp_path_factory.mktemp("graded"), "tests", "pass", "partial")
    assert len(samples) == 100
    assert None not in scores["tests"]
    return Graded(samples, {name: [float(one or 0) for one in found] for name, found in scores.items()})


@pytest.fixture(scope="session", autouse=True)
def meeting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where these tests' shared judges are met; none is left."""
    folder = tmp_path_factory.mktemp("run")
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    yield folder
    end(folder, signal.SIGTERM)


def end(folder: Path, by: signal.Signals) -> list[int]:
    """Ends the judges that are met in `folder`; which were there."""
    ended = []
    for server in shared_judges(folder):
        with contextlib.suppress(ProcessLookupError):  # it went by itself
            os.kill(server, by)
            ended.append(server)
    return ended


@pytest.fixture
def killed_judge(meeting: Path) -> Iterator[None]:
    """While the test runs, the judge is killed once, when it has begun to judge."""
    end(meeting, signal.SIGKILL)  # one that already knows the verdicts would be no test
    done, killed = threading.Event(), list[int]()

    def kill() -> None:
        with SharedJudge() as judge:
            while not done.is_set() and not judge.stats()["asked"]:
                time.sleep(0.1)
        killed.extend(end(meeting, signal.SIGKILL))

    thread = threading.Thread(target=kill)
    thread.start()
    yield
    done.set()
    thread.join()
    assert killed
