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
    states_BTD: Tensor
    """Hidden state that chose each token, detached: the critic must not shape the trunk."""


class Scores(NamedTuple):
    """What one forward gives; a tuple, so that wrappers for several processes find its tensors."""

    logps_BT: Tensor
    entropies_BT: Tensor
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
        entropy_gradient: bool = False,
        reference: bool = False,
        unscaled: bool = False,
        critic_only: bool = False,
    ) -> Scores:
        """`reference`: with all adapters off, and without values. `unscaled`: with log-probabilities at
        temperature 1 too. `critic_only`: nothing of the policy, log-probabilities are 0."""
        with torch.autocast(batch.ids_RL.device.type, self.autocast, enabled=self.autocast is not None):
            if critic_only:
                zeros_BT = torch.zeros(batch.mask_BT.shape, device=batch.mask_BT.device)
                stats = TokenStats(zeros_BT, zeros_BT, zeros_BT, zeros_BT)
            else:
                with self._active(None if reference else POLICY):
                    stats = token_stats(self.model, batch, temperature, entropy_gradient, unscaled)
            states_BTD = stats.states_BTD
            if self.critic is not None and not reference:
                states_BTD = self._critic_states(batch, None if critic_only else stats.states_BTD)
        if self.critic is None or reference:
            critic = torch.zeros_like(stats.logps_BT)
        else:
            # Outside of autocast: a value head in bf16 can't tell returns apart.
            critic = self.critic(states_BTD)
            critic = critic * (batch.mask_BT if critic.dim() == 2 else batch.mask_BT[..., None])
        return Scores(stats.logps_BT, stats.entropies_BT, critic, stats.unscaled_logps_BT)

    def _critic_states(self, batch: TokenBatch, policys_BTD: Tensor | None) -> Tensor:
        """`[B, T, D]` states that the critic reads; `policys_BTD`: the policy's, where they are known."""
        if self.critic_model is not None:
            return states(self.critic_model, batch)
        if self.critic_adapters:
            with self._active(CRITIC):
                return states(self.model, batch)
        if policys_BTD is not None:
            return policys_BTD
        with torch.no_grad(), self._active(POLICY):
            return states(self.model, batch)

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
    entropy_gradient: bool = False,
    unscaled: bool = False,
) -> TokenStats:
    """Log-probability, entropy and state of every completion token under `model` as it is."""
    states_BTD = states(model, batch)
    states_ND = states_BTD[batch.mask_BT]
    targets_N = batch.completion_ids_BT[batch.mask_BT]
    head = cast(nn.Module, model.get_output_embeddings())
    rows = max(1, LOGITS_AT_ONCE // head_size(model)[0])
    scale = head_scale(model)
    if rows >= len(states_ND):
        parts = [_head_stats(head, scale, states_ND, targets_N, temperature, entropy_gradient, unscaled)]
    else:
        parts = [
            checkpoint(
                _head_stats, head, scale, *both, temperature, entropy_gradient, unscaled, use_reentrant=False
            )
            for both in zip(torch.split(states_ND, rows), torch.split(targets_N, rows), strict=True)
        ]
    logps_N, unscaled_N, entropies_N = (torch.cat(some) for some in zip(*parts, strict=True))
    zeros_BT = torch.zeros(batch.mask_BT.shape, dtype=torch.float32, device=batch.mask_BT.device)
    return TokenStats(
        logps_BT=zeros_BT.masked_scatter(batch.mask_BT, logps_N),
        unscaled_logps_BT=zeros_BT.masked_scatter(batch.mask_BT, unscaled_N),
        entropies_BT=zeros_BT.masked_scatter(batch.mask_BT, entropies_N),
        states_BTD=(states_BTD * batch.mask_BT[..., None]).detach(),
    )


def states(model: PreTrainedModel, batch: TokenBatch) -> Tensor:
    """`[B, T, D]`: the last hidden state that chooses each completion token."""
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
    index_ND = batch.state_BT.flatten()[:, None].expand(-1, states_RLD.shape[-1])
    states_ND = states_RLD.flatten(0, 1).gather(0, index_ND)
    return cast(Tensor, states_ND.view(*batch.state_BT.shape, -1))


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


def _head_stats(
    head: nn.Module,
    scale: float,
    states_ND: Tensor,
    targets_N: Tensor,
    temperature: float,
    entropy_gradient: bool,
    unscaled: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    logits_NV = _logits(head, states_ND * scale)
    all_logps_NV = (logits_NV / temperature).log_softmax(-1)
    logps_N = all_logps_NV.gather(1, targets_N[:, None]).squeeze(1)
    unscaled_N = logps_N if temperature == 1 else torch.zeros_like(logps_N)
    if unscaled and temperature != 1:
        unscaled_N = logits_NV.gather(1, targets_N[:, None]).squeeze(1) - logits_NV.logsumexp(-1)
    with torch.set_grad_enabled(entropy_gradient and torch.is_grad_enabled()):
        entropies_N = -(all_logps_NV.exp() * all_logps_NV).sum(-1)
    return logps_N, unscaled_N, entropies_N


def _logits(head: nn.Module, states_ND: Tensor) -> Tensor:
    """In fp32, under autocast and of frozen bf16 weights too: logits that were rounded to bf16 put
    log-probabilities off by hundredths of a nat, which is as much as an update moves them
    (docs/training-details.md#softmax-in-fp32)."""
    weight_VD, bias_V = cast(Tensor, head.weight), cast(Tensor | None, getattr(head, "bias", None))
    with torch.autocast(states_ND.device.type, enabled=False):
        return F.linear(states_ND.float(), weight_VD.float(), None if bias_V is None else bias_V.float())
