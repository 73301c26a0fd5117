"""A saved class critic: which prefix of a program is the most promising, and how likely the program passes.

A training with `advantage = "coderl"` writes `critic.pt` beside each checkpoint's policy, whose states it
reads (CodeRL, arXiv 2207.01780). The paper has a critic of two classes for this; here it is
the one of four that training has.

Not covered: critics with adapters or a trunk of their own, which are not saved beside a policy.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from rlcf.errors import BadInput
from rlcf.grounding.values import CLASSES
from rlcf.policy.batch import Tokens
from rlcf.policy.critic import ClassCritic
from rlcf.policy.policy import Policy
from rlcf.policy.score import states

CRITIC_FILE = "critic.pt"
ROWS = 32
"""Programs that the critic reads together."""
FAILED, PASSED = CLASSES.index("failed"), CLASSES.index("passed")


class PrefixCritic:
    """Tells prefixes of completions apart."""

    def __init__(self, policy: Policy, critic: ClassCritic) -> None:
        self.policy, self.critic = policy, critic.to(policy.device)

    @torch.no_grad()
    def __call__(self, prompts: Sequence[str], completions: Sequence[str]) -> list[tuple[str, float]]:
        """Of each completion the prefix to go on from, and the probability that the whole passes."""
        found: list[tuple[str, float]] = []
        for first in range(0, len(prompts), ROWS):
            texts = completions[first : first + ROWS]
            ids = [self.policy.encode_completion(text) for text in texts]
            asked = [self.policy.encode_prompt(prompt) for prompt in prompts[first : first + ROWS]]
            batch = self.policy.collate(asked, ids)
            logits_BTC = self.critic(states(self.policy.model, batch))
            for text, own, logits_TC in zip(texts, ids, logits_BTC, strict=True):
                logits_TC = logits_TC[: len(own)]
                chance = float(logits_TC.amax(0).softmax(0)[PASSED])
                found.append((_text(self.policy, text, own[: cut(logits_TC)]), chance))
        return found


def cut(logits_TC: torch.Tensor) -> int:
    """How many tokens to keep: where p(passed) is largest, among the prefixes before the first that is more
    likely to fail. The logits at a token are those of the prefix before it."""
    chances_TC = logits_TC.softmax(-1)
    failing = (chances_TC[:, FAILED] > chances_TC[:, PASSED]).nonzero()
    end = int(failing[0]) if len(failing) else len(chances_TC)
    return int(chances_TC[:end, PASSED].argmax()) if end else 0


def load_prefix_critic(folder: str | Path, policy: Policy) -> PrefixCritic:
    """The critic beside the policy in the checkpoint `folder`; raises BadInput where there is none."""
    path = Path(folder) / CRITIC_FILE
    if not path.is_file():
        raise BadInput(
            f"holds no {CRITIC_FILE}: trainings with ppo.advantage = coderl write one, whose critic reads the"
            " policy's states (critic.trunk = policy, critic.lora_rank = 0)",
            file=folder,
            field="refine",
        )
    critic = ClassCritic(policy.width, seed=0)
    critic.load_state_dict(torch.load(path, weights_only=True, map_location="cpu"))
    return PrefixCritic(policy, critic)


def _text(policy: Policy, text: str, ids: Tokens) -> str:
    """What the tokens write; a character that is cut in two goes."""
    prefix = policy.decode(ids)
    while not text.startswith(prefix):
        prefix = prefix[:-1]
    return prefix
