"""`loop`: one batched loop over a key/value cache, for causal models. The default.

For a model of a million parameters, copying the cache, Python and padding cost as much as arithmetic.
Therefore each distinct prompt is run once, prompts of similar length go together, rows that are done leave
the batch, and models of the Llama kind take a short step (`LlamaSteps`) over a cache that is written in
place. What is left is attention (reading the cache) and the linear layers: three quarters of the time of the
tiny policy at 256 rows.

Not covered: encoder-decoder models (use `transformers`).

Shape suffixes: B rows, H heads, K heads of keys and values, L columns of the cache, D width, E width of a
head, T tokens of a completion, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel

from rlcf.errors import BadInput
from rlcf.policy.batch import Tokens
from rlcf.policy.generate.choose import choose, uniforms
from rlcf.policy.generate.sampled import Decoding, Sampled

ROWS_CPU = 128
"""Rows decoded together: fewer pay the fixed cost of a step more often, more are padded to longer prompts
and no longer fit the processor's cache. Measured on the tiny policy; from 64 to 256 it differs by a tenth."""
ROWS_GPU = 256
SHRINK = 0.85
"""Rows leave in groups, when so much of the batch or less is alive: selecting copies the cache."""
FAMILIES = ("LlamaForCausalLM", "Qwen2ForCausalLM")
FIXED_ANGLES = ("default", "linear", "llama3", "yarn")
"""Rotary kinds whose angle depends on the position alone."""


class Steps(Protocol):
    """The cache of a batch that is being decoded, and the model's step over it."""

    def select(self, rows_B: Tensor) -> None:
        """Keeps these rows, in this order; a row may come more than once."""

    def step(self, token_B: Tensor) -> Tensor:
        """The logits `[B, V]` after each row's next token."""


class Loop:
    """See the module; it keeps nothing between calls."""

    @torch.inference_mode()
    def generate(
        self, model: PreTrainedModel, prompts: Sequence[Tokens], seeds: Sequence[int], decoding: Decoding
    ) -> list[Sampled]:
        """See `Backend`. Raises BadInput for an encoder-decoder model."""
        if model.config.is_encoder_decoder:
            raise BadInput(
                "`loop` decodes causal models alone; take `transformers` for an encoder-decoder model",
                field="backend",
            )
        uniform_BT = uniforms(seeds, decoding.max_new_tokens)
        order = sorted(range(len(prompts)), key=lambda index: (len(prompts[index]), tuple(prompts[index])))
        rows = ROWS_CPU if model.device.type == "cpu" else ROWS_GPU
        results: dict[int, Sampled] = {}
        for start in range(0, len(order), rows):
            chunk = order[start : start + rows]
            sampled = _decode(model, [prompts[at] for at in chunk], chunk, uniform_BT[chunk], decoding)
            results.update(zip(chunk, sampled, strict=True))
        return [results[at] for at in range(len(prompts))]

    def sync(self, policy_model: PreTrainedModel) -> None:
        """Nothing: the model is the policy's own."""


def _decode(
    model: PreTrainedModel,
    prompts: Sequence[Tokens],
    numbers: Sequence[int],
    uniform_BT: Tensor,
    decoding: Decoding,
) -> list[Sampled]:
    """The completions of some of the prompts; `numbers` says which ones they are."""
    ends = decoding.ends or _goes_on
    steps, logits_BV = _prefill(model, prompts, decoding)
    uniform_TB = uniform_BT.T.to(model.device)
    rows = list(range(len(prompts)))
    row_B = torch.arange(len(prompts), device=model.device)
    logps_TB = torch.zeros(uniform_TB.shape, dtype=torch.float32, device=model.device)
    ids: list[list[int]] = [[] for _ in rows]
    stopped = [False] * len(rows)
    for step, uniform_B in enumerate(uniform_TB):
        token_B, logp_B = choose(logits_BV, decoding.temperature, uniform_B[row_B], decoding.top_p)
        logps_TB[step, row_B] = logp_B
        for row, token in zip(rows, token_B.tolist(), strict=True):
            if not stopped[row]:
                ids[row].append(token)
                stopped[row] = ends(numbers[row], token) or token in decoding.stop_ids
        alive = [at for at, row in enumerate(rows) if not stopped[row]]
        if not alive or step + 1 == decoding.max_new_tokens:
            break
        if len(alive) <= SHRINK * len(rows):
            keep_B = torch.tensor(alive, device=model.device)
            rows = [rows[at] for at in alive]
            steps.select(keep_B)
            token_B, row_B = token_B[keep_B], row_B[keep_B]
        logits_BV = steps.step(token_B)
    logps = logps_TB.T.tolist()
    return [Sampled(row_ids, stopped[row], logps[row][: len(row_ids)]) for row, row_ids in enumerate(ids)]


