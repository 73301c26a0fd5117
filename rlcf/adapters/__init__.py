"""How other trainers and evaluators use rlcf's rewards: one small module a host, torch-free.

    from rlcf.adapters import Rewards, rows

    train = rows(load_problems("mbjp", "train"))          # prompt, task_id, problem: a row a problem
    scored = Rewards(grounding="pass").score([row["problem"] for row in train], replies)

A host's module is imported by who uses that host, and imports it; `rlcf init HOST` writes an example.
"""

from rlcf.adapters.rewards import Rewards, Scored, cached_rewards, text_of
from rlcf.adapters.rows import carried, problem_of_row, rows

__all__ = ["Rewards", "Scored", "cached_rewards", "carried", "problem_of_row", "rows", "text_of"]
