"""A benchmark in turns, of a scripted writer: rates by hand, and what a run that goes on does again."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from javabox import Job, Judge, Outcome, Verdict
from rlcf import BadInput, Problem, read_answers
from rlcf.environment import Episode, Setting
from rlcf.environment.repairs import Repaired, benchmark_in_turns
from rlcf.evaluation.compare import read_tallies
from rlcf.evaluation.extraction import Extraction
from rlcf.evaluation.generation import Ask, Completion, Deliver, Journal, open_journal
from rlcf.evaluation.grade import results_line
from rlcf.evaluation.samples import Sample
from tests.rlcf.environment.conftest import BROKEN, DOUBLE, END
from tests.rlcf.evaluation.generation.conftest import lines

WRONG, ERROR, RIGHT = "return x;" + END, "return y;" + END, str(DOUBLE.reference)
STARVED = replace(DOUBLE, task_id="starved", memory_limit=1)  # a judge error: no JVM starts with so little
PROBLEMS = [DOUBLE, replace(DOUBLE, task_id="other"), BROKEN, STARVED]
SCRIPT = {
    ("double", 0): (RIGHT,),
    ("double", 1): (ERROR, WRONG, RIGHT),
    ("other", 0): (WRONG, RIGHT),
    ("other", 1): (ERROR, ERROR, ERROR),
    ("broken", 0): (RIGHT,),
    ("broken", 1): (ERROR,),
    ("starved", 0): (RIGHT,),
    ("starved", 1): (ERROR, RIGHT),
}
SETTING = Setting(turns=3)


def line(ask: Ask, completion: Completion, found: Extraction, _job: Job, verdict: Verdict) -> bytes:
    row = {**ask.to_json(), **completion.to_json(), "turns": [dict(one.row) for one in ask.exchanges]}
    return results_line(Sample(ask.problem, completion.text, row), found, verdict, {})


def scripted(asked: list[Ask], most: int = 1000) -> Callable[[Sequence[Ask], Deliver], None]:
    """Says what SCRIPT says, the last first; ends with an error after `most` answers."""

    def write(asks: Sequence[Ask], deliver: Deliver) -> None:
        for ask in reversed(asks):
            if len(asked) == most:
                raise BadInput("the line is cut")
            asked.append(ask)
            said = SCRIPT[ask.key[:2]][ask.turn - 1]
            deliver.completion(ask, Completion(said, "stop", 7, {"usage": {"turn": ask.turn}}))

    return write


def repaired(judge: Judge, asked: list[Ask], journal: Journal | None = None, most: int = 1000) -> Repaired:
    write = scripted(asked, most)
    found = benchmark_in_turns(PROBLEMS, 2, write, judge, SETTING, ks=(1, 2), line=line, journal=journal)
    if journal:
        journal.finish(found.asks)
    return found


def rates(found: Repaired, metric: str, k: int) -> list[float]:
    return [one.rates[metric][k].rate for one in found.evaluations]


def test_what_fails_is_corrected_and_counts_with_its_last_program(judge: Judge) -> None:
    asked: list[Ask] = []
    found = repaired(judge, asked)
    assert found.asked == [8, 4, 2]
    # Of "starved" one program is judged at first, which does not compile, and none once the judge has failed.
    assert rates(found, "pass", 1) == pytest.approx([(1 / 2 + 0 + 0) / 3, 2 / 4, 3 / 4])
    assert rates(found, "exec", 1) == pytest.approx([(1 / 2 + 1 / 2 + 0) / 3, 3 / 4, 3 / 4])
    assert rates(found, "compile", 1) == pytest.approx([(1 / 2 + 1 / 2 + 0) / 3, 3 / 4, 3 / 4])
    assert rates(found, "pass", 2) == [1 / 2, 1, 1]
    assert [one.judge_errors for one in found.evaluations] == [1, 2, 2]
    assert [one.suite_errors for one in found.evaluations] == [2, 2, 2]
    assert [one.samples for one in found.evaluations] == [8, 8, 8]
    assert [answer.completion for answer in found.answers] == [said[-1] for said in SCRIPT.values()]
    assert [ask.turn for ask in found.asks] == [len(said) for said in SCRIPT.values()]
    assert len({ask.seed(0) for ask in asked}) == len(asked) == 14, "each draws anew"


def test_a_sample_is_asked_as_its_episode_is(judge: Judge) -> None:
    asked: list[Ask] = []
    repaired(judge, asked)
    episode = Episode(DOUBLE, judge, SETTING)
    for turn, said in enumerate(SCRIPT["double", 1], start=1):
        (ask,) = (one for one in asked if one.key == ("double", 1, turn))
        assert SETTING.prompting.messages(DOUBLE, ask.exchanges) == episode.messages
        assert SETTING.prompting.text(DOUBLE, ask.exchanges) == episode.text
        episode.step(said)


@pytest.mark.parametrize("most", [3, 8, 10, 12, 13])
def test_a_run_that_was_ended_goes_on(judge: Judge, tmp_path: Path, most: int) -> None:
    whole, out = tmp_path / "whole.jsonl", tmp_path / "out.jsonl"
    with open_journal(whole, {}) as journal:
        undisturbed = repaired(judge, [], journal)
    first: list[Ask] = []
    with pytest.raises(BadInput, match="cut"), open_journal(out, {}) as journal:
        repaired(judge, first, journal, most)
    second: list[Ask] = []
    with open_journal(out, {}) as journal:
        again = repaired(judge, second, journal)
    keys = [ask.key for ask in (*first, *second)]
    assert len(keys) == len(set(keys)) == 14, "each is asked once"
    assert [one.rates for one in again.evaluations] == [one.rates for one in undisturbed.evaluations]

    def timeless(path: Path) -> list[object]:
        rows = lines(path)
        for one in [*rows, *(turn for row in rows for turn in row["turns"])]:
            one.pop("wall_ms")
        return list(rows)

    assert timeless(out) == timeless(whole)


def test_results_have_a_row_a_sample_with_its_turns(judge: Judge, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    with open_journal(out, {}) as journal:
        found = repaired(judge, [], journal)
    rows = lines(out)
    assert [(row["task_id"], row["sample"]) for row in rows] == list(SCRIPT)
    for row, said in zip(rows, SCRIPT.values(), strict=True):
        assert row.get("turn", 1) == len(said)
        assert [turn["completion"] for turn in (*row["turns"], row)] == list(said)
        assert [turn["turn"] for turn in row["turns"]] == list(range(1, len(said)))
        assert [turn["usage"] for turn in row["turns"]] == [{"turn": n} for n in range(1, len(said))]
    corrected = rows[1]
    assert [turn["outcome"] for turn in corrected["turns"]] == [Outcome.COMPILE_ERROR, Outcome.FAILED]
    assert corrected["outcome"] == Outcome.PASSED
    assert "cannot find symbol" in corrected["turns"][0]["feedback"]
    assert "expected: 2" in corrected["turns"][1]["feedback"]
    by_id = {problem.task_id: problem for problem in PROBLEMS}
    assert read_answers(out, list(by_id.values())) == list(found.answers)
    assert read_tallies(out)["double"].n == 2, "a sample counts once"
    with open_journal(out, {}) as journal:
        known = {key for key in journal.judged if key[0] in ("double", "other")}
    assert known == {
        (*key, n)
        for key, said in SCRIPT.items()
        if key[0] in ("double", "other")
        for n in range(1, len(said) + 1)
    }


def test_nothing_tells_what_tests_expect_where_it_is_kept_back(judge: Judge, tmp_path: Path) -> None:
    secret: Problem = replace(
        DOUBLE,
        suite=replace(DOUBLE.suite, cases=tuple(replace(c, expected="424242") for c in DOUBLE.suite.cases)),
    )
    setting = Setting(turns=2, expected_values=False)

    def told(ask: Ask, completion: Completion, found: Extraction, _job: Job, verdict: Verdict) -> bytes:
        row = {**ask.to_json(), **completion.to_json(), "turns": [dict(one.row) for one in ask.exchanges]}
        sample = Sample(ask.problem, completion.text, row)
        return results_line(sample, found, verdict, {}, expected_values=False)

    out = tmp_path / "out.jsonl"
    with open_journal(out, {}) as journal:
        found = benchmark_in_turns(
            [secret],
            1,
            lambda asks, deliver: [deliver.completion(ask, Completion(WRONG)) for ask in asks] and None,
            judge,
            setting,
            ks=(1,),
            line=told,
            journal=journal,
        )
        journal.finish(found.asks)
    text = out.read_text()
    assert json.loads(text)["turns"][0]["feedback"].endswith("got: 0")
    assert "424242" not in text
