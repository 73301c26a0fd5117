"""A tiny policy and rollouts by hand for the tests of the update."""

from __future__ import annotations

import pytest
import torch

from rlcf.policy import Policy, tiny_policy

PROMPTS = ["class A {\n", "x", "class A {\n    static int f(int x) {\n", "int"]
COMPLETIONS = ["        return x + 1;\n    }\n}\n", "return", "        int y = x * x;\n", "}\n"]


@pytest.fixture
def policy() -> Policy:
    torch.set_num_threads(1)
    return tiny_policy(PROMPTS + COMPLETIONS, seed=1)


@pytest.fixture
def tokens(policy: Policy) -> tuple[list[list[int]], list[list[int]]]:
    return [policy.encode_prompt(p) for p in PROMPTS], [policy.encode_completion(c) for c in COMPLETIONS]
