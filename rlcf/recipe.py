"""A recipe: every number behind a training run, in tables of named fields.

The docstring of a field is its `--help`. All lengths are in steps and samples, never in seconds, so that
the same recipe gives the same run. `rlcf.recipes` reads recipes from files and writes them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

CHOICES = {
    "evaluation.split": ("validation", "test"),
    "rollout.extract": ("none", "auto"),
    "repair.shows": ("outcome", "compiler", "case", "both"),
    "optimizer.schedule": ("linear", "cosine", "constant"),
    "ppo.advantage": ("gae", "group", "leave-one-out", "best", "greedy", "coderl"),
    "critic.trunk": ("policy", "own"),
    "ppo.ratio": ("token", "sequence", "cispo"),
    "ppo.mean": ("token", "sequence"),
    "objective.name": ("ppo", "references", "kept", "feedback", "dpo", "ipo", "hinge", "kto"),
    "kl.form": ("reward", "k2", "k3"),
    "discriminator.kind": ("pairwise", "pointwise", "word", "likelihood"),
}
"""What fields that take one of a few words can be."""


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """The policy."""

    name: str = "tiny"
    """`tiny`, `small`, `base-30m` or `base-100m` (made on the spot), a model folder or a hub id; causal or
    encoder-decoder."""
    lora_rank: int = 0
    """Rank of the policy's LoRA adapters; 0 trains all weights."""
    chat: bool = False
    """Whether it is asked in a conversation, by its tokenizer's chat template, as `rlcf bench` asks chat
    models, and replies with a program in a fence; needs `rollout.extract = "auto"`."""
    system: str = ""
    """System message of the conversation; empty: none."""


@dataclass(frozen=True, slots=True)
class DataSettings:
    """Problems and the supervised corpus."""

    problems: str = "atomic"
    """Problems by name (`atomic`, `many-ways`, `composed-both`, `mbjp`, `mathqa-named`) or an mxeval file."""
    train_problems: int = 4500
    """Problems trained on, at most; `atomic` makes as many."""
    corpus_problems: int = 3000
    """Training problems that the corpus is made from; the objective learns on the others, which it has not
    seen. 0: both on all. Problems divided into `sft` and `rl` (mathqa's) stay so; then 0 is all of `sft`."""
    rl_problems: int = 0
    """Further problems that a generator makes for the objective alone, which then learns on nothing else;
    none computes what a validation or test problem does. 0, or a data set that nothing generates: those that
    the corpus left."""
    corpus_noise: float = 0.35
    """Share of the corpus rows whose body is corrupted."""
    corpus_repairs: float = 0.0
    """Rows beside those, as a share of them, in which a corrupted body, what `[repair]` tells of it and the
    right body follow each other; of javac's error and of the failing case both, one or the other is told."""
    corpus: str = ""
    """Further rows for the supervised training: a file with `prompt` and `completion` in each row, or `jdk`,
    the methods beside the built problems; empty: none."""


@dataclass(frozen=True, slots=True)
class SupervisedSettings:
    """Supervised training on the corpus, before the objective."""

    steps: int = 700
    """Steps; 0 leaves it out."""
    lr: float = 2e-3
    """Largest learning rate."""
    tokens: int = 0
    """Tokens of a step, prompts included, of rows drawn at random; 0: 64 rows of similar length."""


@dataclass(frozen=True, slots=True)
class RolloutSettings:
    """What a step samples, and what it keeps."""

    prompts_per_step: int = 128
    """Problems in a rollout batch."""
    samples_per_prompt: int = 4
    """Completions of each: the group of the critic-free advantages."""
    temperature: float = 0.7
    """Sampling temperature; log-probabilities in PPO are those at this temperature."""
    max_new_tokens: int = 80
    """Longest completion, in tokens, in training and evaluation."""
    extract: str = "none"
    """What of a completion is judged: all of it behind the prompt (`none`), or the program that it means, as
    `rlcf grade` finds it (`auto`); rewards are then put on the tokens that wrote the program."""
    curriculum: bool = False
    """Ask first with most of the reference in the prompt (StepCoder); it is moved out as answers pass."""
    replay_capacity: int = 0
    """Rollouts kept for RLTF's online buffer (first in, first out, no program twice); 0: none."""
    replay_drawn: int = 0
    """Rollouts drawn from the buffer each step to learn from; 0: as many as the step samples."""
    resampling_rounds: int = 0
    """Most times that a step asks other problems in the place of those of which all completions or none
    pass (dynamic sampling, DAPO); every completion is judged and counted."""
    ahead: bool = False
    """Whether the next step's completions are generated while a step learns, by the policy from before it;
    needs `importance_cap`."""
    importance_cap: float = 0.0
    """Bound of the weight that corrects a token's PPO loss where the sampler's probability of it is not the
    one that training computes (truncated importance sampling); 0: no weights."""


