"""verl's own loader, managers and reward loop call the rewards: the scores are those of `rlcf grade`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from rlcf.cli import main
from tests.hosts.commands import run
from tests.hosts.conftest import Graded
from tests.hosts.marks import needs

pytestmark = needs("verl")


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The folder that `rlcf init` writes."""
    folder = tmp_path / "example"
    assert main(["init", "verl", "--folder", str(folder)]) == 0
    return folder


def configured(example: Path, folder: Path, name: str) -> Any:
    """verl's own configuration, with the example's reward."""
    from hydra import compose, initialize_config_module
    from omegaconf import open_dict

    from tests.hosts.models import save_tiny_chat_model

    save_tiny_chat_model(folder / "model")
    with initialize_config_module("verl.trainer.config", version_base=None):
        config = compose("ppo_trainer")
    with open_dict(config):
        config.actor_rollout_ref.model.path = str(folder / "model")
        config.reward.custom_reward_function.path = str(example / "reward.py")
        config.reward.custom_reward_function.name = name
        config.reward.custom_reward_function.reward_kwargs = {"grounding": "tests"}
    return config


def batch(hundred: Graded, config: Any) -> Any:
    """A batch as verl's rollouts leave it: prompts and replies in tokens, padded."""
    import numpy
    import torch
    from verl import DataProto
    from verl.utils import hf_tokenizer

    from rlcf.adapters import carried

    tokenizer = hf_tokenizer(config.actor_rollout_ref.model.path)
    ids = [tokenizer.encode(one.text, add_special_tokens=False) for one in hundred.samples]
    longest = max(map(len, ids))
    responses_BT = torch.full((len(ids), longest), tokenizer.pad_token_id)
    mask_BT = torch.zeros(len(ids), longest, dtype=torch.long)
    for row, its in enumerate(ids):
        responses_BT[row, : len(its)], mask_BT[row, : len(its)] = torch.tensor(its), 1
    prompts = torch.zeros(len(ids), 1, dtype=torch.long)
    truth = [{"style": "rule", "ground_truth": carried(one.problem)} for one in hundred.samples]
    others = {"data_source": ["rlcf"] * len(ids), "reward_model": truth}
    others["extra_info"] = [{} for _ in ids]
    return DataProto.from_dict(
        {
            "prompts": prompts,
            "responses": responses_BT,
            "attention_mask": torch.cat([torch.ones_like(prompts), mask_BT], dim=1),
        },
        non_tensors={name: numpy.array(values, dtype=object) for name, values in others.items()},
    )


@pytest.mark.usefixtures("killed_judge")
def test_the_reward_loop_scores_a_hundred_as_grade(hundred: Graded, example: Path, tmp_path: Path) -> None:
    """`load_reward_manager`, which calls `get_custom_reward_fn`, then each sample by itself as workers do."""
    from verl.trainer.ppo.reward import load_reward_manager
    from verl.utils import hf_tokenizer

    config = configured(example, tmp_path, "compute_score")
    data = batch(hundred, config)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    manager = load_reward_manager(config, hf_tokenizer(config.actor_rollout_ref.model.path))
    assert type(manager).__name__ == "NaiveRewardManager"

    async def scored() -> list[dict[str, Any]]:
        return await asyncio.gather(*(manager.run_single(data[i : i + 1]) for i in range(len(data))))

    found = loop.run_until_complete(scored())
    assert [one["reward_score"] for one in found] == hundred.scores["tests"]
    assert {one["reward_extra_info"]["judged"] for one in found} == {1.0}
    loop.close()


def test_the_batch_manager_scores_a_hundred_as_grade(hundred: Graded, example: Path, tmp_path: Path) -> None:
    from verl.trainer.ppo.reward import get_custom_reward_fn
    from verl.utils import hf_tokenizer
    from verl.workers.reward_manager.batch import BatchRewardManager

    config = configured(example, tmp_path, "compute_scores")
    data = batch(hundred, config)
    tokenizer = hf_tokenizer(config.actor_rollout_ref.model.path)
    manager = BatchRewardManager(tokenizer, num_examine=0, compute_score=get_custom_reward_fn(config))
    told = manager(data, return_dict=True)
    assert told["reward_tensor"].sum(dim=1).tolist() == pytest.approx(hundred.scores["tests"])
    assert len(told["reward_extra_info"]["passed"]) == 100


def test_the_example_writes_the_data_that_verl_reads(example: Path, tmp_path: Path) -> None:
    from verl.utils import hf_tokenizer
    from verl.utils.dataset.rl_dataset import RLHFDataset

    run(["python", "data.py"], example)
    config = configured(example, tmp_path, "compute_score")
    tokenizer = hf_tokenizer(config.actor_rollout_ref.model.path)
    data = RLHFDataset(str(example / "train.parquet"), tokenizer, config.data)
    assert len(data) > 300
    assert data[0]["reward_model"]["ground_truth"].startswith('{"task_id": "MBJP/')


def test_without_a_verdict_the_score_is_0_and_said_to_be_none(example: Path, hundred: Graded) -> None:
    from dataclasses import replace

    from javabox import Suite, SuiteCase
    from rlcf.adapters import carried
    from rlcf.adapters.verl import compute_scores

    assert example
    sound = hundred.samples[0]
    broken = replace(sound.problem, suite=Suite((SuiteCase("a", "int r = 1;", "r", "no_such_name"),)))
    truths = [carried(broken), carried(sound.problem)]
    found = compute_scores(["rlcf"] * 2, [sound.text] * 2, truths)
    assert [(one["score"], one["judged"]) for one in found] == [(0.0, 0.0), (1.0, 1.0)]
