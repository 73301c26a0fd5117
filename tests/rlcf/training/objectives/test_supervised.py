"""What supervised steps learn from judged rollouts, and that they learn just that."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import T5Config, T5ForConditionalGeneration

from javabox import Judge, Outcome, Verdict
from rlcf.environment import Setting
from rlcf.grounding.leti import BAD, GOOD, LONGEST
from rlcf.grounding.signal import Answer, Signal
from rlcf.grounding.table import grounding_entry
from rlcf.grounding.values import outcome_class
from rlcf.machine import Machine
from rlcf.policy import Policy
from rlcf.policy.generate import Sampled
from rlcf.recipe import Recipe
from rlcf.recipes import override
from rlcf.training.objectives.supervised import (
    SupervisedObjective,
    select_best,
    select_passed,
    select_references,
    select_with_feedback,
)
from rlcf.training.objectives.table import OBJECTIVES
from rlcf.training.prompts import PLAIN, PromptFormat
from rlcf.training.rollout import Rollout, feedback_of
from rlcf.training.runtime.distributed import Parallel
from tests.rlcf.grounding.test_groundings import BROKEN, CUT, HALF, PASSES, PROBLEM, THROWS

END = "\n    }\n}\n"
TYPE = f'        return "text";{END}'
LATE = f"        int y = x;\n        return y / 0;{END}"
LONG = f'        if (true) throw new RuntimeException("{"long " * 100}");\n        return 0;{END}'
BEFORE = {
    CUT: f"{BAD}line 1: reached end of file while parsing\n",
    TYPE: f"{BAD}line 1: incompatible types: java.lang.String cannot be converted to int\n",
    LATE: f"{BAD}line 2: java.lang.ArithmeticException: / by zero\n",
    HALF: f"{BAD}case 2 failed: returned 0\n",
    LONG: f"{BAD}{('line 1: java.lang.RuntimeException: ' + 'long ' * 100)[:LONGEST]}\n",
    PASSES: "// good\n",
}
"""What LeTI puts before the prompt of each program."""

RECIPE = override(
    Recipe(),
    {"objective.name": "kept", "objective.steps": 8, "objective.minibatches": 1, "objective.lr": 2e-3},
)
Example = tuple[list[int], list[int]]


def rollouts(policy: Policy, judge: Judge, name: str, texts: Sequence[str]) -> list[Rollout]:
    """Hand-made completions, judged and grounded as the grounding `name` wants it."""
    entry = grounding_entry(name)
    jobs = [PROBLEM.job(text, compile_only=not entry.runs, coverage=entry.covers) for text in texts]
    answers = [Answer(PROBLEM, text, found) for text, found in zip(texts, judge.grade(jobs), strict=True)]
    signals = entry.make(lambda *rows: [-0.5] * len(rows[0]), 0.2)(answers)
    return [rollout(policy, *one) for one in zip(answers, signals, strict=True)]


def rollout(policy: Policy, answer: Answer, signal: Signal) -> Rollout:
    ids = policy.encode_completion(answer.completion)
    prompt = policy.encode_prompt(answer.problem.prompt)
    feedback = feedback_of(policy, ids, signal, outcome_class(answer.verdict), group=0)
    return Rollout(0, prompt, Sampled(ids, True, [0.0] * len(ids)), answer, signal, feedback, answer)


def test_leti_learns_programs_behind_the_word_and_what_went_wrong(policy: Policy, judge: Judge) -> None:
    policy.prefix = GOOD  # as from the second step on: it is replaced, not doubled
    found = select_with_feedback(policy, rollouts(policy, judge, "tests", list(BEFORE)), [])
    assert [policy.decode(prompt) for prompt, _ in found] == [
        before + PROBLEM.prompt for before in BEFORE.values()
    ]
    assert [list(ids) for _, ids in found] == [policy.encode_completion(text) for text in BEFORE]
    assert found[0][1][-1] == policy.tokenizer.eos_token_id


def test_leti_in_turns_learns_behind_what_was_told(policy: Policy, judge: Judge) -> None:
    """Good or bad is said of the program itself, and what comes before it is as it was asked."""
    policy.prefix = GOOD
    form = PromptFormat(setting=Setting(turns=2, shows="both"))
    first, second = rollouts(policy, judge, "tests", [TYPE, LATE])
    said = form.exchange(policy, first.answer)
    assert said is not None
    second = replace(second, exchanges=(said,))
    found = select_with_feedback(policy, [first, second], [], form)
    asked = form.text(policy, PROBLEM, exchanges=(said,))
    assert [policy.decode(prompt) for prompt, _ in found] == [
        BEFORE[TYPE] + PROBLEM.prompt,
        BEFORE[LATE] + asked.removeprefix(GOOD),
    ]
    assert asked.startswith(GOOD + PROBLEM.prompt)
    assert TYPE in asked
    assert list(found[1][1]) == policy.encode_completion(LATE)


def test_leti_with_programs_that_are_not_run_knows_the_compiler_alone(policy: Policy, judge: Judge) -> None:
    found = select_with_feedback(policy, rollouts(policy, judge, "compiler", [LATE, TYPE]), [])
    assert policy.decode(found[0][0]) == GOOD + PROBLEM.prompt
    assert policy.decode(found[1][0]) == BEFORE[TYPE] + PROBLEM.prompt


def test_only_tokens_of_the_program_carry_loss(policy: Policy, judge: Judge) -> None:
    """The last states that get a gradient are those that choose the completion's tokens, end included."""
    states: list[Tensor] = []

    def keep(_: object, __: object, output: Any) -> None:
        if torch.is_grad_enabled():
            output.last_hidden_state.retain_grad()
            states.append(output.last_hidden_state)

    examples = select_with_feedback(policy, rollouts(policy, judge, "tests", list(BEFORE)), [])
    objective = made(policy, RECIPE, Machine(tokens_per_microbatch=1))
    policy.model.base_model.register_forward_hook(keep)
    objective.learn(examples, [], 0)
    carried = []
    for state_1LD in states:
        assert state_1LD.grad is not None
        carried.append(state_1LD.grad[0].abs().sum(-1).nonzero().flatten().tolist())
    expected = [list(range(len(p) - 1, len(p) + len(c) - 1)) for p, c in examples]
    assert sorted(carried) == sorted(expected)