@dataclass(frozen=True, slots=True)
class RepairSettings:
    """Answers in turns: the policy is told what was wrong with its program, and writes it again."""

    turns: int = 1
    """Programs that it may write, the first included, in training and evaluation; each one that does not pass
    is followed by another. What it was told is part of the next prompt: nothing is learnt from those tokens.
    Every turn is paid what the last program of its answer is worth."""
    shows: str = "both"
    """What it is told: how the program ended (`outcome`), also javac's first error (`compiler`) or the first
    case that ended so (`case`), or `both`."""
    expected_values: bool = True
    """Whether a case is told with what it expects."""
    example_cases: int = 0
    """Only a problem's first so many cases are told; the others decide all the same. 0: all."""
    feedback_tokens: int = 256
    """Tokens of what is told, at most; what is longer is cut by whole lines."""


@dataclass(frozen=True, slots=True)
class ObjectiveSettings:
    """What a step learns from its rollouts, from which signal."""

    name: str = "ppo"
    """`ppo`; supervised: the `references` of the step's problems, its completions that are `kept` (they pass;
    where the grounding runs no tests, they compile), or all of them behind textual `feedback` (LeTI);
    preferences for what passes: `dpo`, `ipo` and `hinge` from pairs, `kto` from each completion."""
    grounding: str = "rlcf+tests"
    """What a completion is worth: `rlcf` (compiler, discriminator), `rlcf+tests`, `tests+tie`, `rlcf-ast`,
    `tests`, `pass` (1 or 0), `partial`, `compiler`, `rltf`, `rltf-coarse`, `rltf-fine`, `rltf-adaptive`,
    `ppocoder`, `ppocoder+tests`, `stepcoder`, `stepcoder-unmasked`; `rlcf-plain` and `compiler-plain` have -1
    at the end, not on the token of the compile error. Or a function of your own, `path/to/file.py:function`,
    whose file is run; `rlcf train RECIPE --grounding …` is short for this field."""
    steps: int = 30
    """Steps, each with a rollout batch of its own; 0 trains nothing after the supervised steps."""
    lr: float = 6e-5
    """Learning rate of the policy; `optimizer.schedule` says how it falls."""
    minibatches: int = 4
    """Optimiser steps a pass over a rollout batch."""
    sft_coef: float = 0.0
    """Coefficient of a supervised loss on the references of the step's problems."""
    sft_problems: int = 0
    """Problems of the corpus, drawn anew each step, whose references that loss is on in the place of the
    step's: what supervised training taught is kept (PPO-ptx, arXiv 2203.02155); 0: the step's own."""


@dataclass(frozen=True, slots=True)
class OptimizerSettings:
    """Adam, for the policy and the critic in the objective's steps."""

    beta1: float = 0.9
    """Decay of the mean of gradients."""
    beta2: float = 0.99
    """Decay of the mean of their squares."""
    eps: float = 1e-5
    """Added to the root of that mean: gradients far below it take smaller steps."""
    max_grad_norm: float = 0.5
    """Norm that gradients are clipped to; 0: not."""
    warmup_steps: int = 0
    """Steps in which learning rates rise to their full size."""
    schedule: str = "linear"
    """How learning rates then fall: to 0 `linear`ly or by a `cosine`, or not at all (`constant`)."""


@dataclass(frozen=True, slots=True)
class PpoSettings:
    """The PPO update; other objectives read nothing of it."""

    advantage: str = "gae"
    """`gae` (a critic), `group` (score against mean and spread of its prompt's completions),
    `leave-one-out` (against the mean of the others), `best` (against the problem's best so far), `greedy`
    (against the greedy completion) or `coderl` (that, times its critic's weights)."""
    epochs: int = 1
    """Passes over a rollout batch."""
    gae_lambda: float = 0.95
    """Lambda of the advantages; gamma is 1."""
    clip_low: float = 0.2
    """Range of the ratio below 1."""
    clip_high: float = 0.2
    """Range of the ratio above 1."""
    dual_clip: float = 0.0
    """Bound of the loss where the advantage is negative (dual clip); 0: none."""
    target_kl: float = 0.0
    """An epoch ends early once a minibatch's KL to the rollout policy exceeds this; 0 never."""
    entropy_coef: float = 0.0
    """Coefficient of the entropy bonus."""
    ratio: str = "token"
    """What is clipped: each `token`'s ratio, the `sequence`'s geometric mean (GSPO), or a token's as a weight
    that is no part of the gradient (`cispo`)."""
    mean: str = "token"
    """Whether every `token` counts alike, or every `sequence`."""
    negative_weight: float = 1.0
    """Factor of negative advantages."""
    own_passes_coef: float = 0.0
    """Coefficient of the negative log-likelihood, at temperature 1, of the step's completions that pass
    (VAPO); that compile, where the grounding runs no tests."""


