"""The online buffer: what is kept, what is drawn, and that a row's feedback stays with its tokens."""

from __future__ import annotations

import pytest

from javabox import Outcome, Suite, Verdict
from rlcf.errors import BadInput
from rlcf.grounding.signal import Answer
from rlcf.grounding.table import grounding_entry
from rlcf.problems import Problem
from rlcf.recipe import Recipe
from rlcf.recipes import override
from rlcf.training.objectives.experience import Feedback
from rlcf.training.replay_buffer import Batch, OnlineBuffer, program_key
from rlcf.training.run import check_parts

ANCHORS = [([1], [2])]


def batch(numbers: list[int], judged: bool = True) -> Batch:
    """Rollout n has the prompt [n], the tokens [n, n], the score n, a credit and a mask that name it."""
    return Batch(
        [[n] for n in numbers],
        [[n, n] for n in numbers],
        Feedback(
            scores=[float(n) if judged else None for n in numbers],
            places=[n % 2 for n in numbers],
            groups=[0 for _ in numbers],
            credits=[[0.0, float(n)] for n in numbers],
            learnt=[None if n % 2 else [True, False] for n in numbers],
            anchors=ANCHORS,
        ),
    )


def exchange(buffer: OnlineBuffer, numbers: list[int], seed: str = "s", judged: bool = True) -> Batch:
    return buffer.exchange([str(n) for n in numbers], batch(numbers, judged), seed)


def drawn(found: Batch) -> list[int]:
    """The numbers of the rows, each of whose fields must name it."""
    numbers = [prompt[0] for prompt in found.prompts]
    told = found.feedback
    assert list(found.completions) == [[n, n] for n in numbers]
    assert list(told.scores) == [float(n) for n in numbers]
    assert list(told.places) == [n % 2 for n in numbers]
    assert list(told.credits) == [[0.0, float(n)] for n in numbers]
    assert list(told.learnt) == [None if n % 2 else [True, False] for n in numbers]
    assert len(set(told.groups)) == len(numbers)
    assert told.anchors == ANCHORS
    return numbers


def test_first_in_first_out_and_as_many_as_came() -> None:
    buffer = OnlineBuffer(5, 0)
    assert sorted(drawn(exchange(buffer, [1, 2, 3]))) == [1, 2, 3]
    seen = {n for at in range(40) for n in drawn(exchange(buffer, [4, 5, 6], seed=str(at)))}
    assert seen == {2, 3, 4, 5, 6}, "old rollouts are drawn, the oldest is gone"
    assert len(drawn(exchange(buffer, [4, 5, 6]))) == 3
    assert [key for key, _ in buffer.state()] == ["2", "3", "4", "5", "6"]


def test_as_many_as_asked_for() -> None:
    buffer = OnlineBuffer(10, 4)
    assert len(drawn(exchange(buffer, [1, 2]))) == 2, "there are no more"
    assert len(drawn(exchange(buffer, [3, 4, 5]))) == 4


def test_what_the_judge_failed_on_is_not_kept() -> None:
    buffer = OnlineBuffer(10, 0)
    exchange(buffer, [1, 2])
    assert set(drawn(exchange(buffer, [3, 4], judged=False))) == {1, 2}


def test_a_program_that_is_kept_does_not_enter_again() -> None:
    buffer = OnlineBuffer(10, 0)
    exchange(buffer, [1, 2])
    exchange(buffer, [2, 2, 3])
    assert [key for key, _ in buffer.state()] == ["1", "2", "3"]


def test_the_same_seed_draws_the_same_and_state_goes_on() -> None:
    buffer, other = OnlineBuffer(10, 3), OnlineBuffer(10, 3)
    exchange(buffer, [1, 2, 3, 4, 5, 6])
    other.load(buffer.state())
    first = drawn(exchange(buffer, [7], seed="x"))
    assert first == drawn(exchange(other, [7], seed="x"))
    assert any(drawn(exchange(buffer, [7], seed=str(at))) != first for at in range(5))


def test_programs_are_the_same_up_to_names_of_locals() -> None:
    def key(completion: str, prompt: str = "class A { int f(int x) {", task: str = "t") -> str:
        return program_key(Answer(Problem(task, prompt, Suite()), completion, Verdict(Outcome.FAILED)))

    own = key(" int a = x; return a; } }")
    assert own == key("\n int bb = x; // so\n return bb; } }")
    assert own != key(" int a = x; return x; } }")
    assert own != key(" int a = x; return a; } }", task="u")
    assert own != key(" return a; } }", prompt="class A { int f(int x) { int a = x;"), "another question"


@pytest.mark.parametrize(
    ("recipe", "field"),
    [
        (
            override(
                Recipe(), {"rollout.replay_capacity": 64, "rollout.replay_drawn": 0, "ppo.advantage": "group"}
            ),
            "advantage",
        ),
        (
            override(
                Recipe(),
                {"rollout.replay_capacity": 64, "rollout.replay_drawn": 0, "ppo.advantage": "leave-one-out"},
            ),
            "advantage",
        ),
        (
            override(
                Recipe(), {"rollout.replay_capacity": 64, "rollout.replay_drawn": 0, "objective.name": "kept"}
            ),
            "replay",
        ),
        (override(Recipe(), {"kl.coef": 0.0, "objective.name": "dpo"}), "kl"),
        (override(Recipe(), {"rollout.curriculum": True, "objective.grounding": "compiler"}), "curriculum"),
        (override(Recipe(), {"objective.sft_coef": 0.1, "objective.name": "references"}), "anchor"),
    ],
)
def test_parts_that_do_not_go_together_are_refused(recipe: Recipe, field: str) -> None:
    with pytest.raises(BadInput) as error:
        check_parts(recipe, grounding_entry(recipe.objective.grounding))
    assert error.value.field == field


def test_parts_that_go_together_are_not() -> None:
    for recipe in (
        override(Recipe(), {"rollout.replay_capacity": 64, "rollout.replay_drawn": 0}),
        override(Recipe(), {"rollout.curriculum": True}),
        override(Recipe(), {"ppo.advantage": "group"}),
    ):
        check_parts(recipe, grounding_entry(recipe.objective.grounding))
