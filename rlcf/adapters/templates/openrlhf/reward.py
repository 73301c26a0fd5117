"""What OpenRLHF loads by this file's path: `--reward.remote_url reward.py`."""

import torch

from rlcf.adapters.openrlhf import scored


def reward_func(queries, prompts, labels):
    """Rewards of replies to Java problems, and rates for the logs."""
    scores, facts = scored(queries, prompts, labels, grounding="tests")
    logs = {name: torch.tensor(values) for name, values in facts.items()}
    return {"rewards": torch.tensor(scores), "scores": torch.tensor(scores), "extra_logs": logs}
