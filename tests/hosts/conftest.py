"""What the hosts' tests share: a hundred replies, and their rewards as `rlcf grade` has them, graded once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.rlcf.adapters.replies import Reply, asked, graded, replies


@dataclass(frozen=True)
class Graded:
    """Replies, and the rewards of each by the names of groundings."""

    samples: list[Reply]
    scores: dict[str, list[float]]


@pytest.fixture(scope="session")
def hundred(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """The hundred replies."""
    assert data_dir
    samples = replies(asked())
    scores = graded(samples, tmp_path_factory.mktemp("graded"), "tests", "pass", "partial")
    assert len(samples) == 100
    return Graded(samples, {name: [float(one or 0) for one in found] for name, found in scores.items()})
