"""Memory of a model, found without its weights: parameters, and what a backward pass needs.

A twin of the model on torch's meta device has shapes and no numbers. A forward pass over it says what
autograd keeps of each token, whatever the family, in a third of a second. Not covered: attention that keeps
its scores (`eager`) in rows longer than those tried; quantised weights; fragments that an allocator leaves.
"""

from __future__ import annotations

import copy
import dataclasses
from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers import (
    AttentionInterface,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    PretrainedConfig,
    PreTrainedModel,
)

from rlcf.policy.batch import TokenBatch, collate
from rlcf.policy.score import completion_states

FUSED = "keeps what sdpa keeps"
LENGTH = 256
"""Tokens of the rows that are tried, half of them prompt."""


class _Fused(torch.autograd.Function):
    """What a fused attention keeps: not the scores. On the meta device torch would take the plain one."""

    @staticmethod
    def forward(ctx: Any, *inputs: Tensor) -> Tensor:
        query_RHLE = inputs[0]
        sums_RHL = query_RHLE.new_empty(query_RHLE.shape[:-1], dtype=torch.float32)
        out_RHLE = torch.empty_like(query_RHLE)
        ctx.save_for_backward(*inputs, out_RHLE, sums_RHL)
        return out_RHLE


def _fused(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **_: object
) -> tuple[Tensor, None]:
    """As the library calls sdpa: keys and values once a head, a mask in the type of the query."""
    groups = int(getattr(module, "num_key_value_groups", 1))
    inputs = [query, *(one.repeat_interleave(groups, 1) if groups > 1 else one for one in (key, value))]
    if attention_mask is not None:
        inputs.append(attention_mask.to(query.dtype))
    out_RHLE = cast(Tensor, _Fused.apply(*inputs))  # type: ignore[no-untyped-call]
    return out_RHLE.transpose(1, 2).contiguous(), None


AttentionInterface.register(FUSED, _fused)


def twin(config: PretrainedConfig, dtype: torch.dtype) -> PreTrainedModel:
    """A model of that configuration without numbers."""
    family = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
    with torch.device("meta"):
        model = cast(PreTrainedModel, family.from_config(copy.deepcopy(config), dtype=dtype)).eval()
    if model.config._attn_implementation == "sdpa":
        model.config._attn_implementation = FUSED
    return model


def parameter_count(model: PreTrainedModel) -> int:
    """Of all weights; shared ones count once."""
    return sum(parameter.numel() for parameter in model.parameters())


def encoder_count(config: PretrainedConfig) -> int:
    """Parameters of the encoder of that configuration, without a head."""
    with torch.device("meta"):
        model = AutoModel.from_config(copy.deepcopy(config))
    return parameter_count(model.get_encoder() if config.is_encoder_decoder else model)


def lora_count(model: PreTrainedModel, rank: int) -> int:
    """Parameters of adapters of that rank on all linear layers but the output embedding."""
    head = model.get_output_embeddings()
    layers = [
        module
        for module in model.modules()
        if module is not head and (isinstance(module, nn.Linear) or type(module).__name__ == "Conv1D")
    ]
    return sum(rank * sum(layer.weight.shape) for layer in layers)


def activation_bytes(model: PreTrainedModel, *, recomputed: bool = False) -> float:
    """What autograd keeps of one padded token of a row of LENGTH, the output head apart. `model`: a twin.
    `recomputed`: layers keep their input alone and are computed again, one at a time."""
    kept = _kept(model) / LENGTH
    if not recomputed:
        return kept
    text = model.config.get_text_config(decoder=True)
    inputs = text.num_hidden_layers * text.hidden_size * model.dtype.itemsize
    return float(kept / text.num_hidden_layers + inputs)


def _kept(model: PreTrainedModel) -> int:
    """Bytes that autograd keeps of one row."""
    start = model.config.decoder_start_token_id if model.config.is_encoder_decoder else None
    half = LENGTH // 2
    # Two completions of one prompt: a mask of our own, as the library would look at numbers to make one.
    batch = collate([[1] * half] * 2, [[1] * (half // 2)] * 2, 0, start_id=start, share=start is None)
    fields = {field.name: getattr(batch, field.name) for field in dataclasses.fields(batch)}
    meta: dict[str, Any] = {
        name: None if value is None else value.to("meta") for name, value in fields.items()
    }
    meta["prompt_mask_BP"] = None  # nothing is padded, and the library would look
    found: dict[int, Tensor] = {}

    def note(tensor: Tensor) -> Tensor:
        found[tensor.untyped_storage()._cdata] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        completion_states(model, TokenBatch(**meta))
    own = {tensor.untyped_storage()._cdata for tensor in (*model.parameters(), *model.buffers())}
    return sum(tensor.untyped_storage().nbytes() for key, tensor in found.items() if key not in own)
