"""The discriminator: antisymmetric, independent of batching, able to learn, blind to order."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import BertConfig, BertModel

from javabox import Outcome, Suite, Verdict
from rlcf.errors import BadInput
from rlcf.grounding.signal import Answer
from rlcf.policy import Policy
from rlcf.problems import Problem
from rlcf.training.discriminator import encoder
from rlcf.training.discriminator.lifecycle import pairs_of
from rlcf.training.discriminator.model import (
    Discriminator,
    Pair,
    accuracy,
    discriminator_from_policy,
    load_encoder,
    pair_loss,
    train_discriminator,
)

PAIRS = [Pair(f"int f{i}", f"return {i} + x;", f"return x - {i};") for i in range(12)]


@pytest.fixture
def discriminator(policy: Policy) -> Discriminator:
    return discriminator_from_policy(policy, seed=0)


def test_it_is_antisymmetric_and_zero_on_equal_texts(discriminator: Discriminator) -> None:
    prompts = [pair.prompt for pair in PAIRS]
    first, second = [pair.reference for pair in PAIRS], [pair.generated for pair in PAIRS]
    forth = discriminator.compare(prompts, first, second)
    back = discriminator.compare(prompts, second, first)
    assert forth == pytest.approx([-value for value in back], abs=1e-6)
    assert any(forth)
    assert discriminator.compare(prompts, first, first) == [0.0] * len(PAIRS)
    assert all(-1 < value < 1 for value in forth)


def test_batching_changes_nothing(discriminator: Discriminator, monkeypatch: pytest.MonkeyPatch) -> None:
    prompts = ["", *[pair.prompt for pair in PAIRS]]
    texts = ["", *[pair.reference * (1 + at) for at, pair in enumerate(PAIRS)]]
    together = discriminator.scores(prompts, texts)
    monkeypatch.setattr(encoder, "TOKENS_AT_ONCE", 1)
    assert torch.allclose(together, discriminator.scores(prompts, texts), atol=1e-5)


def test_the_loss_is_the_log_likelihood_of_tanh(discriminator: Discriminator) -> None:
    values = discriminator.compare(
        [pair.prompt for pair in PAIRS], [p.reference for p in PAIRS], [p.generated for p in PAIRS]
    )
    # tanh(d) = 2 sigmoid(2 d) - 1
    expected = -torch.tensor([(1 + value) / 2 for value in values]).log().mean()
    assert float(pair_loss(discriminator, PAIRS)) == pytest.approx(float(expected), abs=1e-5)


def test_it_learns_and_accuracy_says_so(discriminator: Discriminator) -> None:
    losses = train_discriminator(discriminator, PAIRS[:8], steps=30, batch=8, lr=1e-3, seed=0)
    assert losses[-1] < 0.5 * losses[0]
    assert accuracy(discriminator.compare, PAIRS[8:], seed=0) == 1.0


def test_ties_count_one_half(discriminator: Discriminator) -> None:
    assert accuracy(discriminator.compare, [Pair("x", "a", "a")] * 4, seed=0) == 0.5


def test_only_distinct_pairs_that_compile_and_differ_are_used() -> None:
    problem = Problem("t", "int f", Suite(), reference="return 1;")
    good = Answer(problem, "return 2;", Verdict(Outcome.FAILED))
    answers = [
        good,
        good,
        Answer(problem, "return  1;\n", Verdict(Outcome.PASSED)),
        Answer(problem, "return 3", Verdict(Outcome.COMPILE_ERROR)),
        Answer(problem, "return 4;", Verdict(Outcome.JUDGE_ERROR)),
    ]
    assert pairs_of(answers) == [Pair("int f", "return 1;", "return 2;")]


def test_any_encoder_will_do(policy: Policy, tmp_path: Path) -> None:
    config = BertConfig(
        vocab_size=len(policy.tokenizer),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
    )
    BertModel(config).save_pretrained(tmp_path)
    policy.tokenizer.save_pretrained(tmp_path)
    values = load_encoder(str(tmp_path), seed=0).compare(["x"], ["return 1;"], ["return 2;"])
    assert -1 < values[0] < 1
    with pytest.raises(BadInput, match="nowhere"):
        load_encoder(str(tmp_path / "nowhere"), seed=0)
