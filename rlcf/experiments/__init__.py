"""Studies of several runs: the ablation of groundings, and supervised training against RL."""
