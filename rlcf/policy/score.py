"""What a policy says of completions that exist already: log-probabilities, entropies and values a token.

Log-probabilities are those of the policy *at the sampling temperature* (docs/training-details.md), from
hidden states of completion tokens only: `[B, T, V]` logits are never kept. The head computes in fp32,
whatever the rest computes in, in chunks that the backward pass computes again. `Scorer` is the one module
that is wrapped for several processes: one forward gives everything that one backward needs.

Not covered: models whose logits are not their output embedding applied to the last hidden state, up to
T5's constant factor.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint
from transformers import PreTrainedModel

from rlcf.policy.adapters import CRITIC, POLICY, Adapters
from rlcf.policy.batch import TokenBatch
from rlcf.policy.critic import AnyCritic

LOGITS_AT_ONCE = 1 << 26
"""Elements of logits computed together (256 MB in fp32); longer batches go in chunks, which backward
computes again."""


@dataclass(frozen=True, slots=True)
class TokenStats:
    """What the policy says of a batch; values at masked places are 0."""

    logps_BT: Tensor
    unscaled_logps_BT: Tensor
    """Log-probabilities at temperature 1; 0 where nobody asked for them and they are others."""
    entropies_BT: Tensor
    """0 where nobody asked for them."""
    states_ND: Tensor
    """Hidden state that chose each real token, detached: the critic must not shape the trunk."""
    batch: TokenBatch

    @property
    def states_BTD(self) -> Tensor:
        """The states in the places of their tokens, 0 elsewhere."""
        return self.batch.in_places(self.states_ND)


class Scores(NamedTuple):
    """What one forward gives; a tuple, so that wrappers for several processes find its tensors."""

    logps_BT: Tensor
    entropies_BT: Tensor
    """0 where nobody asked for them."""
    critic: Tensor
    """values_BT, 0 without a critic, or logits_BTC of a ClassCritic."""
    unscaled_logps_BT: Tensor
    """Log-probabilities at temperature 1; 0 where nobody asked for them and they are others."""


class Scorer(nn.Module):
    """Policy and critic in one forward."""

    def __init__(
        self,
        model: PreTrainedModel,
        critic: AnyCritic | None = None,
        adapters: Adapters | None = None,
        *,
        critic_model: PreTrainedModel | None = None,
        critic_adapters: bool = False,
        autocast: torch.dtype | None = None,
    ) -> None:
        """What the critic reads, and its gradient then shapes: the states of `critic_model`, or those of its
        own adapters (`critic_adapters`); else those of the policy, detached."""
        super().__init__()
        self.model, self.critic, self.critic_model = model, critic, critic_model
        self.critic_adapters, self.autocast = critic_adapters, autocast
        self._adapters = adapters

    def forward(
        self,
        batch: TokenBatch,
        temperature: float,
        *,
        entropies: bool = False,
        entropy_gradient: bool = False,
        reference: bool = False,
        unscaled: bool = False,
        critic_only: bool = False,
    ) -> Scores:
        """`entropies`: with them, and with `entropy_gradient` they have a gradient. `reference`: with all
        adapters off, and without values. `unscaled`: with log-probabilities at temperature 1 too.
        `critic_only`: nothing of the policy, log-probabilities are 0."""
        zeros_BT = torch.zeros(batch.mask_BT.shape, device=batch.mask_BT.device)
        logps_BT = entropies_BT = unscaled_BT = critic = zeros_BT
        states_ND = None
        with torch.autocast(batch.ids_RL.device.type, self.autocast, enabled=self.autocast is not None):
            if not critic_only:
                with self._active(None if reference else POLICY):
                    stats = token_stats(
                        self.model, batch, temperature, entropies=entropies,
                        entropy_gradient=entropy_gradient, unscaled=unscaled,
                    )  # fmt: skip
                logps_BT, unscaled_BT = stats.logps_BT, stats.unscaled_logps_BT
                entropies_BT, states_ND = stats.entropies_BT, stats.states_ND
            if self.critic is not None and not reference:
                states_ND = self._critic_states(batch, states_ND)
        if self.critic is not None and not reference:
            assert states_ND is not None
            # Outside of autocast: a value head in bf16 can't tell returns apart.
            critic = batch.in_places(self.critic(states_ND))
        return Scores(logps_BT, entropies_BT, critic, unscaled_BT)

    def _critic_states(self, batch: TokenBatch, policys_ND: Tensor | None) -> Tensor:
        """`[N, D]` states that the critic reads; `policys_ND`: the policy's, where they are known."""
        if self.critic_model is not None:
            return completion_states(self.critic_model, batch)
        if self.critic_adapters:
            with self._active(CRITIC):
                return completion_states(self.model, batch)
        if policys_ND is not None:
            return policys_ND
        with torch.no_grad(), self._active(POLICY):
            return completion_states(self.model, batch)

    def _active(self, adapter: str | None) -> AbstractContextManager[None]:
        return self._adapters.active(adapter) if self._adapters is not None else nullcontext()

    def layers(self) -> list[nn.Module]:
        """The transformer's blocks."""
        names = self.model._no_split_modules or ()
        return [module for module in self.modules() if type(module).__name__ in names]

    def policy_parameters(self) -> list[nn.Parameter]:
        """Those of the policy that are trained."""
        if self._adapters is not None:
            return self._adapters.parameters(POLICY)
        return [parameter for parameter in self.model.parameters() if parameter.requires_grad]

    def critic_parameters(self) -> list[nn.Parameter]:
        """Those of the critic, its own adapters or trunk included."""
        if self.critic is None:
            return []
        own = self._adapters.parameters(CRITIC) if self.critic_adapters and self._adapters else []
        if self.critic_model is not None:
            own = [parameter for parameter in self.critic_model.parameters() if parameter.requires_grad]
        return [*self.critic.parameters(), *own]


