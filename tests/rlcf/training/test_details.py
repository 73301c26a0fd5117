"""Details of docs/training-details.md that show in no loss of a small model: other tests would miss them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel, T5Config, T5ForConditionalGeneration

from javabox import Judge
from rlcf.grounding.rlcf import compiler
from rlcf.policy import Policy
from rlcf.policy.batch import Tokens
from rlcf.policy.generate import Decoding, Sampled, choose
from rlcf.policy.generate.native import Loop
from rlcf.policy.score import states
from rlcf.problems import load_problems
from rlcf.recipe import Recipe
from rlcf.recipes import override
from rlcf.training.pretrain import LAST_LR, lr_factor
from rlcf.training.rollout import RolloutCollector
from rlcf.training.trained_policy import Optimizers
from rlcf.training.trained_policy import lr_factor as objective_lr_factor
from tests.rlcf.training.conftest import SmallWorld

SIZES = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
T5_SIZES = {"d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_heads": 4}


def with_dropout(family: str, vocabulary: int, end: int) -> PreTrainedModel:
    """A model half of whose activations are dropped in training mode."""
    if family == "t5":
        ids = {"pad_token_id": 0, "eos_token_id": end, "decoder_start_token_id": 0}
        return T5ForConditionalGeneration(
            T5Config(vocab_size=vocabulary, dropout_rate=0.5, **ids, **T5_SIZES)
        )
    config = LlamaConfig(vocab_size=vocabulary, attention_dropout=0.5, eos_token_id=end, **SIZES)
    return LlamaForCausalLM(config)


@pytest.mark.parametrize("family", ["llama", "t5"])
def test_dropout_is_off_in_training_mode_too(policy: Policy, family: str) -> None:
    end = int(policy.tokenizer.eos_token_id)
    own = Policy(with_dropout(family, len(policy.tokenizer), end), policy.tokenizer, lora_rank=2)
    batch = own.collate([[5, 6, 7, 8]], [[9, 10, 11, 12, end]])
    own.model.train()
    one, other = (own.token_stats(batch).logps_BT for _ in range(2))
    assert torch.equal(one, other)


def test_the_softmax_is_fp32_where_the_model_is_bf16(policy: Policy) -> None:
    torch.manual_seed(0)
    logits = torch.randn(4, 50_000).mul(3).bfloat16()
    ids, logps = choose(logits, 0.7, torch.full((4,), 0.5, dtype=torch.float64))
    exact = (logits.double() / 0.7).log_softmax(-1).gather(1, ids[:, None]).squeeze(1)
    assert torch.allclose(logps.double(), exact, atol=1e-4)
    assert not torch.allclose(
        exact, (logits / 0.7).log_softmax(-1).gather(1, ids[:, None]).squeeze(1).double(), atol=1e-2
    )

    policy.model.bfloat16()
    batch = policy.collate([[5, 6, 7]], [[9, 10, 11]])
    head = policy.model.get_output_embeddings()
    with torch.no_grad():
        states_ND = states(policy.model, batch)[batch.mask_BT]
        exact_NV = (states_ND.double() @ head.weight.double().T).log_softmax(-1)
        found = policy.token_stats(batch).logps_BT[batch.mask_BT].double()
    exact = exact_NV.gather(1, batch.completion_ids_BT[batch.mask_BT][:, None]).squeeze(1)
    assert torch.allclose(found, exact, atol=1e-5)


def test_a_step_is_adams_with_a_clipped_gradient_and_a_falling_rate(policy: Policy) -> None:
    recipe = override(Recipe(), {"objective.steps": 4, "objective.lr": 1e-3})
    optimizers = Optimizers(policy.scorer(), recipe)
    parameter = policy.parameters()[0]
    gradient = torch.zeros_like(parameter)
    gradient.flatten()[:3] = torch.tensor([30.0, 40.0, 1e-6])  # its norm is 50
    first = second = torch.zeros_like(parameter).double()
    for step in range(4):
        before = parameter.detach().clone().double()
        parameter.grad = gradient.clone()
        optimizers.set_rates(step)
        assert optimizers.step(learn_policy=True) == pytest.approx(50)
        clipped = gradient.double() * 0.5 / 50
        first, second = 0.9 * first + 0.1 * clipped, 0.99 * second + 0.01 * clipped**2
        mean, square = first / (1 - 0.9 ** (step + 1)), second / (1 - 0.99 ** (step + 1))
        moved = 1e-3 * (1 - step / 4) * mean / (square.sqrt() + 1e-5)
        assert torch.allclose(before - parameter.detach().double(), moved, atol=2e-7)


def test_the_rates_of_the_objective_rise_and_fall_by_the_schedule() -> None:
    def factors(schedule: str, warmup: int) -> list[float]:
        fields = {"objective.steps": 8, "optimizer.schedule": schedule, "optimizer.warmup_steps": warmup}
        recipe = override(Recipe(), fields)
        return [objective_lr_factor(step, recipe) for step in range(8)]

    assert factors("linear", 0) == pytest.approx([1 - step / 8 for step in range(8)])
    assert factors("constant", 3) == pytest.approx([0.25, 0.5, 0.75, 1, 1, 1, 1, 1])
    cosine = factors("cosine", 2)
    assert cosine[:3] == pytest.approx([1 / 3, 2 / 3, 1])
    assert cosine[5] == pytest.approx(0.5)
    assert cosine[2:] == sorted(cosine[2:], reverse=True)


def test_the_supervised_rate_rises_falls_and_ends() -> None:
    factors = [lr_factor(step, 700) for step in range(700)]
    assert factors[:50] == [pytest.approx((step + 1) / 50) for step in range(50)]
    assert factors[50:] == sorted(factors[50:], reverse=True)
    assert factors[375] == pytest.approx((1 + LAST_LR) / 2, abs=1e-3), "half of the way down in the middle"
    assert factors[-1] == pytest.approx(LAST_LR, abs=1e-4)
    assert max(lr_factor(step, 5) for step in range(5)) == 1, "a short training warms up for a tenth of it"


class Watching(Loop):
    """The default backend, which looks at the judge and the model while it generates."""

    def __init__(self, judge: Judge) -> None:
        super().__init__()
        self.judge = judge
        self.asked: list[int] = []
        """Of the judge, when each completion had ended."""
        self.checkpoints: list[bool] = []

    def generate(
        self, model: PreTrainedModel, prompts: Sequence[Tokens], seeds: Sequence[int], decoding: Decoding
    ) -> list[Sampled]:
        self.checkpoints.append(model.training and model.is_gradient_checkpointing)
        before = self.judge.stats()["asked"]

        def watch(number: int, sampled: Sampled) -> None:
            decoding.finished(number, sampled)
            self.asked.append(self.judge.stats()["asked"] - before)

        return super().generate(model, prompts, seeds, replace(decoding, finished=watch))


def test_a_completion_is_with_the_judge_as_soon_as_it_ends(
    small_world: SmallWorld, policy: Policy, judge: Judge
) -> None:
    backend = Watching(judge)
    own = Policy(policy.model, policy.tokenizer, backend=backend)
    own.checkpoint_activations()
    problems = (load_problems(str(small_world.problems), "train") * 16)[:130]
    with RolloutCollector(own, judge, compiler, run_tests=False) as collector:
        rollouts, _ = collector.finish(collector.begin(problems, temperature=1.0, max_new_tokens=3, seed=0))
    assert len(rollouts) == 130
    assert backend.asked == list(range(1, 131)), "one after the other, while others are generated"
    assert backend.checkpoints == [False], "with it the cache would be off"
    assert math.isfinite(sum(rollout.signal.score or 0.0 for rollout in rollouts))
