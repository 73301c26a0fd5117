"""Answers that come in any order are judged as they are meant, written once, and stand at their places."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from javabox import Job, Judge, Outcome, Verdict
from rlcf import BadInput, Problem, load_problems
from rlcf.evaluation.extraction import Extraction
from rlcf.evaluation.generation import Ask, Completion, Deliver, benchmark, open_journal
from rlcf.evaluation.generation.asked import sampled
from rlcf.evaluation.grade import results_line
from rlcf.evaluation.samples import Sample
from tests.rlcf.conftest import SmallSet
from tests.rlcf.evaluation.generation.conftest import lines


@pytest.fixture(scope="module")
def problems(small_set: SmallSet) -> list[Problem]:
    return load_problems(str(small_set.path))


def line(ask: Ask, completion: Completion, found: Extraction, _job: Job, verdict: Verdict) -> bytes:
    row = {"task_id": ask.problem.task_id, "sample": ask.sample, **completion.to_json()}
    return results_line(Sample(ask.problem, completion.text, row), found, verdict, {})


def reply(ask: Ask) -> Completion:
    """The reference in a fence, a bare one, and what does not compile."""
    reference = str(ask.problem.reference)
    fenced = f"Sure!\n```java\n{ask.problem.prompt}{reference}\n```\n"
    return Completion(
        (fenced, reference, "Sure!\n```java\n        return ?;\n    }\n}\n```")[ask.sample], "stop", 9
    )


def test_any_order_one_table(judge: Judge, problems: list[Problem], tmp_path: Path) -> None:
    asked: list[Ask] = []

    def backwards(asks: Sequence[Ask], deliver: Deliver) -> None:
        asked.extend(asks)
        for ask in reversed(asks):
            deliver.tokens(9)
            deliver.completion(ask, reply(ask))

    def breaks(asks: Sequence[Ask], deliver: Deliver) -> None:
        backwards(asks[-4:], deliver)
        raise BadInput("the line is cut")

    out = tmp_path / "r.jsonl"
    with pytest.raises(BadInput), open_journal(out, {}) as journal:
        benchmark(problems, 3, breaks, judge, ks=(1, 3), line=line, journal=journal)
    assert len(asked) == 4
    with open_journal(out, {}) as journal:
        assert len(journal.judged) + len(journal.waiting) == 4
        evaluation, answers, asks = benchmark(
            problems, 3, backwards, judge, ks=(1, 3), line=line, journal=journal
        )
        journal.finish(asks)
    assert sorted(ask.key for ask in asked) == sorted(ask.key for ask in asks), "each once"
    assert evaluation.rates["pass"][1].rate == pytest.approx(2 / 3)
    assert evaluation.rates["pass"][3].rate == 1.0
    assert evaluation.extractions == {"none": 3, "fence": 6}
    for at, (answer, row) in enumerate(zip(answers, lines(out), strict=True)):
        ask = Ask(problems[at // 3], at % 3)
        assert (row["task_id"], row["sample"], row["completion"]) == (*ask.key[:2], reply(ask).text)
        assert answer.completion == row["completion"]
        assert row["outcome"] == (Outcome.PASSED, Outcome.PASSED, Outcome.COMPILE_ERROR)[at % 3]
        if at % 3 == 2:
            assert row["diagnostics"][0]["line"] == 3, "of the reply"
            assert json.loads(json.dumps(answer.verdict.to_json())) == {
                n: row[n] for n in answer.verdict.to_json()
            }

    def never(_asks: Sequence[Ask], _deliver: Deliver) -> None:
        raise AssertionError("nothing is left")

    with open_journal(out, {}) as journal:
        again, same, _ = benchmark(problems, 3, never, judge, ks=(1, 3), line=line, journal=journal)
    assert same == answers
    assert again.to_json() | {"seconds": 0, "programs_per_second": 0} == evaluation.to_json() | {
        "seconds": 0,
        "programs_per_second": 0,
    }


def test_a_sampler_is_a_writer_in_batches_with_seeds_of_their_own(problems: list[Problem]) -> None:
    seen: list[tuple[int, float, int]] = []
    got: dict[tuple[str, int], str] = {}

    def sample(prompts: Sequence[str], temperature: float, seed: int) -> list[str]:
        seen.append((len(prompts), temperature, seed))
        return [f"{prompt[-9:]} {seed} {at}" for at, prompt in enumerate(prompts)]

    class Kept:
        def completion(self, ask: Ask, completion: Completion) -> None:
            got[ask.key] = completion.text

        def tokens(self, count: int) -> None: ...

    asks = [Ask(problem, at) for problem in problems for at in range(2)]
    sampled(sample, temperature=0.5, seed=7, batch=4)(asks, Kept())
    assert seen == [(4, 0.5, 7), (2, 0.5, 11)]
    assert list(got) == [ask.key for ask in asks]
    assert len({ask.seed(7) for ask in asks} | {ask.seed(8) for ask in asks}) == 12
    assert asks[0].seed(7) == Ask(problems[0], 0).seed(7)
