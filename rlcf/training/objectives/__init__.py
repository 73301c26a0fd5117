"""What a step learns from its rollouts: PPO, supervised training, preferences."""