def token_stats(
    model: PreTrainedModel,
    batch: TokenBatch,
    temperature: float,
    *,
    entropies: bool = True,
    entropy_gradient: bool = False,
    unscaled: bool = False,
) -> TokenStats:
    """Log-probability, entropy and state of every completion token under `model` as it is."""
    states_ND = completion_states(model, batch)
    head = Head(
        module=cast(nn.Module, model.get_output_embeddings()),
        scale=head_scale(model),
        temperature=temperature,
        entropies=entropies or entropy_gradient,
        entropy_gradient=entropy_gradient,
        unscaled=unscaled,
    )
    rows = max(1, LOGITS_AT_ONCE // head_size(model)[0])
    if rows >= len(states_ND):
        parts = [_head_stats(head, states_ND, batch.target_N)]
    else:
        parts = [
            checkpoint(_head_stats, head, *both, use_reentrant=False)
            for both in zip(torch.split(states_ND, rows), torch.split(batch.target_N, rows), strict=True)
        ]
    logps_N, unscaled_N, entropies_N = (torch.cat(some) for some in zip(*parts, strict=True))
    return TokenStats(
        logps_BT=batch.in_places(logps_N),
        unscaled_logps_BT=batch.in_places(unscaled_N),
        entropies_BT=batch.in_places(entropies_N),
        states_ND=states_ND.detach(),
        batch=batch,
    )


def states(model: PreTrainedModel, batch: TokenBatch) -> Tensor:
    """`[B, T, D]`: the last hidden state that chooses each completion token; 0 at masked places."""
    return batch.in_places(completion_states(model, batch))


def completion_states(model: PreTrainedModel, batch: TokenBatch) -> Tensor:
    """`[N, D]`: the last hidden state that chooses each real completion token, in the order of rows."""
    if batch.prompt_ids_BP is not None:
        encoded = model.get_encoder()(input_ids=batch.prompt_ids_BP, attention_mask=batch.prompt_mask_BP)
        states_RLD = model.get_decoder()(
            input_ids=batch.ids_RL,
            encoder_hidden_states=encoded.last_hidden_state,
            encoder_attention_mask=batch.prompt_mask_BP,
            use_cache=False,
        ).last_hidden_state
    else:
        shared = {}
        if batch.sees_R1LL is not None:
            shared = {"attention_mask": _mask(model, batch.sees_R1LL), "position_ids": batch.position_RL}
        states_RLD = trunk(model)(input_ids=batch.ids_RL, use_cache=False, **shared).last_hidden_state
    # Not by indexing, whose backward on a GPU adds up in another order each time.
    index_ND = batch.state_N[:, None].expand(-1, states_RLD.shape[-1])
    return cast(Tensor, states_RLD.flatten(0, 1).gather(0, index_ND))


def _mask(model: PreTrainedModel, sees_R1LL: Tensor) -> Tensor:
    """As the model's attention wants it: sdpa takes booleans, the plain one adds numbers."""
    if model.config._attn_implementation == "sdpa":
        return sees_R1LL
    dtype = model.get_input_embeddings().weight.dtype
    return torch.zeros(sees_R1LL.shape, dtype=dtype, device=sees_R1LL.device).masked_fill(
        ~sees_R1LL, torch.finfo(dtype).min
    )


def trunk(model: PreTrainedModel) -> nn.Module:
    """What makes hidden states: a causal model without its head; of an encoder-decoder, the encoder."""
    if model.config.is_encoder_decoder:
        return cast(nn.Module, model.get_encoder())
    return cast(nn.Module, getattr(model, model.base_model_prefix))


def trainable_trunk(model: PreTrainedModel) -> PreTrainedModel:
    """`model` in fp32 with all of it trained but an output embedding of its own, which makes no state."""
    model.float().requires_grad_(True)
    head, inputs = cast(nn.Module, model.get_output_embeddings()), model.get_input_embeddings()
    if head.weight is not inputs.weight:
        head.requires_grad_(False)
    return model


def head_size(model: PreTrainedModel) -> tuple[int, int]:
    """V and D of the output embedding; read off the configuration, as sharded weights hide theirs."""
    text = model.config.get_text_config(decoder=True)
    return int(text.vocab_size), int(text.hidden_size)


def head_scale(model: PreTrainedModel) -> float:
    """T5 multiplies states by d^-0.5 before a head that is tied to its embedding."""
    return float(model.config.d_model**-0.5) if getattr(model.config, "scale_decoder_outputs", False) else 1.0


class Head(NamedTuple):
    """The output embedding, how its logits are read, and what is asked beside log-probabilities."""

    module: nn.Module
    scale: float
    temperature: float
    entropies: bool
    entropy_gradient: bool
    unscaled: bool


def _head_stats(head: Head, states_ND: Tensor, targets_N: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    logits_NV = _logits(head.module, states_ND if head.scale == 1 else states_ND * head.scale)
    plain = head.temperature == 1
    all_logps_NV = (logits_NV if plain else logits_NV / head.temperature).log_softmax(-1)
    logps_N = all_logps_NV.gather(1, targets_N[:, None]).squeeze(1)
    unscaled_N = logps_N if plain else torch.zeros_like(logps_N)
    if head.unscaled and not plain:
        unscaled_N = logits_NV.gather(1, targets_N[:, None]).squeeze(1) - logits_NV.logsumexp(-1)
    entropies_N = torch.zeros_like(logps_N)
    if head.entropies:
        with torch.set_grad_enabled(head.entropy_gradient and torch.is_grad_enabled()):
            entropies_N = -torch.linalg.vecdot(all_logps_NV.exp(), all_logps_NV)
    return logps_N, unscaled_N, entropies_N


def _logits(head: nn.Module, states_ND: Tensor) -> Tensor:
    """In fp32, under autocast and of frozen bf16 weights too: logits that were rounded to bf16 put
    log-probabilities off by hundredths of a nat, which is as much as an update moves them
    (docs/training-details.md#softmax-in-fp32)."""
    weight_VD, bias_V = cast(Tensor, head.weight), cast(Tensor | None, getattr(head, "bias", None))
    with torch.autocast(states_ND.device.type, enabled=False):
        return F.linear(states_ND.float(), weight_VD.float(), None if bias_V is None else bias_V.float())
