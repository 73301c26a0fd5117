"""The memory that a run will need, told before it starts: `rlcf train RECIPE --plan`.

All follows from the model's configuration, the recipe and the machine; no weights are loaded and no problem
is made. On a CPU the process itself counts too, as it is now, and what its allocator keeps of what was
freed. Prompts are taken to have PROMPT_TOKENS, and completions to be as long as they may.

Not covered: the judge's JVMs, a discriminator's activations, processes that share weights (FSDP), engines
with memory of their own (`vllm`), what a GPU's allocator wastes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from transformers import AutoConfig, PretrainedConfig, PreTrainedModel

from rlcf.errors import BadInput
from rlcf.grounding.table import resolve_grounding
from rlcf.machine import Machine
from rlcf.model_name import check_model_name
from rlcf.policy.generate.native import LENGTHS, cache_bytes, rows_at_once
from rlcf.policy.load import computed_in
from rlcf.policy.memory import activation_bytes, lora_count, parameter_count, twin
from rlcf.policy.score import LOGITS_AT_ONCE, head_size
from rlcf.policy.tiny import SIZES, tiny_config
from rlcf.recipe import Recipe
from rlcf.training.discriminator.lifecycle import ASKED
from rlcf.training.objectives.table import OBJECTIVES
from rlcf.training.trained_policy import microbatch_tokens

PROMPT_TOKENS = 256
GRADIENT, ADAM = 4, 8
"""Bytes of a trained parameter beside its value, in fp32."""
LOGIT_COPIES = 4
"""Of a chunk of logits, in fp32: they, their log-softmax and the gradients of both."""
KEPT_CPU = 0.4
"""Share of what comes and goes in a step that glibc keeps for itself: blocks of up to 32 MB are not given
back while something above them lives. Measured .2 to .8 (LOG.md); next to none with the environment's
`MALLOC_MMAP_THRESHOLD_`."""
DRAW_BYTES = 24
"""Of a logit that is drawn from: in fp32 twice, its probability, and the sum in float64."""


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that takes memory."""

    what: str
    bytes: int
    when: str
    """`always`, `sampling` or `learning`."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run needs."""

    needs: tuple[Need, ...]
    microbatch: int
    """Padded tokens of a forward pass of training."""
    rows: int
    """Decoded together."""

    def total(self, when: str) -> int:
        return sum(need.bytes for need in self.needs if need.when == when)

    @property
    def peak(self) -> int:
        """Bytes at most: sampling and learning take turns."""
        return self.total("always") + max(self.total("sampling"), self.total("learning"))


def plan(recipe: Recipe, machine: Machine, device: torch.device, free: int | None = None) -> Plan:
    """Add up what `recipe` needs on `machine`. `free`: bytes of the device where they are not this one's.
    Raises BadInput where the model's configuration can't be read."""
    config = config_of(recipe)
    computed, rank = computed_in(machine.dtype, device), recipe.model.lora_rank
    kept = computed if computed and rank else torch.float32
    model = twin(config, computed or torch.float32)
    parameters = parameter_count(model)
    trained = lora_count(model, rank) if rank else parameters
    always = [Need("the policy's weights", parameters * kept.itemsize, "always")]
    if rank:
        always.append(Need("adapters", trained * torch.float32.itemsize, "always"))
    if not rank and (recipe.kl.coef > 0 or OBJECTIVES[recipe.objective.name].needs_kl):
        always.append(Need("the reference policy", parameters * kept.itemsize, "always"))
    always.append(Need("the optimiser", trained * ADAM, "always"))
    if recipe.rollout.ahead:
        always.append(Need("the copy that answers ahead", parameters * kept.itemsize, "always"))
    always += _critic(recipe, model, parameters) + _discriminator(recipe, parameters, computed)
    if device.type == "cpu":
        always.insert(0, Need("the process", resident(), "always"))
    left = None if free is None else free - sum(need.bytes for need in always)
    rows = min(
        rows_at_once(model.config, kept, device, _length(recipe), left),
        recipe.rollout.prompts_per_step * recipe.rollout.samples_per_prompt,
    )
    vocabulary = head_size(model)[0]
    sampling = [
        Need("keys and values", rows * _length(recipe) * cache_bytes(config, computed or kept), "sampling"),
        Need("logits that are drawn from", rows * vocabulary * DRAW_BYTES, "sampling"),
    ]
    if rank:
        sampling.append(Need("merged weights", parameters * kept.itemsize, "sampling"))
    tokens = microbatch_tokens(config, computed or kept, device, machine, left)
    token = activation_bytes(model, recomputed=machine.gradient_checkpointing)
    logits = min(LOGITS_AT_ONCE, int(tokens * _completion_share(recipe, model)) * vocabulary)
    learning = [
        Need("gradients", trained * GRADIENT, "learning"),
        Need("activations", int(tokens * token), "learning"),
        Need("logits", LOGIT_COPIES * 4 * logits, "learning"),
    ]
    if computed and not rank:
        learning.append(
            Need("weights in the type of the computation", parameters * computed.itemsize, "learning")
        )
    if device.type == "cpu":
        passing = sum(need.bytes for need in (*sampling, *learning))
        always.append(Need("freed, but kept by the allocator", int(KEPT_CPU * passing), "always"))
    return Plan((*always, *sampling, *learning), tokens, rows)


