"""Tiny policies in fp32 for the tests of the policy."""

from __future__ import annotations

import pytest
import torch

from rlcf.policy import Policy, tiny_policy

TEXTS = [
    "class A {\n    static int f(int x) {\n",
    "        return x + 1;\n    }\n}\n",
    "        int y = x * x;\n        return y - 2;\n    }\n}\n",
]


def spread(policy: Policy) -> Policy:
    """Larger weights: a fresh model is nearly uniform, and much would be equal by chance."""
    with torch.no_grad():
        for parameter in policy.model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(4.0)
    return policy


@pytest.fixture
def policy() -> Policy:
    torch.set_num_threads(1)
    return spread(tiny_policy(TEXTS, seed=1))