def _goes_on(_number: int, _token: int) -> bool:
    return False


def _prefill(model: PreTrainedModel, prompts: Sequence[Tokens], decoding: Decoding) -> tuple[Steps, Tensor]:
    """Runs every distinct prompt once; the logits are those after each prompt."""
    distinct = {prompt: index for index, prompt in enumerate(dict.fromkeys(map(tuple, prompts)))}
    longest = max(map(len, distinct))
    # Left-padded: all rows write their next token into the same column of the cache
    # (docs/training-details.md#padding).
    ids_BL = torch.tensor(
        [[decoding.pad_id] * (longest - len(p)) + list(p) for p in distinct], device=model.device
    )
    mask_BL = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in distinct], device=model.device)
    steps = _Cached(model, mask_BL)
    logits_BV = steps.forward(ids_BL, (mask_BL.cumsum(-1) - 1).clamp(min=0))
    repeat_B = torch.tensor([distinct[tuple(prompt)] for prompt in prompts], device=model.device)
    if is_plain_llama(model):
        return LlamaSteps(model, steps.cache, mask_BL, repeat_B, decoding.max_new_tokens), logits_BV[repeat_B]
    steps.select(repeat_B)
    return steps, logits_BV[repeat_B]


class _Cached:
    """The model's own forward over a cache of its own making: any causal model."""

    def __init__(self, model: PreTrainedModel, mask_BL: Tensor) -> None:
        self.model = model
        self.mask_BL = mask_BL
        self.cache = DynamicCache(config=model.config)

    def select(self, rows_B: Tensor) -> None:
        self.cache.batch_select_indices(rows_B)
        self.mask_BL = self.mask_BL[rows_B]

    def step(self, token_B: Tensor) -> Tensor:
        position_B1 = self.mask_BL.sum(-1, keepdim=True)
        self.mask_BL = torch.cat([self.mask_BL, self.mask_BL.new_ones(len(token_B), 1)], dim=1)
        return self.forward(token_B[:, None], position_B1)

    def forward(self, ids_BL: Tensor, position_BL: Tensor) -> Tensor:
        output = self.model(
            input_ids=ids_BL,
            attention_mask=self.mask_BL,
            position_ids=position_BL,
            past_key_values=self.cache,
            use_cache=True,
            logits_to_keep=1,
        )
        logits_BV: Tensor = output.logits[:, -1]
        return logits_BV


def is_plain_llama(model: PreTrainedModel) -> bool:
    """Whether `LlamaSteps` computes what the model's own forward would."""
    config = model.config
    if type(model).__name__ not in FAMILIES or config._attn_implementation != "sdpa":
        return False
    full = all(kind == "full_attention" for kind in getattr(config, "layer_types", None) or ())
    return full and model.model.rotary_emb.rope_type in FIXED_ANGLES


class LlamaSteps:
    """One short decoding step of a plain Llama or Qwen2: the model's layers over a cache written in place.

    The library's forward joins keys and values anew at every step and layer (a quarter of the time of the
    tiny policy), and builds masks and angles anew. Here the cache has its final size from the start, and
    angles are a table. The layers are called as modules, so that LoRA adapters, biases and quantised weights
    work as they are; what is written out is attention and the residual sums alone.

    It equals the model's own forward to rounding (tested). Not covered: sliding windows, rotary angles that
    depend on the length, more than one token a step, any other family (`_Cached` has a step for these).
    """

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
