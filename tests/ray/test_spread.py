"""Jobs on two actors: the verdicts of one judge, also where an actor is killed, and none is blamed for it."""

from __future__ import annotations

import io
import json
import os
import pickle
import signal
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from javabox import Judge, Outcome
from rlcf import Sample, load_problems
from rlcf.evaluation.grade import grade
from tests.javabox.processes import UNANSWERED, in_child, wait_until
from tests.javabox.programs import endless, program, sum_of
from tests.ray.rays import LOOPBACK, listening, needs_ray, two_actors

if TYPE_CHECKING:
    from javabox.cluster import RayJudge

pytestmark = needs_ray

ROWS = 1200


@pytest.fixture(scope="module")
def two() -> Iterator[RayJudge]:
    with two_actors() as judge:
        yield judge


def pids(judge: RayJudge) -> list[int]:
    """Of the actors' processes as they are now."""
    import ray

    return [ray.get(handle.hello.remote())["pid"] for handle in judge._spread.handles()]


def samples() -> list[Sample]:
    """MBJP's references, a third of them broken in one of two ways, each row a program of its own."""
    problems = [problem for problem in load_problems("mbjp") if problem.reference]
    rows = []
    for at in range(ROWS):
        problem = problems[at % len(problems)]
        text = f"{problem.reference}\n// {at}"
        broken = (
            text,
            text,
            text.replace("return", "return null; //", 1),
            text,
            text,
            text[:-60],
            text,
            text,
        )
        rows.append(
            Sample(problem, broken[at % 8], {"task_id": problem.task_id, "completion": text, "at": at})
        )
    return rows


class KillsAfter(io.BytesIO):
    """Results, written several at a time; once so many lines are there, a process is killed."""

    def __init__(self, lines: int, pid: int) -> None:
        super().__init__()
        self.left, self.pid = lines, pid

    def write(self, lines: Any) -> int:
        before, self.left = self.left, self.left - bytes(lines).count(b"\n")
        if before > 0 >= self.left:
            os.kill(self.pid, signal.SIGKILL)
        return super().write(lines)


def timeless(results: io.BytesIO) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in results.getvalue().splitlines()]
    assert all(row.pop("wall_ms") >= 0 for row in rows)
    return rows


def test_results_are_those_of_one_judge_while_an_actor_is_killed(two: RayJudge) -> None:
    asked = samples()
    killed = KillsAfter(ROWS // 4, pids(two)[0])
    evaluation = grade(asked, two, [1], killed)
    assert killed.left < 0
    assert two.stats()["actors_lost"] == 1
    alone = io.BytesIO()
    with Judge("local", workers=2) as judge:
        expected = grade(asked, judge, [1], alone)
    assert [row["at"] for row in timeless(killed)] == list(range(ROWS)), "nothing is missing, nothing twice"
    assert timeless(killed) == timeless(alone)
    assert evaluation.outcomes == expected.outcomes
    assert len(expected.outcomes) >= 3
    assert evaluation.provenance == expected.provenance


def test_a_program_at_which_actors_die_is_blamed_and_no_other(two: RayJudge) -> None:
    guilty = two.submit(endless(1))
    others = [two.submit(sum_of(number)) for number in range(100, 120)]
    lost = two.stats()["actors_lost"]

    def held() -> bool:
        return any(task.job == endless(1) for h in two._spread._holders for task in h.tasks.values())

    for death in range(1, 20):
        assert wait_until(lambda: held() or guilty.done(), 60)
        if guilty.done():
            break
        time.sleep(1)
        holder = next(h for h in two._spread._holders if any(t.job == endless(1) for t in h.tasks.values()))
        import ray

        os.kill(ray.get(holder.actor.handle.hello.remote())["pid"], signal.SIGKILL)
        assert wait_until(lambda death=death: two._spread.lost == lost + death, 60)  # type: ignore[misc]
        wait_until(
            lambda: any(t.job == endless(1) for h in two._spread._holders for t in h.tasks.values()), 60
        )
    verdict = guilty.result(timeout=60)
    assert verdict.outcome is Outcome.PREMATURE_EXIT
    assert not verdict.deterministic
    assert "the actor that judged this program ended" in verdict.detail
    assert [case.outcome for case in verdict.cases] == [Outcome.PREMATURE_EXIT] * 2
    assert two._spread.lost - lost == 4, "as often as a supervisor's death is forgiven, and once more"
    assert all(other.result(timeout=120).passed for other in others)


def test_what_is_cancelled_makes_room(two: RayJudge) -> None:
    waiting = [two.submit(endless(number)) for number in range(10, 30)]
    assert wait_until(lambda: sum(len(h.tasks) for h in two._spread._holders) >= 10, 60)
    assert all(future.cancel() for future in waiting)
    started = time.monotonic()
    assert two.grade([sum_of(number) for number in range(200, 210)])[9].passed
    assert time.monotonic() - started < 40, "an endless program takes a minute"
    assert two._spread._asked == {}


def test_identical_jobs_are_judged_once(two: RayJudge) -> None:
    before = two.stats()
    verdicts = two.grade([sum_of(300)] * 50)
    assert len({id(verdict) for verdict in verdicts}) == 1
    assert two.grade([sum_of(300)]) == verdicts[:1]
    after = two.stats()
    assert after["judged"] - before["judged"] == 1
    assert after["cached"] - before["cached"] >= 1
    assert list(two.stream([sum_of(300)])) == [(0, verdicts[0])]


def test_what_is_no_job_is_told_to_who_asked(two: RayJudge) -> None:
    with pytest.raises(TypeError, match="not a job"):
        two.submit("class S {}")  # type: ignore[arg-type]
    odd = program("return 2 * x;", fuel="much")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="look at the types of its fields"):
        two.submit(odd).result(timeout=60)
    assert two.grade([sum_of(400)])[0].passed


def test_copies_are_refused_where_actors_end_with_the_judge(two: RayJudge) -> None:
    with pytest.raises(TypeError, match="name them, RayJudge\\(pool='rewards'\\)"):
        pickle.dumps(two)

    def ask() -> None:
        from javabox import JudgeInChild

        with pytest.raises(JudgeInChild):
            two.submit(sum_of(500))

    assert in_child(ask) == UNANSWERED


def test_ray_listens_on_the_loopback_and_asks_for_a_token(two: RayJudge) -> None:
    assert two.workers == 2
    found = listening()
    assert {"gcs_server", "raylet"} <= found.keys()
    assert {address for addresses in found.values() for address in addresses} <= LOOPBACK
    assert os.environ["RAY_AUTH_MODE"] == "token"
    assert len(os.environ["RAY_AUTH_TOKEN"]) == 64
    assert not any("dashboard" in name and "agent" not in name.lower() for name in found)
