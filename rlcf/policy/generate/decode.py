"""One decoding step of a plain Llama or Qwen2, short: the model's own layers over a cache written in place.

The library's forward joins keys and values anew at every step and layer (a quarter of the time of the tiny
policy), and builds masks and angles anew. Here the cache has its final size from the start, and
angles are a table. The layers are called as modules, so that LoRA adapters, biases and quantised weights
work as they are; what is written out is attention and the residual sums alone.

It equals the model's own forward to rounding (tested). Not covered: sliding windows, rotary angles that
depend on the length, more than one token a step, any other family (`native.py` has a step for these).

Shape suffixes: B rows, H heads, K heads of keys and values, L columns of the cache, D width, E width of a
head, V vocabulary.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel

FAMILIES = ("LlamaForCausalLM", "Qwen2ForCausalLM")
FIXED_ANGLES = ("default", "linear", "llama3", "yarn")
"""Rotary kinds whose angle depends on the position alone."""


def is_plain_llama(model: PreTrainedModel) -> bool:
    """Whether `LlamaSteps` computes what the model's own forward would."""
    config = model.config
    if type(model).__name__ not in FAMILIES or config._attn_implementation != "sdpa":
        return False
    full = all(kind == "full_attention" for kind in getattr(config, "layer_types", None) or ())
    return full and model.model.rotary_emb.rope_type in FIXED_ANGLES


class LlamaSteps:
    """See the module; `Steps` of `native.py`."""

    def __init__(
        self, model: PreTrainedModel, cache: DynamicCache, mask_BL: Tensor, repeat_B: Tensor, new: int
    ) -> None:
        """Takes over a cache filled with left-padded prompts, its rows repeated as `repeat_B` says, with
        room for `new` tokens more."""
        self.model: Any = model
        self.column = mask_BL.shape[1]
        config = model.config
        self.head_width = model.model.layers[0].self_attn.head_dim
        self.grouped = config.num_key_value_heads != config.num_attention_heads
        self.scale = model.model.layers[0].self_attn.scaling

        def room(filled_BKLE: Tensor) -> Tensor:
            rows_BKLE = filled_BKLE[repeat_B]
            return F.pad(rows_BKLE, (0, 0, 0, new))

        self.keys = [room(layer.keys) for layer in cache.layers]
        self.values = [room(layer.values) for layer in cache.layers]
        dtype = self.keys[0].dtype
        hidden_BL = (1 - mask_BL[repeat_B]).to(dtype) * torch.finfo(dtype).min
        self.bias_B11L = F.pad(hidden_BL, (0, new))[:, None, None]
        self.position_B = mask_BL[repeat_B].sum(-1)
        places_1L = torch.arange(self.column + new, device=mask_BL.device)[None]
        cos_1LE, sin_1LE = self.model.model.rotary_emb(self.keys[0], places_1L)
        # x·cos + (−x₂, x₁)·sin  =  x·cos + (x₂, x₁)·(−sin₁, sin₂): swapping halves is one operation.
        half = self.head_width // 2
        self.cos_LE = cos_1LE[0]
        self.sin_LE = torch.cat([-sin_1LE[0, :, :half], sin_1LE[0, :, half:]], dim=-1)

    def select(self, rows_B: Tensor) -> None:
        self.keys = [keys_BKLE[rows_B] for keys_BKLE in self.keys]
        self.values = [values_BKLE[rows_B] for values_BKLE in self.values]
        self.bias_B11L = self.bias_B11L[rows_B]
        self.position_B = self.position_B[rows_B]

    def step(self, token_B: Tensor) -> Tensor:
        trunk = self.model.model
        cos_B1E = self.cos_LE[self.position_B][:, None]
        sin_B1E = self.sin_LE[self.position_B][:, None]
        bias_B11L = self.bias_B11L[..., : self.column + 1]
        x_BD = trunk.embed_tokens(token_B)
        for number, layer in enumerate(trunk.layers):
            normed_BD = layer.input_layernorm(x_BD)
            x_BD = x_BD + self._attend(number, layer.self_attn, normed_BD, cos_B1E, sin_B1E, bias_B11L)
            x_BD = x_BD + layer.mlp(layer.post_attention_layernorm(x_BD))
        self.column += 1
        self.position_B = self.position_B + 1
        logits_BV: Tensor = self.model.lm_head(trunk.norm(x_BD))
        return logits_BV

    def _attend(
        self, number: int, attention: Any, x_BD: Tensor, cos_B1E: Tensor, sin_B1E: Tensor, bias_B11L: Tensor
    ) -> Tensor:
        heads = (len(x_BD), -1, self.head_width)
        query_BHE = _turn(attention.q_proj(x_BD).view(heads), cos_B1E, sin_B1E)
        keys_BKLE, values_BKLE = self.keys[number], self.values[number]
        keys_BKLE[:, :, self.column] = _turn(attention.k_proj(x_BD).view(heads), cos_B1E, sin_B1E)
        values_BKLE[:, :, self.column] = attention.v_proj(x_BD).view(heads)
        mixed_BH1E = F.scaled_dot_product_attention(
            query_BHE[:, :, None],
            keys_BKLE[:, :, : self.column + 1],
            values_BKLE[:, :, : self.column + 1],
            attn_mask=bias_B11L,
            scale=self.scale,
            enable_gqa=self.grouped,
        )
        out_BD: Tensor = attention.o_proj(mixed_BH1E.reshape(len(x_BD), -1))
        return out_BD


def _turn(x_BHE: Tensor, cos_B1E: Tensor, sin_B1E: Tensor) -> Tensor:
    """Rotary position embedding; `sin_B1E` has its first half negated."""
    return torch.addcmul(x_BHE * cos_B1E, x_BHE.roll(x_BHE.shape[-1] // 2, -1), sin_B1E)
