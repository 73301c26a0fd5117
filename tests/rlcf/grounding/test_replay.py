"""What the replay buffer holds."""

from __future__ import annotations

import json
import random

import pytest

from rlcf.grounding.replay import Replay


def test_the_buffer_is_first_in_first_out_without_duplicates() -> None:
    replay: Replay[int] = Replay(3)
    assert [replay.add(name, item) for item, name in enumerate("abacd")] == [True, True, False, True, True]
    assert replay.state() == [("b", 1), ("c", 3), ("d", 4)]
    assert replay.add("a", 5), "dropped, so no duplicate any more"
    assert [item for _, item in replay.state()] == [3, 4, 5]


def test_a_loaded_buffer_goes_on_as_the_saved_one() -> None:
    replay: Replay[int] = Replay(4)
    other: Replay[int] = Replay(4)
    other.add("old", 0)
    for item in range(6):
        replay.add(str(item), item)
    other.load(json.loads(json.dumps(replay.state())))
    for buffer in (replay, other):
        buffer.add("6", 6)
    assert [list(row) for row in replay.state()] == [list(row) for row in other.state()]
    assert replay.draw(2, random.Random(0)) == other.draw(2, random.Random(0))


def test_draws_are_different_items_and_no_more_than_there_are() -> None:
    replay: Replay[int] = Replay(10)
    assert replay.draw(2, random.Random(0)) == []
    for item in range(5):
        replay.add(str(item), item)
    assert sorted(replay.draw(9, random.Random(0))) == [0, 1, 2, 3, 4]
    assert len(set(replay.draw(3, random.Random(0)))) == 3


def test_a_buffer_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Replay(0)
