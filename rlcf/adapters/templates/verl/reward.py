"""What verl loads by this file's path: `reward.custom_reward_function.name=compute_score`."""

from rlcf.adapters.verl import compute_score, compute_scores

__all__ = ["compute_score", "compute_scores"]
