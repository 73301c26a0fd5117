"""The online buffer: what is kept, what is drawn, and that a row's feedback stays with its tokens."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
import torch

from javabox import Outcome, Suite, Verdict
from rlcf.errors import BadInput
from rlcf.grounding.signal import Answer, Signal
from rlcf.grounding.table import grounding_entry
from rlcf.policy.generate import Sampled
from rlcf.problems import Problem
from rlcf.recipe import Recipe
from rlcf.recipes import override
from rlcf.training.check import check_parts
from rlcf.training.objectives.replay_buffer import ReplayBuffer, program_key
from rlcf.training.rollout import Feedback, Rollout


def program(number: int) -> Answer:
    return Answer(Problem("t", "", Suite()), f"return {number};", Verdict(Outcome.FAILED))


def rollouts(numbers: list[int], judged: bool = True) -> list[Rollout]:
    """Rollout n has the prompt [n], the tokens [n, n], the score n, a credit and a mask that name it, and a
    program of its own."""
    return [
        Rollout(
            row,
            [n],
            Sampled([n, n], True, [0.0, 0.0]),
            program(n),
            Signal(float(n)),
            Feedback(
                score=float(n) if judged else None,
                reward_position=n % 2,
                token_credits=(0.0, float(n)),
                loss_mask=None if n % 2 else (True, False),
                outcome_class=2,
                group=0,
            ),
            program(n),
        )
        for row, n in enumerate(numbers)
    ]


def exchange(buffer: ReplayBuffer, numbers: list[int], seed: str = "s", judged: bool = True) -> list[int]:
    """The numbers of the rollouts that come out, each of whose fields must name it."""
    entries = buffer.exchange(rollouts(numbers, judged), seed)
    found = [entry.prompt[0] for entry in entries]
    for at, (n, entry) in enumerate(zip(found, entries, strict=True)):
        assert list(entry.completion) == [n, n]
        (own,) = rollouts([n])
        assert entry.feedback == replace(own.feedback, group=at), "a group of its own"
    return found


def held(buffer: ReplayBuffer) -> list[int]:
    """The numbers that the buffer holds, the oldest first."""
    return [entry["prompt"][0] for _, entry in buffer.state()]


def test_first_in_first_out_and_as_many_as_came() -> None:
    buffer = ReplayBuffer(5, 0)
    assert sorted(exchange(buffer, [1, 2, 3])) == [1, 2, 3]
    seen = {n for at in range(40) for n in exchange(buffer, [4, 5, 6], seed=str(at))}
    assert seen == {2, 3, 4, 5, 6}, "old rollouts are drawn, the oldest is gone"
    assert len(exchange(buffer, [4, 5, 6])) == 3
    assert held(buffer) == [2, 3, 4, 5, 6]


def test_as_many_as_asked_for() -> None:
    buffer = ReplayBuffer(10, 4)
    assert len(exchange(buffer, [1, 2])) == 2, "there are no more"
    assert len(exchange(buffer, [3, 4, 5])) == 4


def test_what_the_judge_failed_on_is_not_kept() -> None:
    buffer = ReplayBuffer(10, 0)
    exchange(buffer, [1, 2])
    assert set(exchange(buffer, [3, 4], judged=False)) == {1, 2}


def test_a_program_that_is_kept_does_not_enter_again() -> None:
    buffer = ReplayBuffer(10, 0)
    exchange(buffer, [1, 2])
    exchange(buffer, [2, 2, 3])
    assert held(buffer) == [1, 2, 3]


def test_the_same_seed_draws_the_same_and_state_goes_on() -> None:
    buffer, other = ReplayBuffer(10, 3), ReplayBuffer(10, 3)
    exchange(buffer, [1, 2, 3, 4, 5, 6])
    file = io.BytesIO()
    torch.save(buffer.state(), file)
    file.seek(0)
    other.load(torch.load(file, weights_only=True))
    first = exchange(buffer, [7], seed="x")
    assert first == exchange(other, [7], seed="x")
    assert any(exchange(buffer, [7], seed=str(at)) != first for at in range(5))


def test_programs_are_the_same_up_to_names_of_locals() -> None:
    def key(completion: str, prompt: str = "class A { int f(int x) {", task: str = "t") -> str:
        problem = Problem(task, prompt, Suite())
        return program_key(problem, Answer(problem, completion, Verdict(Outcome.FAILED)))

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
            "ppo.advantage",
        ),
        (
            override(
                Recipe(),
                {"rollout.replay_capacity": 64, "rollout.replay_drawn": 0, "ppo.advantage": "leave-one-out"},
            ),
            "ppo.advantage",
        ),
        (
            override(
                Recipe(), {"rollout.replay_capacity": 64, "rollout.replay_drawn": 0, "objective.name": "kept"}
            ),
            "rollout.replay_capacity",
        ),
        (override(Recipe(), {"kl.coef": 0.0, "objective.name": "dpo"}), "kl.coef"),
        (
            override(Recipe(), {"rollout.curriculum": True, "objective.grounding": "compiler"}),
            "rollout.curriculum",
        ),
        (
            override(Recipe(), {"objective.sft_coef": 0.1, "objective.name": "references"}),
            "objective.sft_coef",
        ),
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
