"""Methods of the field by name: what `method = "coderl"` in a recipe stands for.

A grounding alone says what an answer is worth; some methods also change what a step does with it. Each name
here stands for lines of a recipe, which the recipe's own lines come after: what a run was is in its
recipe.toml, line by line. Sizes and learning rates of the papers are not taken over: they belong to their
models (docs/methods.md says what else differs).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

METHODS: Mapping[str, Mapping[str, Any]] = {
    # The baselines of every table (docs/methods.md#baselines).
    "sft": {"objective.grounding": "tests", "objective.name": "references"},
    "rejection": {"objective.grounding": "tests", "objective.name": "kept"},
    "rejection-compile": {"objective.grounding": "compiler", "objective.name": "kept"},
    # arXiv 2305.18341: its anchor loss, and the discriminator of its ablation (Table 4) and of none.
    "rlcf-anchored": {"objective.grounding": "rlcf", "objective.sft_coef": 0.1},
    "rlcf-frozen": {"objective.grounding": "rlcf", "discriminator.refresh_every": 0},
    "rlcf-random": {"objective.grounding": "rlcf", "discriminator.model": "random"},
    # arXiv 2307.04349: a buffer of 6,400, the best program so far, supervised and RL steps in turn.
    "rltf-online": {
        "objective.grounding": "rltf",
        "rollout.replay_capacity": 6400,
        "ppo.advantage": "best",
        "objective.sft_coef": 1.0,
    },
    # arXiv 2402.01391: curriculum and mask.
    "stepcoder-curriculum": {"objective.grounding": "stepcoder", "rollout.curriculum": True},
    # arXiv 2301.13816: KL held at 1 nat by a coefficient that begins at 0.1 (run.sh of the authors' code).
    "ppocoder-adaptive": {"objective.grounding": "ppocoder", "kl.coef": 0.1, "kl.target": 1.0},
    # arXiv 2207.01780: RL and supervised loss of equal weight.
    "coderl": {"objective.grounding": "rltf-coarse", "ppo.advantage": "coderl", "objective.sft_coef": 1.0},
    # arXiv 2305.10314: no reward, the feedback is read.
    "leti": {"objective.grounding": "tests", "objective.name": "feedback"},
    "leti-turns": {
        "objective.grounding": "tests",
        "objective.name": "feedback",
        "objective.sft_coef": 1.0,
        "repair.turns": 2,
        "repair.shows": "both",
    },
    # arXiv 2406.06887; beta is the usual one.
    "plum-dpo": {"objective.grounding": "tests", "objective.name": "dpo", "kl.coef": 0.1},
    "plum-kto": {"objective.grounding": "tests", "objective.name": "kto", "kl.coef": 0.1},
    # arXiv 2310.13669: partial credit, and a buffer of a size that the paper leaves open.
    "partial-replay": {"objective.grounding": "partial", "rollout.replay_capacity": 6400},
}
"""Fields of a recipe by name of the method."""
