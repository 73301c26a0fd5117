"""Encoder-decoder policies, CodeT5's family, through the same trainer."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForSeq2SeqLM, T5Config

from rlcf.policy import Policy, load_policy
from rlcf.training.runtime.checkpoint import checkpoint_folder, steps_saved
from tests.rlcf.processes import go
from tests.rlcf.training.conftest import ADAPTERS, SmallWorld
from tests.rlcf.training.runtime.test_checkpoint import assert_equal, learnt, state

MACHINE = ("--rails", "warn", "--checkpoint-every", "2")
KILLED = """
from rlcf.training.step import TrainingStep
take = TrainingStep.take
def killed(self, step, *drawn):
    if step == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return take(self, step, *drawn)
TrainingStep.take = killed
"""


@pytest.fixture(scope="module")
def codet5(small_world: SmallWorld, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CodeT5-config model (T5 with tied embeddings, scaled before the head), random, on disk."""
    tokenizer = small_world.tokenizer
    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=32,
        d_kv=8,
        d_ff=64,
        num_layers=2,
        num_heads=4,
        feed_forward_proj="relu",
        decoder_start_token_id=tokenizer.pad_token_id,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("codet5")
    AutoModelForSeq2SeqLM.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("lora_rank", [0, 4])
def test_logps_equal_those_of_single_rows(codet5: Path, lora_rank: int) -> None:
    policy = load_policy(codet5, lora_rank=lora_rank)
    prompts = [policy.encode_prompt(text) for text in ("class A {", "int", "class A { static int f(int x) {")]
    completions = [policy.encode_completion(text) for text in ("return x;", "}", " int y = x; return y;")]
    found = policy.token_stats(policy.collate(prompts, completions), 0.7)
    for row, (prompt, completion) in enumerate(zip(prompts, completions, strict=True)):
        labels = torch.tensor([completion])
        with torch.no_grad():
            logits = policy.model(input_ids=torch.tensor([prompt]), labels=labels).logits[0] / 0.7
        expected = logits.log_softmax(-1).gather(1, labels[0][:, None]).squeeze(1)
        assert torch.allclose(found.logps_BT[row, : len(completion)], expected, atol=1e-4)
        assert not found.logps_BT[row, len(completion) :].any()


def test_sampled_logps_equal_recomputed_ones(codet5: Path) -> None:
    policy = load_policy(codet5)
    prompts = [policy.encode_prompt(text) for text in ("class A {", "int")]
    sampled = policy.sample_tokens(prompts, 0.7, 12, [1, 2])
    found = policy.token_stats(policy.collate(prompts, [one.ids for one in sampled]), 0.7)
    for row, one in enumerate(sampled):
        assert torch.allclose(found.logps_BT[row, : len(one.ids)], torch.tensor(one.logps), atol=1e-4)


def test_saved_adapters_and_merged_models_load(codet5: Path, tmp_path: Path) -> None:
    policy: Policy = load_policy(codet5, lora_rank=4)
    with torch.no_grad():
        for parameter in policy.parameters():
            parameter += 0.05
    policy.save(tmp_path / "plain")
    policy.save_trained(tmp_path / "adapters", codet5)
    ids = {"input_ids": torch.tensor([[5, 6, 7]]), "decoder_input_ids": torch.tensor([[0, 8, 9]])}
    with torch.no_grad():
        expected = policy.model(**ids).logits
        for folder in ("plain", "adapters"):
            for model in (
                AutoModelForSeq2SeqLM.from_pretrained(tmp_path / folder),
                load_policy(tmp_path / folder).model,
            ):
                assert torch.allclose(model.eval()(**ids).logits, expected, atol=1e-4)


@pytest.mark.parametrize("ranks", [{}, ADAPTERS], ids=["full", "adapters"])
def test_five_steps_killed_and_resumed(
    codet5: Path, small_world: SmallWorld, served_judge: str, tmp_path: Path, ranks: dict[str, int]
) -> None:
    engine = ("--engine", served_judge)
    own = {
        "model.name": str(codet5),
        "evaluation.problems": 2,
        "evaluation.samples": 1,
        "supervised.steps": 4,
        "discriminator.refresh_every": 2,
        "rollout.prompts_per_step": 3,
        "rollout.max_new_tokens": 16,
        "objective.steps": 5,
        "objective.lr": 1e-3,
    }
    (tmp_path / "five.toml").write_text(small_world.toml(own | ranks), encoding="utf-8")
    whole = go(tmp_path, "train", "five.toml", "--run", "whole", *engine, *MACHINE)
    assert whole.returncode == 0, whole.stderr
    dead = go(tmp_path, "train", "five.toml", "--run", "killed", *engine, *MACHINE, before=KILLED)
    assert dead.returncode == -signal.SIGKILL
    assert steps_saved(tmp_path / "runs" / "killed") == [0, 2]
    done = go(tmp_path, "train", "--resume", "runs/killed", *engine)
    assert done.returncode == 0, done.stderr
    one, other = tmp_path / "runs" / "whole", tmp_path / "runs" / "killed"
    assert learnt(one) == learnt(other)
    assert len(learnt(one)) == 4 + 5
    assert_equal(state(one, 5), state(other, 5))
    rows = (one / "completions.jsonl").read_text(encoding="utf-8").splitlines()
    assert sum(json.loads(row)["stage"] == "rollout" for row in rows) == 5 * 3 * 2
    assert checkpoint_folder(one, 5).is_dir()
