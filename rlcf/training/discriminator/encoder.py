"""Encoders with a head that make a number of a text: the discriminator's and the verifier's.

The encoder is any of Hugging Face's, or a copy of the policy's own trunk, a model that has read code before;
of an encoder-decoder it is the encoder. A row is two stretches of tokens, of which both are read and the
second is pooled by its mean. Not covered: special tokens of the encoder (`[CLS]`), rows that are longer than
the encoder reads: callers cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from rlcf.errors import BadInput
from rlcf.policy import Policy
from rlcf.policy.batch import Tokens, micro_batches
from rlcf.policy.score import trunk

TOKENS_AT_ONCE = 8192
LONGEST = 512
"""Tokens of a row: what BERT and its kin read."""

Row = tuple[Tokens, Tokens]
"""Tokens that are read only, and tokens that are read and pooled."""


def fresh_head(width: int, seed: int) -> nn.Sequential:
    """Make an MLP from pooled states to one number."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1))


def row_groups(rows: Sequence[Row]) -> list[list[int]]:
    """Group the indices of rows of similar length, at most TOKENS_AT_ONCE tokens a group."""
    return micro_batches([len(read) + len(pooled) for read, pooled in rows], TOKENS_AT_ONCE)


def row_scores(encoder: PreTrainedModel, head: nn.Module, rows: Sequence[Row]) -> Tensor:
    """Score each row, `[B]` in order; no row is empty."""
    groups = row_groups(rows)
    scores = torch.cat([group_scores(encoder, head, [rows[index] for index in group]) for group in groups])
    order = torch.tensor([index for group in groups for index in group], device=scores.device)
    return torch.zeros_like(scores).scatter(0, order, scores)


def group_scores(encoder: PreTrainedModel, head: nn.Module, rows: Sequence[Row]) -> Tensor:
    """Score rows as `row_scores` does, all read together."""
    longest = max(len(read) + len(pooled) for read, pooled in rows)
    device = encoder.device
    ids_BL = torch.tensor([[*r, *p] + [0] * (longest - len(r) - len(p)) for r, p in rows], device=device)
    ends_B = torch.tensor([len(read) + len(pooled) for read, pooled in rows], device=device)
    starts_B = torch.tensor([len(read) for read, _ in rows], device=device)
    steps_L = torch.arange(longest, device=device)
    attention_BL = (steps_L[None] < ends_B[:, None]).long()
    states_BLD = encoder(input_ids=ids_BL, attention_mask=attention_BL).last_hidden_state
    pooled_BL1 = ((steps_L[None] >= starts_B[:, None]) & (steps_L[None] < ends_B[:, None]))[..., None]
    pooled_BD = (states_BLD.float() * pooled_BL1).sum(1) / pooled_BL1.sum(1).clamp(min=1)
    scores_B1: Tensor = head(pooled_BD)
    return scores_B1.squeeze(-1)


def policy_encoder(policy: Policy) -> PreTrainedModel:
    """Copy the policy's trunk, to be trained."""
    encoder = cast(PreTrainedModel, trunk(policy.plain_copy()))
    # fp32, as all of it is trained; the policy's frozen weights may be bf16.
    return encoder.float().requires_grad_(True)


def hub_encoder(
    model: str, device: torch.device | str, field: str
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Load the encoder in the folder `model` or on the hub. Raises BadInput, which names `field`."""
    try:
        encoder = AutoModel.from_pretrained(model, dtype=torch.float32).to(device)
        return encoder_of(encoder), AutoTokenizer.from_pretrained(model)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise BadInput(f"can't load an encoder: {reason}", file=Path(model), field=field) from error


def encoder_of(model: PreTrainedModel) -> PreTrainedModel:
    """Return the encoder of an encoder-decoder without a head; else the model."""
    return cast(PreTrainedModel, model.get_encoder()) if model.config.is_encoder_decoder else model