def test_the_judges_failures_are_no_examples(policy: Policy) -> None:
    passed = Answer(PROBLEM, PASSES, Verdict(Outcome.PASSED))
    lost = [
        rollout(policy, Answer(PROBLEM, PASSES, Verdict(Outcome.JUDGE_ERROR)), Signal(None)),
        rollout(policy, passed, Signal(None)),
    ]
    assert select_passed(policy, lost, []) == select_with_feedback(policy, lost, []) == []
    assert len(select_passed(policy, [rollout(policy, passed, Signal(-1.0))], [])) == 1


def test_the_discriminator_filters_what_compiles(policy: Policy, judge: Judge) -> None:
    """Without tests: of four that compile the better half, with the equals of its last, and nothing else."""
    texts = [f"        return {n};{END}" for n in range(4)]
    values = dict(zip(texts, (-0.9, 0.1, -0.2, 0.3), strict=True))
    jobs = [PROBLEM.job(text, compile_only=True) for text in [*texts, CUT]]
    answers = [Answer(PROBLEM, text, v) for text, v in zip([*texts, CUT], judge.grade(jobs), strict=True)]
    compares = grounding_entry("rlcf").make(lambda _, texts, __: [values[text] for text in texts], 0.2)
    rows = [rollout(policy, *one) for one in zip(answers, compares(answers), strict=True)]

    def learnt(share: float, rows: Sequence[Rollout]) -> list[str]:
        return [policy.decode(ids) for _, ids in select_best(share)(policy, rows, [], PLAIN)]

    assert learnt(0.5, rows) == [texts[1], texts[3]]
    assert learnt(0.1, rows) == [texts[3]], "one at least"
    assert learnt(0.5, [*rows, rows[1]]) == [texts[1], texts[3], texts[1]], "equals of the last one too"
    assert learnt(1.0, rows) == texts, "what does not compile never"
    assert learnt(0.5, rows[4:]) == []


