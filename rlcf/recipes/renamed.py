"""Fields of the flat recipes of earlier versions, and what they are called now: for messages alone."""

from __future__ import annotations

from collections.abc import Mapping

RENAMED: Mapping[str, tuple[str, ...]] = {
    "problems": ("data.problems",),
    "train_problems": ("data.train_problems",),
    "corpus_problems": ("data.corpus_problems",),
    "corpus_noise": ("data.corpus_noise",),
    "evaluation": ("evaluation.problems", "evaluation.samples"),
    "evaluation_split": ("evaluation.split",),
    "model": ("model.name",),
    "lora_rank": ("model.lora_rank",),
    "critic_rank": ("critic.lora_rank",),
    "sft_steps": ("supervised.steps",),
    "sft_lr": ("supervised.lr",),
    "discriminator": ("discriminator.model",),
    "discriminator_training": ("discriminator.samples", "discriminator.steps"),
    "discriminator_lr": ("discriminator.lr",),
    "discriminator_refresh": ("discriminator.refresh_every",),
    "discriminator_weight": ("discriminator.weight",),
    "grounding": ("objective.grounding",),
    "loop": ("objective.name",),
    "ppo_steps": ("objective.steps",),
    "minibatches": ("objective.minibatches",),
    "policy_lr": ("objective.lr",),
    "anchor": ("objective.sft_coef",),
    "curriculum": ("rollout.curriculum",),
    "replay": ("rollout.replay_capacity", "rollout.replay_drawn"),
    "prompts_per_step": ("rollout.prompts_per_step",),
    "samples_per_prompt": ("rollout.samples_per_prompt",),
    "temperature": ("rollout.temperature",),
    "max_new_tokens": ("rollout.max_new_tokens",),
    "epochs": ("ppo.epochs",),
    "advantage": ("ppo.advantage",),
    "gae_lambda": ("ppo.gae_lambda", "critic.gae_lambda"),
    "clip": ("ppo.clip_low", "ppo.clip_high", "ppo.dual_clip"),
    "target_kl": ("ppo.target_kl",),
    "entropy": ("ppo.entropy_coef",),
    "kl": ("kl.coef",),
    "kl_form": ("kl.form",),
    "kl_target": ("kl.target",),
    "critic": ("critic.lr", "critic.warmup_steps"),
}
"""Old name of a field to the dotted names of what it was."""
