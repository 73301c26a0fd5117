"""Rewards for other trainers: those of `rlcf grade`, from rows that carry their problem or name it."""

from __future__ import annotations

import asyncio
import copy
import json
import multiprocessing
import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from javabox import Judge, SharedJudge, Suite, SuiteCase
from rlcf import BadInput, load_problems
from rlcf.adapters import Rewards, carried, problem_of_row, rows, text_of
from tests.rlcf.adapters.replies import asked, graded, replies
from tests.rlcf.conftest import SmallSet

pytestmark = pytest.mark.usefixtures("data_dir")


@pytest.mark.parametrize("name", ["mbjp", "humaneval-x", "multipl-e"])
def test_a_row_carries_its_problem_whole(name: str) -> None:
    problems = load_problems(name)
    made = rows(problems)
    assert [problem_of_row(json.loads(json.dumps(row))["problem"], "") for row in made] == problems
    assert [row["task_id"] for row in made] == [one.task_id for one in problems]
    assert all("```java" in row["prompt"][-1]["content"] for row in made)
    assert [row["prompt"] for row in rows(problems, chat=False)] == [one.prompt for one in problems]


def quicker(data_dir: Path, folder: Path) -> Path:
    """MBJP with a thirty-second of the time for each program."""
    release = (data_dir / "mbxp" / "mbjp_release_v1.2.jsonl").read_text(encoding="utf-8")
    file = folder / "quicker.jsonl"
    rows = (json.loads(line) | {"time_limit": 0.125} for line in release.splitlines())
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def test_scores_are_those_of_grade(
    judge: Judge, data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("tests", "pass", "partial", "compiler", "rltf")
    samples = replies(asked(5))
    # Two replies never end: seconds each but where a row gives them less.
    file = quicker(data_dir, tmp_path)
    expected = graded(samples, tmp_path, *names, problems=str(file))
    capsys.readouterr()
    texts = [one.text for one in samples]
    quick = {problem.task_id: problem for problem in load_problems(str(file))}
    for name in names:
        rewards = Rewards(grounding=name, judge=judge)
        carried_by = [carried(quick[one.problem.task_id]) for one in samples]
        assert [one.score for one in rewards.score(carried_by, texts)] == expected[name]
        # With all of their time, and without the first problem's.
        ids = [one.problem.task_id for one in samples[4:]]
        named = asyncio.run(rewards.score_async(ids, texts[4:]))
        assert [one.score for one in named] == expected[name][4:]
    assert len(set(expected["tests"])) > 3


def test_broken_tests_are_worth_nothing_and_not_zero(judge: Judge) -> None:
    broken = replace(asked(1)[0], suite=Suite((SuiteCase("a", "int r = 1;", "r", "no_such_name"),)))
    (scored,) = Rewards(judge=judge).score([carried(broken)], [str(broken.reference)])
    assert (scored.score, scored.outcome, scored.facts["judged"]) == (None, "suite_error", 0.0)


def test_what_is_told_of_a_reply_counts_in_it(judge: Judge) -> None:
    problem = asked(1)[0]
    reply = "I think:\n```java\n" + problem.prompt + "        return nothing;\n    }\n}\n```"
    (scored,) = Rewards(judge=judge).score([carried(problem)], [[{"role": "assistant", "content": reply}]])
    place = reply[: reply.index("nothing")].count("\n") + 1
    assert (scored.outcome, scored.answer.verdict.diagnostics[0].line) == ("compile_error", place)
    assert scored.facts == {"compiled": 0, "executed": 0, "passed": 0, "judged": 1, "compiler": -1.0} | {
        "tests": 0.0,
        "discriminator": 0.0,
    }


def test_a_row_in_the_format_of_a_data_set_is_a_problem(judge: Judge, small_set: SmallSet) -> None:
    row = small_set.rows[0]
    (scored,) = Rewards(grounding="pass", judge=judge).score([json.dumps(row)], [small_set.right])
    assert (scored.answer.problem.task_id, scored.score) == (row["task_id"], 1.0)


def test_a_grounding_of_a_file_of_ones_own(judge: Judge, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("from rlcf import Signal\ndef f(answers): return [Signal(0.25) for _ in answers]\n")
    problem = asked(1)[0]
    (scored,) = Rewards(grounding=f"{file}:f", judge=judge).score([carried(problem)], [""])
    assert scored.score == 0.25


def test_it_can_be_sent_and_works_there() -> None:
    """Pickled, deep-copied, and in a spawned process, where it finds the judge again."""
    rewards = Rewards(grounding="pass", judge=SharedJudge("local", 2, linger=1.0))
    assert pickle.loads(pickle.dumps(rewards)) == rewards == copy.deepcopy(rewards)
    problem = asked(1)[0]
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        found = pool.apply(_scores, (rewards, carried(problem), str(problem.reference)))
    assert found == [1.0]


def _scores(rewards: Rewards, problem: str, reply: str) -> list[float | None]:
    return [one.score for one in rewards.score([problem], [reply])]


@pytest.mark.parametrize(
    ("fields", "row", "said"),
    [
        ({}, "MBJP/0", "field 'task_id': 'MBJP/0' is none of mbjp"),
        ({}, "{", "field 'problem': is no JSON"),
        ({}, '{"suite": {}}', "another version of rlcf"),
        ({}, '{"task_id": "A"}', "the row:1: field 'prompt': is missing"),
        ({"problems": "no such"}, "MBJP/1", "no such problems"),
        ({"grounding": "no such"}, "MBJP/602", "unknown grounding"),
        ({"grounding": "rlcf"}, "MBJP/602", "asks a discriminator"),
    ],
)
def test_bad_input_is_named(fields: dict[str, str], row: str, said: str, judge: Judge) -> None:
    with pytest.raises(BadInput, match=said):
        Rewards(**fields, judge=judge).score([row], [""])  # type: ignore[arg-type]


def test_a_grounding_says_what_it_needs(judge: Judge) -> None:
    bare = replace(asked(1)[0], reference=None)
    with pytest.raises(BadInput, match="'rlcf-ast' needs a reference"):
        Rewards(grounding="rlcf-ast", judge=judge).score([carried(bare)], [""])


def test_the_text_of_a_reply() -> None:
    turns = [{"role": "assistant", "content": "a"}, {"role": "assistant", "content": None}]
    assert [text_of("a"), text_of(None), text_of(turns), text_of({"role": "x", "content": "a"})] == [
        "a",
        "",
        "a",
        "a",
    ]
    assert text_of([{"role": "x", "content": [{"type": "text", "text": "a"}, {"type": "image"}]}]) == "a"