@pytest.mark.parametrize(
    ("grounding", "expected"),
    [
        ("compiler", [PASSES, HALF, THROWS, PASSES]),
        ("rlcf", [PASSES, HALF, THROWS, PASSES]),
        ("tests", [PASSES, PASSES]),
        ("rlcf+tests", [PASSES, PASSES]),
        ("stepcoder", [PASSES, PASSES]),
        ("rltf", [PASSES, PASSES]),
    ],
)
def test_kept_is_what_passes_or_without_tests_what_compiles(
    policy: Policy, judge: Judge, grounding: str, expected: list[str]
) -> None:
    """HALF passes half of its cases; a completion that was sampled twice counts twice."""
    found = rollouts(policy, judge, grounding, [BROKEN, PASSES, CUT, HALF, THROWS, TYPE, PASSES])
    examples = select_passed(policy, found, [])
    assert [policy.decode(ids) for _, ids in examples] == expected
    assert {policy.decode(prompt) for prompt, _ in examples} == {PROBLEM.prompt}


def test_references_are_those_of_the_problems_each_once(policy: Policy) -> None:
    without = replace(PROBLEM, task_id="none", reference=None)
    (one,) = select_references(policy, [], [PROBLEM, without, PROBLEM])
    assert [policy.decode(ids) for ids in one] == [PROBLEM.prompt, PROBLEM.reference]


# ---- the update


def made(policy: Policy, recipe: Recipe, machine: Machine | None = None) -> SupervisedObjective:
    objective = OBJECTIVES[recipe.objective.name].make(policy, recipe, machine or Machine(), Parallel())
    assert isinstance(objective, SupervisedObjective)
    return objective


def encoded(policy: Policy, texts: Sequence[tuple[str, str]]) -> list[Example]:
    return [(policy.encode_prompt(p), policy.encode_completion(c)) for p, c in texts]


TEXTS = [(PROBLEM.prompt, PASSES), (PROBLEM.prompt, HALF), ("int", "}\n"), (GOOD + PROBLEM.prompt, CUT)]
REFERENCES = [(PROBLEM.prompt, str(PROBLEM.reference)), ("class", " A {}")]


def trained(
    policy: Policy, recipe: Recipe, steps: int = 1, machine: Machine | None = None
) -> tuple[SupervisedObjective, list[dict[str, float]]]:
    """An objective that took some steps on a copy of `policy`, and the numbers of each."""
    own = Policy(copy.deepcopy(policy.model), policy.tokenizer, recipe.model.lora_rank)
    objective = made(own, recipe, machine)
    sft = encoded(own, REFERENCES) if recipe.objective.sft_coef else []
    return objective, [objective.learn(encoded(own, TEXTS), sft, step) for step in range(steps)]


def weights(objective: SupervisedObjective) -> Tensor:
    return torch.cat([tensor.flatten() for tensor in objective.trained.module.weights().values()])


def encoder_decoder(policy: Policy) -> Policy:
    """A random T5 with the tokenizer of `policy`."""
    config = T5Config(
        vocab_size=len(policy.tokenizer), d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4,
        decoder_start_token_id=0, pad_token_id=0, eos_token_id=policy.tokenizer.eos_token_id,
    )  # fmt: skip
    torch.manual_seed(0)
    return Policy(T5ForConditionalGeneration(config), policy.tokenizer)


def mean_by_hand(model: Any, examples: Sequence[Example]) -> Tensor:
    """Row by row, with the model's own logits: the mean over completion tokens."""
    total, tokens = torch.zeros((), dtype=torch.float64), 0
    for prompt, completion in examples:
        labels = torch.tensor([completion])
        if model.config.is_encoder_decoder:
            logits = model(input_ids=torch.tensor([prompt]), labels=labels).logits[0]
        else:
            logits = model(input_ids=torch.tensor([[*prompt, *completion]])).logits[0]
            logits = logits[len(prompt) - 1 : -1]
        total = total - logits.log_softmax(-1).gather(1, labels[0][:, None]).sum()
        tokens += len(completion)
    return total / tokens


