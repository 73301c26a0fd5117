"""The reward that grpo.yaml names: compiler and tests, of problems that the rows carry."""

from rlcf.adapters import Rewards
from rlcf.adapters.trl import JavaReward

java = JavaReward(Rewards(grounding="tests"))
