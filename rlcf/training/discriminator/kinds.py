"""Kinds of discriminator by name: what they score by, and the loss that they learn by.

| `discriminator.kind` | s(x, y) | learns from a pair |
| --- | --- | --- |
| `pairwise` | an encoder with a head | which of the two is the reference (the paper's) |
| `pointwise` | an encoder with a head | that one is a reference, and that the other is none |
| `word` | a causal language model's "yes" against "no" | the same |
| `likelihood` | the policy's own mean log-probability | nothing: what the others must beat |

All compare by g = tanh(s0 - s1). `discriminator.model` says whose weights the first three begin with. Not
covered: a model that is asked and does not learn (`policy/llm_judge.py`).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import cast

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from rlcf.errors import BadInput
from rlcf.policy import Policy
from rlcf.policy.generate import stable_seed
from rlcf.policy.load import load_model
from rlcf.policy.score import trunk
from rlcf.training.discriminator.encoder import hub_encoder, policy_encoder
from rlcf.training.discriminator.model import Discriminator, pairwise_loss, pointwise_loss
from rlcf.training.discriminator.scorers import EncoderScore, LikelihoodScore, WordScore

Maker = Callable[[Policy, str, int], Discriminator]
"""From the policy, `discriminator.model` and a seed."""


def new_discriminator(policy: Policy, kind: str, model: str, seed: int) -> Discriminator:
    """Make a discriminator of `kind`, a key of KINDS, that has learnt nothing yet. `model`: `policy` (a copy
    of its weights), `random` (a model built as the policy is, with fresh weights), a folder or a hub id.
    Raises BadInput."""
    return KINDS[kind](policy, model, seed)


def pairwise(policy: Policy, model: str, seed: int) -> Discriminator:
    """Make one that learns which of two is the reference."""
    return Discriminator(encoder_score(policy, model, seed), pairwise_loss)


def pointwise(policy: Policy, model: str, seed: int) -> Discriminator:
    """Make one that learns of each completion by itself whether it is a reference."""
    return Discriminator(encoder_score(policy, model, seed), pointwise_loss)


def word(policy: Policy, model: str, seed: int) -> Discriminator:
    """Make one that learns that with a word."""
    return Discriminator(word_score(policy, model, seed), pointwise_loss)


def likelihood(policy: Policy, _: str, __: int) -> Discriminator:
    """Make one that says how likely the policy is, as it is now, to write a completion."""
    return Discriminator(LikelihoodScore(policy), None)


def encoder_score(policy: Policy, model: str, seed: int) -> EncoderScore:
    """Make an encoder with a fresh head."""
    if model == "policy":
        return EncoderScore(policy_encoder(policy), policy.tokenizer, seed)
    if model == "random":
        encoder = cast(PreTrainedModel, trunk(_fresh(policy, "random encoder", seed)))
        return EncoderScore(encoder.float().to(policy.device), policy.tokenizer, seed)
    return EncoderScore(*hub_encoder(model, policy.device, "discriminator"), seed)


def word_score(policy: Policy, model: str, seed: int) -> WordScore:
    """Make a causal language model that is asked."""
    loaded: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase = policy.tokenizer
    if model == "policy":
        loaded = policy.plain_copy()
    elif model == "random":
        loaded = _fresh(policy, "random discriminator", seed)
    else:
        loaded, tokenizer = load_model(model, torch.float32, field="discriminator")
    if loaded.config.is_encoder_decoder:
        raise BadInput("an encoder-decoder can't be asked: name a causal model", field="discriminator.model")
    # fp32, as all of it is trained; the policy's frozen weights may be bf16.
    return WordScore(loaded.float().to(policy.device).requires_grad_(True), tokenizer)


def _fresh(policy: Policy, what: str, seed: int) -> PreTrainedModel:
    """A model built as the policy's, with fresh weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(stable_seed(what, seed))
        return cast(PreTrainedModel, type(policy.model)(copy.deepcopy(policy.model.config)))


KINDS: Mapping[str, Maker] = {
    "pairwise": pairwise,
    "pointwise": pointwise,
    "word": word,
    "likelihood": likelihood,
}
"""By the recipe's `discriminator.kind`."""