def _completion_share(recipe: Recipe, model: PreTrainedModel) -> float:
    """Of the tokens that training reads, those of completions: they alone have logits."""
    behind = 1 if model.config.is_encoder_decoder else recipe.rollout.samples_per_prompt
    written = behind * recipe.rollout.max_new_tokens
    return written / (PROMPT_TOKENS + written)


def _length(recipe: Recipe) -> int:
    return -(-(PROMPT_TOKENS + recipe.rollout.max_new_tokens) // LENGTHS) * LENGTHS


def _critic(recipe: Recipe, model: PreTrainedModel, parameters: int) -> list[Need]:
    if recipe.ppo.advantage not in ("gae", "coderl"):
        return []
    each = torch.float32.itemsize + GRADIENT + ADAM
    if recipe.critic.trunk == "own":
        return [Need("the critic", parameters * each, "always")]
    return [Need("the critic", lora_count(model, recipe.critic.lora_rank) * each, "always")]


def _discriminator(recipe: Recipe, parameters: int, computed: torch.dtype | None) -> list[Need]:
    """It learns in fp32; one that is asked is kept in the type of the computation."""
    (_, entry), own = resolve_grounding(recipe, None), recipe.discriminator
    if not entry.compares(own.weight):
        return []
    if own.model.startswith(ASKED):
        asked = parameter_count(twin(_config(own.model.removeprefix(ASKED)), torch.float32))
        return [Need("the model that is asked", asked * (computed or torch.float32).itemsize, "always")]
    each = torch.float32.itemsize + (0 if own.kind == "likelihood" else GRADIENT + ADAM)
    return [Need("the discriminator", parameters * each, "always")]


def config_of(recipe: Recipe) -> PretrainedConfig:
    """The configuration of the recipe's model."""
    own = SIZES.get(recipe.model.name)
    return tiny_config(own) if own else _config(recipe.model.name)


def _config(name: str) -> PretrainedConfig:
    check_model_name(name, field="model.name")
    try:
        return cast(PretrainedConfig, AutoConfig.from_pretrained(name))
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise BadInput(f"can't read a configuration: {reason}", file=name, field="model.name") from error


def resident() -> int:
    """Bytes of memory that this process has now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096


def table(found: Plan) -> str:
    """The plan, a line a need."""
    lines = [f"{need.what:40s} {need.bytes / 2**20:10,.0f} MiB  {need.when}" for need in found.needs]
    lines.append(f"{'at most':40s} {found.peak / 2**20:10,.0f} MiB")
    lines.append(f"{found.rows} rows decoded together, {found.microbatch:,} tokens in a forward pass")
    return "\n".join(lines)
