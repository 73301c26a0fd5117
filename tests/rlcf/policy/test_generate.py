"""Sampling draws exactly from the distribution that training scores."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import pytest
import torch

from rlcf.policy import Policy, load_policy
from rlcf.policy.generate import Decoding, choose, stable_seed, uniforms

PROMPTS = ["class A {\n", "class A {\n    static int f(int x) {\n", "x"]
SEEDS = [0, 0, 0]


def greedy_by_hand(policy: Policy, prompt: str, most: int) -> list[int]:
    ids = policy.encode_prompt(prompt)
    written: list[int] = []
    for _ in range(most):
        logits = policy.model(input_ids=torch.tensor([ids + written])).logits[0, -1]
        written.append(int(logits.argmax()))
        if written[-1] in policy.stop_ids:
            break
    return written


def test_greedy_equals_a_loop_without_cache_and_padding(policy: Policy) -> None:
    sampled = policy.sample_tokens([policy.encode_prompt(prompt) for prompt in PROMPTS], 0.0, 12, SEEDS)
    assert [one.ids for one in sampled] == [greedy_by_hand(policy, prompt, 12) for prompt in PROMPTS]


def test_rows_that_stop_leave_and_the_others_go_on_unchanged(policy: Policy) -> None:
    prompts = [policy.encode_prompt(prompt) for prompt in PROMPTS]
    full = policy.sample_tokens(prompts, 0.0, 12, SEEDS)
    # Whatever the first row writes third becomes a stop token: its row ends there and leaves the batch.
    stop = full[0].ids[2]
    decoding = Decoding(0.0, 12, frozenset({stop}), 0)
    stopping = policy.backend.generate(policy.model, prompts, [0] * 3, decoding)
    for before, after in zip(full, stopping, strict=True):
        end = before.ids.index(stop) + 1 if stop in before.ids else len(before.ids)
        assert after.ids == before.ids[:end]
        assert after.stopped == (stop in before.ids)
    assert stopping[0].stopped


def test_frequencies_follow_the_temperature() -> None:
    logits = torch.tensor([[0.0, 1.0, 2.0, -1.0]])
    uniform_B = uniforms([0], 20_000)[0]
    draws, logps = choose(logits.expand(20_000, 4), 0.7, uniform_B)
    counts = Counter(draws.tolist())
    for token, probability in enumerate((logits[0] / 0.7).softmax(0).tolist()):
        spread = math.sqrt(probability * (1 - probability) / 20_000)
        assert abs(counts[token] / 20_000 - probability) < 5 * spread
        assert torch.allclose(logps[draws == token].exp(), torch.tensor(probability))


def test_the_ends_of_the_unit_interval_draw_real_tokens() -> None:
    logits = torch.tensor([[-200.0, 0.0, 1.0, -200.0]])  # the first and the last have probability 0 in fp32
    ends = torch.tensor([0.0, 1 - 2**-53], dtype=torch.float64)
    draws, _ = choose(logits.expand(2, 4), 1.0, ends)
    assert draws.tolist() == [1, 2]


def test_frequencies_over_seeds_follow_the_distribution() -> None:
    """First numbers of neighbouring seeds are as good as numbers of one generator."""
    first = uniforms(range(20_000), 1)[:, 0]
    counts = torch.histc(first, bins=20, min=0, max=1)
    assert ((counts - 1000) ** 2 / 1000).sum() < 50, "chi square of 19 degrees of freedom"
    assert abs(float(torch.corrcoef(torch.stack([first[:-1], first[1:]]))[0, 1])) < 0.03


def test_a_row_s_numbers_are_its_own() -> None:
    wide = uniforms([5, 6, 5], 50)
    assert torch.equal(wide[0], wide[2])
    assert not torch.equal(wide[0], wide[1])
    assert torch.equal(uniforms([6], 7)[0], wide[1, :7])


def test_same_seed_same_text_other_seed_other_text(policy: Policy) -> None:
    def draw(seed: int) -> list[str]:
        return policy.sample(PROMPTS * 3, temperature=1.0, max_new_tokens=8, seed=seed)

    assert draw(1) == draw(1)
    assert draw(1) != draw(2)
    assert len(set(draw(1))) > len(PROMPTS), "samples of the same prompt differ"


def test_a_generation_config_that_says_greedy_still_samples(policy: Policy, tmp_path: Path) -> None:
    policy.model.generation_config.do_sample = False
    policy.save(tmp_path)
    loaded = load_policy(tmp_path)
    assert len(set(loaded.sample(["x"] * 8, temperature=1.0, max_new_tokens=8, seed=0))) > 1


def test_all_stop_tokens_of_the_generation_config_stop(policy: Policy, tmp_path: Path) -> None:
    stop = greedy_by_hand(policy, "x", 3)[1]
    policy.model.generation_config.eos_token_id = [policy.tokenizer.eos_token_id, stop]
    policy.save(tmp_path)
    loaded = load_policy(tmp_path)
    (sampled,) = loaded.sample_tokens([loaded.encode_prompt("x")], 0.0, 10, [0])
    assert sampled.stopped
    assert sampled.ids[-1] == stop


@pytest.mark.parametrize("parts", [(1, "a"), ("rollout", 3, 256)])
def test_seeds_are_stable(parts: tuple[object, ...]) -> None:
    assert stable_seed(*parts) == stable_seed(*parts)
    assert 0 <= stable_seed(*parts) < 2**63
    assert stable_seed(1, "a") == 6148644138517888281, "a seed must not change between versions"
