"""The critic that chooses where programs are cut."""

from __future__ import annotations

import math

import pytest
import torch

from rlcf.policy import tiny_policy
from rlcf.policy.critic import ClassCritic
from rlcf.policy.prefix_critic import PrefixCritic, cut

TEXTS = ["        return x + 1;\n    }\n}\n", "int ü = 2;\n", ""]


def logits(*passed_and_failed: tuple[float, float]) -> torch.Tensor:
    return torch.tensor([[0.0, 0.0, failed, passed] for passed, failed in passed_and_failed])


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        (logits((0, -1), (2, 0), (1, 0)), 1),
        (logits((0, -1), (1, 0), (2, 0)), 2),
        (logits((0, -1), (1, 0), (2, 3), (9, 0)), 1),
        (logits((0, 1), (9, 0)), 0),
        (logits((0, 0), (0, 0)), 0),
    ],
    ids=["the largest", "the last", "not beyond a failing one", "failing at once", "no opinion"],
)
def test_programs_are_cut_where_they_are_most_promising(found: torch.Tensor, kept: int) -> None:
    assert cut(found) == kept


def test_prefixes_and_chances_are_a_programs_own() -> None:
    """Whatever stands beside it in a batch."""
    policy = tiny_policy(["int", "return", "        "], seed=1)
    critic = ClassCritic(policy.width, seed=2)
    torch.manual_seed(3)
    torch.nn.init.normal_(critic.last.weight, std=5.0)
    told = PrefixCritic(policy, critic)
    prompts = ["class A {\n", "class Bee {\n int f() {\n", "class"]
    together = told(prompts, TEXTS)
    for prompt, text, (prefix, chance) in zip(prompts, TEXTS, together, strict=True):
        assert text.startswith(prefix)
        ((alone, as_likely),) = told([prompt], [text])
        assert (alone, as_likely) == (prefix, pytest.approx(chance, abs=1e-5))
        ids = policy.encode_completion(text)
        batch = policy.collate([policy.encode_prompt(prompt)], [ids])
        rows = critic(policy.token_stats(batch).states_BTD)[0].tolist()
        pooled = [max(row[c] for row in rows) for c in range(4)]
        assert chance == pytest.approx(math.exp(pooled[3]) / sum(map(math.exp, pooled)), abs=1e-4)
        assert prefix == policy.decode(ids[: cut(torch.tensor(rows))])