@dataclass(frozen=True, slots=True)
class KlSettings:
    """The KL to the reference policy, which training began with."""

    coef: float = 0.02
    """Coefficient; 0 needs no reference policy. The beta of preferences."""
    form: str = "reward"
    """Where it counts: `reward` (k1, a token), or in the loss as `k2` or `k3` (k3 with k2's gradient)."""
    target: float = 0.0
    """Nats a completion that the coefficient is adapted to hold; 0 keeps it fixed."""


@dataclass(frozen=True, slots=True)
class CriticSettings:
    """PPO's critic, with the advantage `gae`."""

    lr: float = 2e-3
    """Learning rate; it falls as the policy's does."""
    warmup_steps: int = 1
    """First steps in which the critic alone learns."""
    epochs: int = 1
    """Passes over a rollout batch; in those beyond `ppo.epochs` the policy stays."""
    trunk: str = "policy"
    """What its head reads: the states of the `policy`, detached, or those of a copy of the policy's trunk
    that is its `own` and learns with it."""
    lora_rank: int = 0
    """Rank of its own LoRA adapters on the policy's base, in the place of a whole trunk; 0: none."""
    gae_lambda: float = 1.0
    """Lambda of its targets; 1: all that is still to be paid (VC-PPO)."""


@dataclass(frozen=True, slots=True)
class DiscriminatorSettings:
    """The model that tells references from other programs, where the grounding asks one."""

    kind: str = "pairwise"
    """`pairwise` (an encoder that learns which of two is the reference, the paper's), `pointwise` (one that
    learns of each by itself), `word` (a causal model that learns to answer with a word), or `likelihood` (the
    policy's own mean log-probability, as it was before the first step; learns nothing)."""
    model: str = "policy"
    """Whose weights it begins with: `policy` (a copy of the policy's), `random` (built as the policy, fresh
    weights), a folder or a hub id. Or `judge:MODEL`, a folder or hub id: a causal model that is asked which
    program is the reference, and never trained."""
    weight: float = 0.2
    """Factor of its value in the score of `rlcf+tests` and `tests+tie`; `rlcf` takes it as it is."""
    samples: int = 1024
    """Completions sampled for its first pairs; those that do not compile are dropped."""
    made: int = 0
    """Training problems, at most, of which slips in what is known to be right (the reference, alternatives),
    other problems' bodies and stubs are first pairs too; with 0 `samples`, alone."""
    steps: int = 100
    """Steps of its first training."""
    lr: float = 3e-4
    """Learning rate, falling to 0 over each training."""
    refresh_every: int = 5
    """Steps between refreshes on on-policy pairs; 0 freezes it. Its accuracy, an LLM judge's too, is measured
    on them."""
    kept: float = 1.0
    """Share of what the objective `kept` would learn that it learns, those with the highest value; 1: all."""


@dataclass(frozen=True, slots=True)
class EvaluationSettings:
    """The evaluations before and after, greedy and sampled at T = 0.8."""

    split: str = "test"
    """Split evaluated: `test`, or `validation` while settings are chosen."""
    problems: int = 350
    """Problems evaluated, at most."""
    samples: int = 4
    """Completions of each in the sampled evaluation."""
    every: int = 0
    """Steps between evaluations on the validation split; the policy that passes most there, greedy and
    sampled together, is the best checkpoint, and the one that is evaluated after. 0: none, the last is."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is learnt, from what, how."""

    seed: int = 0
    """Decides data, initial weights, batches and samples: the same seed gives the same run."""
    start: str = ""
    """Run folder whose policy and discriminator of step 0 are taken over; then nothing is pre-trained."""
    model: ModelSettings = ModelSettings()
    data: DataSettings = DataSettings()
    supervised: SupervisedSettings = SupervisedSettings()
    rollout: RolloutSettings = RolloutSettings()
    repair: RepairSettings = RepairSettings()
    objective: ObjectiveSettings = ObjectiveSettings()
    optimizer: OptimizerSettings = OptimizerSettings()
    ppo: PpoSettings = PpoSettings()
    kl: KlSettings = KlSettings()
    critic: CriticSettings = CriticSettings()
    discriminator: DiscriminatorSettings = DiscriminatorSettings()
    evaluation: EvaluationSettings = EvaluationSettings()


TABLES: Mapping[str, Any] = {
    field.name: field.default
    for field in dataclasses.fields(Recipe)
    if dataclasses.is_dataclass(field.default)
}
TYPES: Mapping[str, Any] = {
    **{name: kind for name, kind in get_type_hints(Recipe).items() if name not in TABLES},
    **{
        f"{table}.{name}": kind
        for table, default in TABLES.items()
        for name, kind in get_type_hints(type(default)).items()
    },
}
"""The type of every field, by its dotted name."""
