"""Who answers: the model, its tokenizer, adapters and critic, and generation."""

from rlcf.policy.load import load_policy, tiny_policy
from rlcf.policy.policy import Policy

__all__ = ["Policy", "load_policy", "tiny_policy"]
