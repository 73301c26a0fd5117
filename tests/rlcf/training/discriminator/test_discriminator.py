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
from rlcf.training.discriminator import encoder, scorers
from rlcf.training.discriminator.kinds import KINDS, new_discriminator
from rlcf.training.discriminator.lifecycle import hold_out, pairs_of
from rlcf.training.discriminator.model import (
    Discriminator,
    Pair,
    accuracy,
    pair_loss,
    pairwise_loss,
    pointwise_loss,
    train_discriminator,
)
from rlcf.training.discriminator.scorers import answer_tokens

PAIRS = [Pair(f"int f{i}", f"return {i} + x;", f"return x - {i};") for i in range(12)]


@pytest.fixture
def discriminator(policy: Policy) -> Discriminator:
    return new_discriminator(policy, "pairwise", "policy", 0)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_antisymmetric_and_zero_on_equal_texts(policy: Policy, kind: str) -> None:
    discriminator = new_discriminator(policy, kind, "policy", 0)
    prompts = [pair.prompt for pair in PAIRS]
    first, second = [pair.reference for pair in PAIRS], [pair.generated for pair in PAIRS]
    forth = discriminator.compare(prompts, first, second)
    back = discriminator.compare(prompts, second, first)
    assert forth == pytest.approx([-value for value in back], abs=1e-6)
    assert any(forth)
    assert discriminator.compare(prompts, first, first) == [0.0] * len(PAIRS)
    assert all(-1 < value < 1 for value in forth)


@pytest.mark.parametrize("kind", ["pairwise", "word"])
def test_batching_changes_nothing(policy: Policy, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    discriminator = new_discriminator(policy, kind, "policy", 0)
    prompts = ["", *[pair.prompt for pair in PAIRS]]
    texts = ["", *[pair.reference * (1 + at) for at, pair in enumerate(PAIRS)]]
    together = discriminator.scores(prompts, texts)
    monkeypatch.setattr(encoder, "TOKENS_AT_ONCE", 1)
    monkeypatch.setattr(scorers, "TOKENS_AT_ONCE", 1)
    assert torch.allclose(together, discriminator.scores(prompts, texts), atol=1e-5)


def test_a_pair_that_comes_again_counts_again(discriminator: Discriminator) -> None:
    """In the gradient, though its texts are read once."""
    pairs = [*PAIRS[:3], *PAIRS[:2], PAIRS[0]]
    prompts = [pair.prompt for pair in pairs]
    texts = [pair.reference for pair in pairs] + [pair.generated for pair in pairs]
    read_each = pairwise_loss(*discriminator.scorer(prompts * 2, texts).chunk(2))
    losses = (pair_loss(discriminator, pairwise_loss, pairs), read_each)
    weights = list(discriminator.scorer.head.parameters())
    found, expected = (torch.autograd.grad(loss, weights) for loss in losses)
    assert all(tensor.any() for tensor in expected[:2])
    assert all(torch.allclose(one, other, atol=1e-6) for one, other in zip(found, expected, strict=True))


def test_the_loss_is_the_log_likelihood_of_tanh(discriminator: Discriminator) -> None:
    values = discriminator.compare(
        [pair.prompt for pair in PAIRS], [p.reference for p in PAIRS], [p.generated for p in PAIRS]
    )
    # tanh(d) = 2 sigmoid(2 d) - 1
    expected = -torch.tensor([(1 + value) / 2 for value in values]).log().mean()
    found = pair_loss(discriminator, pairwise_loss, PAIRS)
    assert float(found) == pytest.approx(float(expected), abs=1e-5)


def test_pointwise_loss_takes_each_completion_by_itself() -> None:
    references, others = torch.tensor([0.3, -1.0]), torch.tensor([0.2, 2.0])
    right = [torch.sigmoid(2 * references), torch.sigmoid(-2 * others)]
    assert float(pointwise_loss(references, others)) == pytest.approx(float(-torch.cat(right).log().mean()))
    moved = pointwise_loss(references + 5, others + 5), pairwise_loss(references + 5, others + 5)
    assert moved[0] > pointwise_loss(references, others)
    assert float(moved[1]) == pytest.approx(float(pairwise_loss(references, others)), abs=1e-5)


@pytest.mark.parametrize("kind", ["pairwise", "pointwise", "word"])
def test_it_learns_and_accuracy_says_so(policy: Policy, kind: str) -> None:
    discriminator = new_discriminator(policy, kind, "policy", 0)
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


def test_whole_problems_are_held_out() -> None:
    """A reference that was learnt is known by heart; a pair of it that was not says nothing."""
    pairs = [Pair(f"int f{i}", f"return {i};", f"return {i} + {n};") for i in range(30) for n in range(1, 9)]
    used, held = hold_out(pairs, seed=0)
    assert {pair.prompt for pair in used}.isdisjoint(pair.prompt for pair in held)
    assert len(held) == 3 * 8, "a tenth of the problems, with all of their pairs"
    assert sorted(map(str, [*used, *held])) == sorted(map(str, pairs))
    assert hold_out(pairs, seed=0) == (used, held) != hold_out(pairs, seed=1)
    assert hold_out(pairs[:8], seed=0) == (pairs[:8], []), "one problem alone is learnt from"


def test_likelihood_is_the_policys_mean_log_probability_of_then(policy: Policy) -> None:
    discriminator = new_discriminator(policy, "likelihood", "policy", 0)
    prompts, texts = ["int f", "int f"], ["return 1;", "int y = x; return y;"]
    ids = [policy.encode_completion(text) for text in texts]
    expected = [logp / len(row) for logp, row in zip(policy.text_logps(prompts, texts), ids, strict=True)]
    assert discriminator.scores(prompts, texts).tolist() == pytest.approx(expected)
    value = discriminator.compare(prompts[:1], texts[:1], texts[1:])[0]
    assert value == pytest.approx(torch.tensor(expected[0] - expected[1]).tanh().item(), abs=1e-6)
    with torch.no_grad():
        for parameter in policy.model.parameters():
            parameter.mul_(1.5)
    assert discriminator.scores(prompts, texts).tolist() == pytest.approx(expected), "the policy moves on"
    assert discriminator.state_dict() == {}, "nothing to save"
    assert train_discriminator(discriminator, PAIRS, steps=3, batch=4, lr=1e-3, seed=0) == []


def test_the_word_is_asked_behind_the_program(policy: Policy) -> None:
    discriminator = new_discriminator(policy, "word", "policy", 0)
    question, (yes, no) = answer_tokens(policy.tokenizer)
    texts = policy.tokenizer(["int f", "int y = 2;"], add_special_tokens=False)["input_ids"]
    assert yes != no
    row = torch.tensor([[*texts[0], *texts[1], *question]])
    logits = policy.model(row).logits[0, -1]
    found = discriminator.scores(["int f"], ["int y = 2;"])
    assert float(found) == pytest.approx(float(logits[yes] - logits[no]) / 2, abs=1e-5)
    assert policy.decode(question).strip() == "// right?"


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
    found = new_discriminator(policy, "pairwise", str(tmp_path), 0)
    assert -1 < found.compare(["x"], ["return 1;"], ["return 2;"])[0] < 1
    for kind in ("pairwise", "word"):
        with pytest.raises(BadInput, match="nowhere"):
            new_discriminator(policy, kind, str(tmp_path / "nowhere"), 0)
