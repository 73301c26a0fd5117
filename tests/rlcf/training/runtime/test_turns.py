"""Training in turns: what fails is told why and answered again, and nothing is learnt from feedback."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from javabox import Judge
from rlcf.environment.quoting import quoted
from rlcf.errors import BadInput
from rlcf.evaluation.generation.prompting import commented
from rlcf.grounding.signal import Answer, Signal
from rlcf.grounding.table import Entry, grounding_entry
from rlcf.machine import Machine
from rlcf.policy import Policy, load_policy
from rlcf.problems import Problem, load_problems
from rlcf.recipe import Recipe
from rlcf.recipes import override
from rlcf.training.rollout import Rollout
from rlcf.training.run import resume, train
from rlcf.training.runtime.checkpoint import checkpoint_folder
from rlcf.training.runtime.run_folder import RunFolder
from rlcf.training.step import TrainingStep
from tests.rlcf.training.conftest import SmallWorld

pytestmark = pytest.mark.usefixtures("one_thread")

OWN: dict[str, Any] = {
    "repair.turns": 2,
    "objective.grounding": "tests",
    "objective.steps": 2,
    "objective.minibatches": 1,
    "objective.lr": 3e-3,
    "ppo.advantage": "leave-one-out",
    "critic.warmup_steps": 0,
    "rollout.samples_per_prompt": 4,
    "rollout.max_new_tokens": 24,
    "rollout.temperature": 1.0,
}


@contextmanager
def stepping(
    world: SmallWorld,
    judge: Judge,
    folder: Path,
    fields: Mapping[str, Any] | None = None,
    machine: Machine | None = None,
    entry: Entry | None = None,
) -> Iterator[TrainingStep]:
    recipe = override(Recipe(), world.fields({**OWN, **(fields or {})}))
    run, machine = RunFolder(folder), machine or Machine(rails="warn")
    run.begin(recipe, machine)
    entry = entry or grounding_entry(recipe.objective.grounding)
    with TrainingStep(load_policy(world.model), recipe, judge, run, entry, None, machine) as step:
        yield step


@pytest.fixture(scope="module")
def problems(small_world: SmallWorld) -> list[Problem]:
    return load_problems(str(small_world.problems), "train")[:4]


@pytest.fixture
def rollouts(small_world: SmallWorld, judge: Judge, tmp_path: Path, problems: list[Problem]) -> list[Rollout]:
    with stepping(small_world, judge, tmp_path) as step:
        return step.take(0, problems)[1]


def test_what_does_not_pass_is_answered_again(rollouts: list[Rollout], small_world: SmallWorld) -> None:
    policy = load_policy(small_world.model)
    first, second = ([one for one in rollouts if one.turn == turn] for turn in (1, 2))
    failed = [one for one in first if not one.answer.verdict.passed]
    assert 0 < len(failed) < len(first) == 16
    assert [one.row for one in second] == [one.row + 16 for one in failed]
    for before, one in zip(failed, second, strict=True):
        assert (before.is_last, one.is_last) == (False, True)
        told = one.exchanges[0]
        assert told.reply == before.answer.completion
        asked = policy.decode(one.prompt_ids)
        prompt = before.answer.problem.prompt
        assert asked.startswith(f"{prompt}{told.reply}\n\n// The program ")
        assert asked.endswith(f"\n{prompt}")
        assert commented(told.feedback) in asked
        if before.answer.verdict.compiled is False and "\n" in told.feedback:
            assert quoted(before.answer.verdict.diagnostics[0].message.splitlines()[0]) in told.feedback
        assert one.answer.problem is before.answer.problem


def test_every_turn_is_paid_what_the_last_program_is_worth(rollouts: list[Rollout]) -> None:
    last = {one.row % 16: one for one in rollouts}
    followed = [one for one in rollouts if not one.is_last]
    assert followed
    for one in rollouts:
        assert one.feedback.score == last[one.row % 16].signal.score
        if not one.is_last:
            assert one.feedback.reward_position == len(one.sampled.ids) - 1
    assert any(one.feedback.score != one.signal.score for one in followed), "some repair changed something"
    of_group: dict[int, set[int]] = {}
    for one in rollouts:
        of_group.setdefault(one.feedback.group, set()).add(one.turn)
    assert all(len(turns) == 1 for turns in of_group.values()), "turns are not compared with each other"


@pytest.mark.parametrize("advantage", ["gae", "leave-one-out"])
@pytest.mark.parametrize("fields", [{}, {"model.lora_rank": 4}], ids=["full", "adapters"])
def test_the_first_ratio_is_one_and_the_first_kl_zero(
    small_world: SmallWorld,
    judge: Judge,
    tmp_path: Path,
    problems: list[Problem],
    advantage: str,
    fields: dict[str, Any],
) -> None:
    own = {**fields, "ppo.advantage": advantage, "kl.coef": 0.1}
    with stepping(small_world, judge, tmp_path, own) as step:
        row, rollouts = step.take(0, problems)
        assert max(one.turn for one in rollouts) == 2
        assert (row["approx_kl"], row["clip_fraction"], row["kl"]) == (0.0, 0.0, 0.0)
        later, _ = step.take(1, problems)
    assert later["kl"] != 0, "and then it moves"


def test_nothing_is_learnt_from_feedback(
    small_world: SmallWorld, judge: Judge, tmp_path: Path, problems: list[Problem]
) -> None:
    """Losses, KL and advantages are over the tokens that the policy drew, and over no others; each is as
    likely as in one text of both turns with what was told in between."""
    seen: list[Any] = []
    with stepping(small_world, judge, tmp_path, {"kl.coef": 0.1}) as step:
        objective: Any = step.objective
        inner = objective.learn

        def learn(experience: Any, feedbacks: Any, *rest: Any) -> Any:
            seen.append((experience, objective.targets(experience, feedbacks)))
            return inner(experience, feedbacks, *rest)

        objective.learn = learn
        policy = load_policy(small_world.model)
        _, rollouts = step.take(0, problems)
    experience, targets = seen[0]
    drawn = torch.tensor([len(one.sampled.ids) for one in rollouts])
    assert torch.equal(targets.mask_BT.sum(1), drawn)
    assert torch.equal(targets.loss_mask_BT.sum(1), drawn)
    assert not targets.advantages_BT[~targets.mask_BT].any()
    for at, one in enumerate(rollouts):
        assert list(experience.completions[at]) == one.sampled.ids
    second = next(at for at, one in enumerate(rollouts) if one.turn == 2)
    whole = [*rollouts[second].prompt_ids, *rollouts[second].sampled.ids]
    with torch.no_grad():
        logps_1T = policy.token_stats(policy.collate([whole[:1]], [whole[1:]]), 1.0).logps_BT
    own = logps_1T[0, len(rollouts[second].prompt_ids) - 1 :]
    assert torch.allclose(own, experience.old_logps_BT[second, : len(own)], atol=1e-5)


def weights(policy: Policy) -> dict[str, torch.Tensor]:
    return {name: value.detach().clone() for name, value in policy.model.named_parameters()}


def test_micro_batches_change_nothing(
    small_world: SmallWorld, judge: Judge, tmp_path: Path, problems: list[Problem]
) -> None:
    found = []
    for tokens in (96, 100_000):
        machine = Machine(rails="warn", tokens_per_microbatch=tokens)
        with stepping(small_world, judge, tmp_path / str(tokens), {"kl.coef": 0.1}, machine) as step:
            before = weights(step.policy)
            step.take(0, problems)
            found.append(weights(step.policy))
    assert any(not torch.equal(before[name], found[0][name]) for name in before)
    for name, value in found[0].items():
        assert torch.allclose(value, found[1][name], atol=1e-5), name


def test_a_judge_that_fails_on_the_last_turn_leaves_the_answer_out(
    small_world: SmallWorld, judge: Judge, tmp_path: Path, problems: list[Problem]
) -> None:
    """What a first program is worth is unknown then; it is no 0."""
    failed: set[str] = set()

    def ground(answers: Sequence[Answer]) -> list[Signal]:
        signals = []
        for answer in answers:
            second = answer.problem.task_id in failed
            score = None if second else float(bool(answer.verdict.passed))
            signals.append(Signal(score))
        failed.update(problem.task_id for problem in problems)
        return signals

    entry = Entry(lambda *_: ground, runs=True, compares=lambda _: False)
    with stepping(small_world, judge, tmp_path, entry=entry) as step:
        pending = step._begin(0, 0, problems)
        rollouts, _ = step._finish(pending)
    assert any(one.turn == 2 for one in rollouts)
    assert all((one.feedback.score is None) == (one.turn == 2 or not one.is_last) for one in rollouts)


def rows(run: Path, name: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in (run / name).read_text(encoding="utf-8").splitlines()]
    return [plain(row) for row in found]


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """Without what is measured by a clock."""
    kept = {
        name: value
        for name, value in row.items()
        if "seconds" not in name and "per_second" not in name and name != "wall_ms"
    }
    if "turns" in kept:
        kept["turns"] = [plain(turn) for turn in kept["turns"]]
    return kept


@pytest.mark.parametrize("objective", ["ppo", "kept", "kto", "feedback"])
def test_resuming_equals_never_stopping(
    small_world: SmallWorld, judge: Judge, tmp_path: Path, objective: str
) -> None:
    own = {**OWN, "objective.name": objective, "objective.steps": 4, "kl.coef": 0.05}
    recipe = override(Recipe(), small_world.fields(own))
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    train(recipe, whole, judge, Machine(rails="warn", checkpoint_every=2))
    shutil.copytree(whole, cut)
    shutil.rmtree(checkpoint_folder(cut, 4))
    resume(cut, judge)
    for name in ("metrics.jsonl", "completions.jsonl", "evaluation.jsonl"):
        assert rows(cut, name) == rows(whole, name)
    states = [torch.load(checkpoint_folder(run, 4) / "trainer.pt", weights_only=True) for run in (whole, cut)]
    for name, value in states[0]["step"]["objective"]["weights"].items():
        assert torch.equal(value, states[1]["step"]["objective"]["weights"][name])
    steps = [row for row in rows(whole, "metrics.jsonl") if "reward" in row]
    assert all(row["rollouts"] > 16 and 0 < row["turn2_asked"] <= 1 for row in steps)
    told = [row for row in rows(whole, "completions.jsonl") if row.get("turn") == 2]
    assert all(row["feedback"] for row in told if row["stage"] == "rollout")


def test_evaluations_have_the_rates_after_each_turn(
    small_world: SmallWorld, judge: Judge, tmp_path: Path
) -> None:
    for name, turns in (("one", 1), ("two", 2)):
        own = {"objective.steps": 0, "repair.turns": turns, "objective.grounding": "tests"}
        recipe = override(Recipe(), small_world.fields({**OWN, **own, "evaluation.samples": 4}))
        train(recipe, tmp_path / name, judge, Machine(rails="warn"))
    one, two = (rows(tmp_path / name, "evaluation.jsonl") for name in ("one", "two"))
    for before, row in zip(one, two, strict=True):
        assert "turns" not in before
        first, second = row["turns"]
        assert first["counts"] == before["counts"], "the first turn is what one turn alone is"
        assert second["asked"] == before["samples"] - sum(one[3] for one in before["counts"].values())
        assert second["pass"]["1"] == row["pass"]["1"] >= first["pass"]["1"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"objective.name": "dpo"}, "a pair is two answers to one prompt"),
        ({"objective.name": "references"}, "learns nothing of what is answered"),
        ({"ppo.advantage": "greedy"}, "mind ppo.advantage"),
        ({"rollout.curriculum": True}, "mind rollout.curriculum"),
        ({"objective.grounding": "compiler", "repair.shows": "case"}, "no failing case"),
        ({"repair.turns": 0}, "at least 1"),
    ],
)
def test_what_knows_of_one_turn_alone_is_refused(
    small_world: SmallWorld, judge: Judge, tmp_path: Path, fields: dict[str, Any], message: str
) -> None:
    recipe = override(Recipe(), small_world.fields({**OWN, **fields}))
    with pytest.raises(BadInput, match=message):
        train(recipe, tmp_path / "run", judge)
    assert not (tmp_path / "run").exists()