@pytest.mark.parametrize("family", ["causal", "encoder-decoder"])
def test_loss_and_gradient_are_those_of_float64_by_hand(policy: Policy, family: str) -> None:
    policy = policy if family == "causal" else encoder_decoder(policy)
    _, (numbers,) = trained(policy, override(RECIPE, {"objective.sft_coef": 0.3}))
    model = copy.deepcopy(policy.model).double()
    loss = mean_by_hand(model, encoded(policy, TEXTS))
    anchor = mean_by_hand(model, encoded(policy, REFERENCES))
    (loss + 0.3 * anchor).backward()  # type: ignore[no-untyped-call]
    norm = torch.stack([p.grad.norm() for p in model.parameters() if p.grad is not None]).norm()
    assert numbers["policy_loss"] == pytest.approx(loss.item(), rel=1e-5)
    assert numbers["anchor_loss"] == pytest.approx(anchor.item(), rel=1e-5)
    assert numbers["gradient_norm"] == pytest.approx(norm.item(), rel=1e-4)
    assert (numbers["updates"], numbers["learnt_rows"]) == (1, 4)


@pytest.mark.parametrize("lora_rank", [0, 4])
def test_micro_batching_does_not_change_the_update(policy: Policy, lora_rank: int) -> None:
    recipe = override(
        RECIPE,
        {
            "objective.minibatches": 4,
            "objective.sft_coef": 0.1,
            "model.lora_rank": lora_rank,
        },
    )
    whole, one = trained(policy, recipe, steps=2)
    assert not torch.allclose(weights(whole), weights(trained(policy, recipe, 0)[0]), atol=1e-4), "it learns"
    assert one[0]["updates"] == 3
    for budget in (1, 120):
        split, other = trained(policy, recipe, 2, Machine(tokens_per_microbatch=budget))
        assert torch.allclose(weights(whole), weights(split), atol=2e-5)
        assert one[1] == pytest.approx(other[1], abs=1e-4)


def test_what_is_learnt_becomes_likelier_and_the_rate_falls_to_zero(policy: Policy) -> None:
    objective, numbers = trained(policy, override(RECIPE, {"objective.name": "references"}), steps=8)
    losses = [row["policy_loss"] for row in numbers]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0] - 1
    before = weights(objective)
    objective.learn(encoded(objective.policy, TEXTS), [], 8)
    assert torch.equal(weights(objective), before), "after the last step the rate is 0"


def test_without_examples_nothing_changes(policy: Policy) -> None:
    objective, _ = trained(policy, RECIPE)
    before, state = weights(objective), copy.deepcopy(objective.state()["optimizers"])
    numbers = objective.learn([], encoded(policy, REFERENCES), 1)
    assert numbers == {"updates": 0, "skipped_updates": 0, "learnt_rows": 0}
    assert torch.equal(weights(objective), before)
    steps = [
        [row["step"] for row in rows] for rows in (state["policy"], objective.state()["optimizers"]["policy"])
    ]
    assert steps[0] == steps[1]


def test_the_word_for_good_comes_with_the_first_update_and_stays(policy: Policy) -> None:
    objective, _ = trained(policy, override(RECIPE, {"objective.name": "feedback"}), 0)
    own = objective.policy
    plain = own.encode_prompt("class A {")
    assert own.prefix == ""
    objective.learn(encoded(own, TEXTS), [], 0)
    assert own.prefix == GOOD
    assert own.decode(own.encode_prompt("class A {")) == "// good\nclass A {"
    assert own.encode_prompt("class A {", prefix="") == plain
    later = made(Policy(copy.deepcopy(own.model), copy.deepcopy(own.tokenizer)), RECIPE)
    later.policy.prefix = ""
    later.load(objective.state())
    assert later.policy.prefix == GOOD
