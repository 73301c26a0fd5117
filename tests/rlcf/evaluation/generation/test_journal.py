"""What a killed run leaves is gone on from: nothing twice, nothing lost, nothing mixed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from javabox import Outcome, Verdict
from rlcf import BadInput, load_problems
from rlcf.evaluation.generation import Ask, Completion, Journal, open_journal
from rlcf.evaluation.generation.journal import journal_path
from tests.rlcf.conftest import SmallSet
from tests.rlcf.evaluation.generation.conftest import lines

SETTINGS = {"n": 2, "temperature": 0.8, "stop": ["x"]}


@pytest.fixture(scope="module")
def asks(small_set: SmallSet) -> list[Ask]:
    return [Ask(problem, at) for problem in load_problems(str(small_set.path)) for at in (0, 1)]


def line(ask: Ask, completion: Completion, outcome: Outcome = Outcome.PASSED) -> bytes:
    row = {"task_id": ask.problem.task_id, "sample": ask.sample, **completion.to_json()}
    return json.dumps(row | Verdict(outcome).to_json()).encode() + b"\n"


def some(journal: Journal, asks: list[Ask]) -> None:
    """Four arrive, the second and the first are judged."""
    for ask in asks[:4]:
        journal.arrive(ask, Completion(f"\ud800{ask.key}", "stop", 3, {"usage": {"total": 7}}))
    for ask in (asks[1], asks[0]):
        journal.write(ask, line(ask, Completion(f"\ud800{ask.key}", "stop", 3)))


def test_a_run_goes_on_from_whole_lines(asks: list[Ask], tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    with open_journal(out, SETTINGS) as journal:
        assert not journal.judged
        some(journal, asks)
    whole = {path: path.read_bytes() for path in (out, journal_path(out))}
    for path in whole:  # wherever a kill cuts the last line
        last = len(whole[path].splitlines(keepends=True)[-1])
        for cut in (1, last // 2, last - 1, last):
            for each, text in whole.items():
                each.write_bytes(text[:-cut] if each == path else text)
            with open_journal(out, SETTINGS) as journal:
                judged = {asks[1].key} if path == out else {asks[0].key, asks[1].key}
                there = 4 if path == out else 3
                assert set(journal.judged) == judged
                assert set(journal.waiting) == {ask.key for ask in asks[:there]} - judged
                assert all(one.text == f"\ud800{key}" for key, one in journal.waiting.items())
                assert {one.more["usage"]["total"] for one in journal.waiting.values()} == {7}
                for ask in [ask for ask in asks if ask.key not in judged]:
                    journal.write(ask, line(ask, Completion("late")))
                journal.finish(asks, [{"chosen": ask.sample == 0} for ask in asks])
            rows = lines(out)
            assert [(row["task_id"], row["sample"]) for row in rows] == [ask.key[:2] for ask in asks]
            assert [row["chosen"] for row in rows] == [True, False] * 3
            assert lines(journal_path(out)) == [{"settings": SETTINGS}]


def test_what_the_judge_failed_on_is_judged_again_and_not_asked(asks: list[Ask], tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    with open_journal(out, SETTINGS) as journal:
        journal.arrive(asks[0], Completion("a"))
        journal.write(asks[0], line(asks[0], Completion("a"), Outcome.JUDGE_ERROR))
    with open_journal(out, SETTINGS) as journal:
        assert {key: one.text for key, one in journal.waiting.items()} == {asks[0].key: "a"}
        assert not journal.judged
        journal.write(asks[0], line(asks[0], Completion("a")))
    with open_journal(out, SETTINGS) as journal:
        assert journal.judged[asks[0].key][1].outcome is Outcome.PASSED
        journal.finish(asks[:1])
    assert len(lines(out)) == 1


def test_other_settings_are_refused_by_name_and_so_is_anothers_file(asks: list[Ask], tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    with open_journal(out, SETTINGS) as journal:
        some(journal, asks)
        with pytest.raises(BadInput, match="another run is writing"), open_journal(out, SETTINGS):
            pass
    before = out.read_bytes(), journal_path(out).read_bytes()
    other = SETTINGS | {"temperature": 0.2, "seed": 1}
    named = r"\(seed: null there, 1 now; temperature: 0.8 there, 0.2 now\)"
    with pytest.raises(BadInput, match=named), open_journal(out, other):
        pass
    assert (out.read_bytes(), journal_path(out).read_bytes()) == before
    alone = tmp_path / "alone.jsonl"
    alone.write_text("somebody's\n")
    with pytest.raises(BadInput, match="no run to go on with"), open_journal(alone, SETTINGS):
        pass
    assert alone.read_text() == "somebody's\n"
    with pytest.raises(BadInput, match="can't be written"), open_journal(tmp_path / "no" / "r", SETTINGS):
        pass
