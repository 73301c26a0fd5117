"""The verifier: averaged per problem, the same in any batches and from its folder, and able to choose."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import BertConfig, BertModel, RobertaConfig, RobertaModel

from javabox import Judge, Outcome, Suite, SuiteCase, Verdict
from rlcf.errors import BadInput
from rlcf.evaluation import evaluate
from rlcf.evaluation.rerank import Candidate, choice_rates
from rlcf.grounding.signal import Answer
from rlcf.policy import Policy, load_policy
from rlcf.problems import Problem, load_problems
from rlcf.training.discriminator import encoder
from rlcf.training.verifier import (
    PROGRAMS,
    Verifier,
    accuracy,
    add_gradients,
    candidates,
    encoder_verifier,
    examples,
    load_verifier,
    policy_verifier,
    save_verifier,
    train_verifier,
)
from tests.rlcf.policy.models import small_model
from tests.rlcf.training.conftest import SmallWorld

PROBLEM = Problem("t", "class A {\n    static int f(int x) {\n", Suite(), description="x plus 1")
ANSWERS = [
    Answer(PROBLEM, f"return {'x' * (1 + number * number)};", Verdict(outcome))
    for number, outcome in enumerate([Outcome.PASSED, Outcome.FAILED, Outcome.COMPILE_ERROR, Outcome.FAILED])
]
SIZES = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}


def bert(policy: Policy, folder: Path) -> Verifier:
    BertModel(BertConfig(vocab_size=len(policy.tokenizer), **SIZES)).save_pretrained(folder)
    policy.tokenizer.save_pretrained(folder)
    return encoder_verifier(str(folder), 0, "cpu")


def codebert(policy: Policy, folder: Path) -> Verifier:
    config = RobertaConfig(vocab_size=len(policy.tokenizer), max_position_embeddings=514, **SIZES)
    RobertaModel(config).save_pretrained(folder)
    policy.tokenizer.save_pretrained(folder)
    return encoder_verifier(str(folder), 0, "cpu")


def codet5(policy: Policy, folder: Path) -> Verifier:
    """A random T5 whose tokenizer is cut to what it knows."""
    model = small_model("t5")
    model.resize_token_embeddings(len(policy.tokenizer))
    model.save_pretrained(folder)
    policy.tokenizer.save_pretrained(folder)
    return encoder_verifier(str(folder), 0, "cpu")


def trunk(policy: Policy, folder: Path) -> Verifier:
    assert not folder.exists()
    return policy_verifier(policy, 0)


KINDS = (bert, codebert, codet5, trunk)


@pytest.mark.parametrize("kind", KINDS)
def test_any_encoder_learns_and_comes_back_from_its_folder(
    policy: Policy, tmp_path: Path, kind: Callable[[Policy, Path], Verifier]
) -> None:
    verifier = kind(policy, tmp_path / "encoder")
    before = verifier.log_yes(ANSWERS)
    assert all(value < 0 for value in before)
    losses = train_verifier(verifier, [ANSWERS], steps=10, lr=5e-3, seed=0)
    assert losses[-1] < losses[0]
    after = verifier.log_yes(ANSWERS)
    assert after != before
    (tmp_path / "verifier").mkdir()
    save_verifier(verifier, tmp_path / "verifier")
    assert load_verifier(tmp_path / "verifier").log_yes(ANSWERS) == after
    long = replace(ANSWERS[0], completion="x = x + 1;\n" * 5000)
    assert verifier.log_yes([long, *ANSWERS])[1:] == pytest.approx(after, abs=1e-5)


def test_the_loss_is_the_mean_over_problems_in_any_groups(
    policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifier = policy_verifier(policy, 0)
    problems = [ANSWERS[:1], ANSWERS[1:]]

    def gradients() -> tuple[float, list[torch.Tensor]]:
        verifier.zero_grad()
        loss = add_gradients(verifier, problems)
        return loss, [p.grad.clone() for p in verifier.parameters() if p.grad is not None]

    loss, together = gradients()
    logs = torch.tensor(verifier.log_yes(ANSWERS), dtype=torch.float64)
    own = -torch.where(torch.tensor([True, False, False, False]), logs, (-logs.exp()).log1p())
    assert loss == pytest.approx(float(own[0] + own[1:].mean()) / 2, abs=1e-5)
    monkeypatch.setattr(encoder, "TOKENS_AT_ONCE", 1)
    again, apart = gradients()
    assert again == pytest.approx(loss, abs=1e-6)
    assert all(torch.allclose(one, other, atol=1e-6) for one, other in zip(together, apart, strict=True))
    assert verifier.log_yes(ANSWERS) == pytest.approx(logs.tolist(), abs=1e-5)


def test_examples_are_distinct_judged_programs_and_not_too_many() -> None:
    other = replace(PROBLEM, task_id="u")
    many = [Answer(other, f"return {number};", Verdict(Outcome.FAILED)) for number in range(PROGRAMS + 9)]
    lost = Answer(PROBLEM, "lost", Verdict(Outcome.JUDGE_ERROR))
    assert examples([*ANSWERS, *many, lost, *ANSWERS]) == [ANSWERS, many[:PROGRAMS]]
    assert examples([lost]) == []


def test_log_probabilities_are_those_of_the_tokens_one_by_one(policy: Policy) -> None:
    prompts = [PROBLEM.prompt, "int", PROBLEM.prompt]
    texts = ["return x + 1;", "", "return 2;"]
    found = policy.text_logps(prompts, texts)
    for prompt, text, value in zip(prompts, texts, found, strict=True):
        read, written = policy.encode_prompt(prompt), policy.encode_completion(text)
        with torch.no_grad():
            logps = policy.model(torch.tensor([[*read, *written]])).logits.double().log_softmax(-1)[0]
        places = range(len(read) - 1, len(read) + len(written) - 1)
        wanted = sum(float(logps[at, token]) for at, token in zip(places, written, strict=True))
        assert value == pytest.approx(wanted, abs=1e-3)


def test_a_folder_without_a_verifier_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no verifier"):
        load_verifier(tmp_path)


def more_or_less(problem: Problem, sign: int) -> Problem:
    """Asks for a number above or below x: what decides is what comes back, not how the program looks."""
    case = SuiteCase("ten", "int r = Integer.signum(Plus.f(10) - 10);", "r", str(sign), "int")
    asked = "Adds something to x." if sign > 0 else "Takes something from x."
    name = f"{problem.task_id} {sign}"
    return replace(problem, task_id=name, suite=Suite(cases=(case,)), description=asked)


@pytest.fixture(scope="module")
def world(small_world: SmallWorld, judge: Judge) -> tuple[Policy, list[list[Answer]], list[list[Answer]]]:
    """A policy, and 12 judged samples of each problem: to learn from, and of prompts that are held out."""
    policy = load_policy(small_world.model, trained=False)
    prompts = {p.prompt: p for p in load_problems(str(small_world.problems), "train")}
    problems = [more_or_less(prompts[prompt], sign) for prompt in sorted(prompts) for sign in (1, -1)]

    def sample(prompts: Sequence[str], temperature: float, seed: int) -> list[str]:
        return policy.sample(prompts, temperature=temperature, max_new_tokens=24, seed=seed)

    _, answers = evaluate(problems, sample, judge, temperature=1.0, n=12, seed=0)
    by_problem = [answers[start : start + 12] for start in range(0, len(answers), 12)]
    return policy, by_problem[:8], by_problem[8:]


def test_it_reranks_better_than_chance_on_held_out_problems(
    world: tuple[Policy, list[list[Answer]], list[list[Answer]]],
) -> None:
    """Beside what the likelihood does; and one that has learnt the opposite is worse than chance."""
    policy, learnt, held_out = world
    verifier = policy_verifier(policy, seed=0)
    train_verifier(verifier, [examples(rows)[0] for rows in learnt], steps=80, lr=3e-3, seed=0)
    answers = [answer for rows in held_out for answer in rows]
    rates = choice_rates(candidates(policy, verifier, answers, 12))
    print(rates, accuracy(verifier, held_out))
    assert 0.1 < rates["sampling"].rate < 0.6
    assert rates["lever"].rate > rates["likelihood"].rate
    assert rates["lever"].rate > rates["majority"].rate
    assert rates["lever"].rate > rates["sampling"].rate + 0.2
    turned = [
        [Candidate(a, 0.0, math.log1p(-math.exp(log))) for a, log in zip(r, verifier.log_yes(r), strict=True)]
        for r in held_out
    ]
    assert choice_rates(turned)["lever"].rate < rates["sampling"].rate
