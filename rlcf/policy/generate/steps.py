"""Decoding steps of causal models over a cache of fixed size that is written round and round.

`Ring` holds keys and values of R rows in L columns. At each step every row writes its token into the same
column, the next one, behind the last column into the first one: attention does not ask in which order columns
stand, and a mask a row says which are its own. A row lives for less than L steps, so it never writes over
itself, and a new prompt fits into the place of a row that has ended, at any time: it ends where the last step
wrote. Nothing is copied and no shape changes, so a step can be a CUDA graph.

`LlamaSteps` is a short step for plain Llama, Qwen2 and Qwen3; `ModelSteps` calls the model's own forward over
the ring, for every other family whose layers attend to all that came before; `GrowingSteps` leaves the cache
to the library, for what is left (sliding windows, caches of other kinds), and takes no new prompts.

Not covered: encoder-decoder models, more than one token a step.

Shape suffixes: R rows, S rows that get a new prompt, P distinct prompts, H heads, K heads of keys and values,
L columns, D width, E width of a head, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel
from transformers.cache_utils import Cache, DynamicLayer

from rlcf.policy.batch import Tokens

FAMILIES = ("LlamaForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM")
FIXED_ANGLES = ("default", "linear", "llama3", "yarn")
"""Rotary kinds whose angle depends on the position alone."""


class Steps(Protocol):
    """The cache of rows that are being decoded, and the model's step over it."""

    refills: bool
    """Whether `place` may be called again, for rows that have ended."""

    def place(self, prompts: Sequence[Tokens], slots_S: Tensor) -> Tensor:
        """Reads prompts into the cache as the rows `slots_S`; returns the logits `[S, V]` after each."""

    def step(self, token_R: Tensor, position_R: Tensor) -> Tensor:
        """The logits `[R, V]` after each row's next token, which is at `position_R` of its row."""

    def select(self, rows_R: Tensor) -> None:
        """Keeps these rows, in this order."""


def make_steps(model: PreTrainedModel, rows: int, length: int, pad_id: int) -> Steps:
    """The shortest step that `model` has, for `rows` rows of at most `length` tokens each."""
    if not attends_to_all(model, length):
        return GrowingSteps(model, pad_id)
    ring = Ring(model, rows, length, pad_id)
    return LlamaSteps(ring) if is_plain_llama(model) else ModelSteps(ring)


def attends_to_all(model: PreTrainedModel, length: int) -> bool:
    """Whether each layer keeps keys and values of all tokens, up to `length`."""
    config = model.config
    layers = DynamicCache(config=config).layers
    plain = all(type(layer) is DynamicLayer for layer in layers)
    window = getattr(config, "sliding_window", None)
    kinds = set(getattr(config, "layer_types", None) or ["full_attention"])
    slides = kinds != {"full_attention"} or not plain
    if kinds <= {"full_attention", "sliding_attention"} and slides:
        return window is not None and length <= window
    return plain and (window is None or length <= window or not getattr(config, "use_sliding_window", True))


def is_plain_llama(model: PreTrainedModel) -> bool:
    """Whether `LlamaSteps` computes what the model's own forward would."""
    config = model.config
    if type(model).__name__ not in FAMILIES or config._attn_implementation != "sdpa":
        return False
    full = all(kind == "full_attention" for kind in getattr(config, "layer_types", None) or ())
    return full and model.model.rotary_emb.rope_type in FIXED_ANGLES


def read_prompts(
    model: PreTrainedModel, prompts: Sequence[Tokens], pad_id: int, cache: Cache
) -> tuple[Tensor, Tensor, Tensor]:
    """Runs every distinct prompt once, left-padded, into `cache`: the logits `[P, V]` behind each, the mask
    `[P, L]`, and of each of `prompts` which one it is."""
    distinct = {prompt: index for index, prompt in enumerate(dict.fromkeys(map(tuple, prompts)))}
    longest = max(map(len, distinct))
    # All rows write their next token into the same column of the cache (docs/training-details.md#padding).
    pads = [(longest - len(prompt), prompt) for prompt in distinct]
    ids_PL = torch.tensor([[pad_id] * pad + list(p) for pad, p in pads], device=model.device)
    mask_PL = torch.tensor([[0] * pad + [1] * len(p) for pad, p in pads], device=model.device)
    logits_PV = forward(model, cache, ids_PL, mask_PL, (mask_PL.cumsum(-1) - 1).clamp(min=0))
    which_S = torch.tensor([distinct[tuple(prompt)] for prompt in prompts], device=model.device)
    return logits_PV, mask_PL, which_S


def forward(
    model: PreTrainedModel, cache: Cache, ids_RL: Tensor, mask: Tensor, position_RL: Tensor
) -> Tensor:
    """The logits `[R, V]` behind the last token."""
    output = model(
        input_ids=ids_RL,
        attention_mask=mask,
        position_ids=position_RL,
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=1,
    )
    logits_RV: Tensor = output.logits[:, -1]
    return logits_RV


class Ring:
    """Keys and values of all layers; see the module."""

    def __init__(self, model: PreTrainedModel, rows: int, length: int, pad_id: int) -> None:
        self.model: Any = model
        self.rows, self.length, self.pad_id = rows, length, pad_id
        self.column = 0
        """Where the next step writes."""
        self.column_1 = torch.zeros(1, dtype=torch.long, device=model.device)
        self.wrapped = False
        self.keys: list[Tensor] = []
        self.values: list[Tensor] = []
        self.on_device = model.device.type == "cuda"
        """The column is read from the device, and all columns are seen: a graph can't change either."""

    @property
    def seen(self) -> int:
        """Columns that are read: those that were written, or are now."""
        return self.length if self.wrapped or self.on_device else self.column + 1

    def place(self, prompts: Sequence[Tokens], slots_S: Tensor) -> Tensor:
        """See `Steps`."""
        cache = DynamicCache(config=self.model.config)
        logits_PV, mask_PL, which_S = read_prompts(self.model, prompts, self.pad_id, cache)
        width = mask_PL.shape[1]
        if not self.keys:
            self._begin(cache)
            self._move_to(width)
        self.wrapped |= self.column < width
        columns_L = (torch.arange(width, device=mask_PL.device) + self.column - width) % self.length
        rows_S1 = slots_S[:, None]
        for mine, theirs in zip((self.keys, self.values), zip(*_filled(cache), strict=True), strict=True):
            for ring_RKLE, filled_PKLE in zip(mine, theirs, strict=True):
                ring_RKLE[rows_S1, :, columns_L] = filled_PKLE[which_S].transpose(1, 2)
        self.bias_R11L[slots_S] = self.hidden
        shown_SL = torch.where(mask_PL[which_S].bool(), 0.0, self.hidden).to(self.bias_R11L.dtype)
        self.bias_R11L[rows_S1, 0, 0, columns_L] = shown_SL
        return logits_PV[which_S]

    def _begin(self, cache: DynamicCache) -> None:
        for layer_keys_PKLE, layer_values_PKLE in _filled(cache):
            for mine, like_PKLE in ((self.keys, layer_keys_PKLE), (self.values, layer_values_PKLE)):
                _, heads, _, width = like_PKLE.shape
                mine.append(like_PKLE.new_zeros(self.rows, heads, self.length, width))
        dtype = self.keys[0].dtype
        self.hidden = torch.finfo(dtype).min
        shape = (self.rows, 1, 1, self.length)
        self.bias_R11L = torch.full(shape, self.hidden, dtype=dtype, device=self.keys[0].device)

    def _move_to(self, column: int) -> None:
        self.column = column % self.length
        self.column_1.fill_(self.column)

    def show(self) -> Tensor:
        """Begins a step: its column is shown to all rows; returns the bias of the columns that are read."""
        if self.on_device:
            self.bias_R11L.index_fill_(3, self.column_1, 0.0)
            return self.bias_R11L
        self.bias_R11L[..., self.column] = 0.0
        return self.bias_R11L[..., : self.seen]

    def write(self, layer: int, keys_RKE: Tensor, values_RKE: Tensor) -> tuple[Tensor, Tensor]:
        """Writes a layer's keys and values of this step; returns those of all columns that are read."""
        keys_RKLE, values_RKLE = self.keys[layer], self.values[layer]
        if self.on_device:
            keys_RKLE.index_copy_(2, self.column_1, keys_RKE[:, :, None])
            values_RKLE.index_copy_(2, self.column_1, values_RKE[:, :, None])
            return keys_RKLE, values_RKLE
        keys_RKLE[:, :, self.column] = keys_RKE
        values_RKLE[:, :, self.column] = values_RKE
        return keys_RKLE[:, :, : self.seen], values_RKLE[:, :, : self.seen]

    def advance(self) -> None:
        """Ends a step."""
        self.column_1.add_(1).remainder_(self.length)
        self.count()

    def count(self) -> None:
        """The host's part of `advance`, which no graph repeats."""
        self.column += 1
        if self.column == self.length:
            self.column, self.wrapped = 0, True

    def select(self, rows_R: Tensor) -> None:
        """Keeps these rows, in this order."""
        self.keys = [keys_RKLE[rows_R] for keys_RKLE in self.keys]
        self.values = [values_RKLE[rows_R] for values_RKLE in self.values]
        self.bias_R11L = self.bias_R11L[rows_R]
        self.rows = len(rows_R)


def _filled(cache: DynamicCache) -> list[tuple[Tensor, Tensor]]:
    return [(layer.keys, layer.values) for layer in cache.layers]


class LlamaSteps:
    """The layers of a plain Llama over a ring.

    The library's forward joins keys and values anew at every step and layer (a quarter of the time of the
    tiny policy), and builds masks and angles anew. Here angles are a table. The layers are called as modules,
    so that LoRA adapters, biases and quantised weights work as they are; what is written out is attention and
    the residual sums alone. It equals the model's own forward to rounding (tested).
    """

    refills = True

    def __init__(self, ring: Ring) -> None:
        self.ring, self.model = ring, ring.model
        config, first = self.model.config, self.model.model.layers[0].self_attn
        self.head_width, self.scale = first.head_dim, first.scaling
        self.grouped = config.num_key_value_heads != config.num_attention_heads
        self.norms = hasattr(first, "q_norm")
        """Of queries and keys: Qwen3's."""
        self._angles: tuple[Tensor, Tensor] | None = None

    def place(self, prompts: Sequence[Tokens], slots_S: Tensor) -> Tensor:
        """See `Steps`."""
        logits_SV = self.ring.place(prompts, slots_S)
        if self._angles is None:
            keys_RKLE = self.ring.keys[0]
            places_1L = torch.arange(self.ring.length, device=keys_RKLE.device)[None]
            cos_1LE, sin_1LE = self.model.model.rotary_emb(keys_RKLE, places_1L)
            # x·cos + (−x₂, x₁)·sin  =  x·cos + (x₂, x₁)·(−sin₁, sin₂): swapping halves is one operation.
            half = self.head_width // 2
            sin_LE = torch.cat([-sin_1LE[0, :, :half], sin_1LE[0, :, half:]], dim=-1)
            self._angles = cos_1LE[0], sin_LE
        return logits_SV

    def step(self, token_R: Tensor, position_R: Tensor) -> Tensor:
        """See `Steps`."""
        assert self._angles is not None, "nothing was placed"
        cos_R1E, sin_R1E = (table_LE[position_R][:, None] for table_LE in self._angles)
        bias_R11L = self.ring.show()
        trunk = self.model.model
        x_RD = trunk.embed_tokens(token_R)
        for number, layer in enumerate(trunk.layers):
            normed_RD = layer.input_layernorm(x_RD)
            x_RD = x_RD + self._attend(number, layer.self_attn, normed_RD, cos_R1E, sin_R1E, bias_R11L)
            x_RD = x_RD + layer.mlp(layer.post_attention_layernorm(x_RD))
        self.ring.advance()
        logits_RV: Tensor = self.model.lm_head(trunk.norm(x_RD))
        return logits_RV

    def _attend(
        self, number: int, attention: Any, x_RD: Tensor, cos_R1E: Tensor, sin_R1E: Tensor, bias_R11L: Tensor
    ) -> Tensor:
        heads = (len(x_RD), -1, self.head_width)
        query_RHE = attention.q_proj(x_RD).view(heads)
        key_RKE = attention.k_proj(x_RD).view(heads)
        if self.norms:
            query_RHE, key_RKE = attention.q_norm(query_RHE), attention.k_norm(key_RKE)
        keys_RKLE, values_RKLE = self.ring.write(
            number, _turn(key_RKE, cos_R1E, sin_R1E), attention.v_proj(x_RD).view(heads)
        )
        mixed_RH1E = F.scaled_dot_product_attention(
            _turn(query_RHE, cos_R1E, sin_R1E)[:, :, None],
            keys_RKLE,
            values_RKLE,
            attn_mask=bias_R11L,
            scale=self.scale,
            enable_gqa=self.grouped,
        )
        out_RD: Tensor = attention.o_proj(mixed_RH1E.reshape(len(x_RD), -1))
        return out_RD

    def select(self, rows_R: Tensor) -> None:
        """See `Steps`."""
        self.ring.select(rows_R)


def _turn(x_RHE: Tensor, cos_R1E: Tensor, sin_R1E: Tensor) -> Tensor:
    """Rotary position embedding; `sin_R1E` has its first half negated."""
    return torch.addcmul(x_RHE * cos_R1E, x_RHE.roll(x_RHE.shape[-1] // 2, -1), sin_R1E)


class ModelSteps:
    """The model's own forward over a ring."""

    refills = True

    def __init__(self, ring: Ring) -> None:
        self.ring = ring
        self._cache = Cache(layers=[RingLayer(ring, 0)])

    def place(self, prompts: Sequence[Tokens], slots_S: Tensor) -> Tensor:
        """See `Steps`."""
        logits_SV = self.ring.place(prompts, slots_S)
        self._cache = Cache(layers=[RingLayer(self.ring, at) for at in range(len(self.ring.keys))])
        return logits_SV

    def step(self, token_R: Tensor, position_R: Tensor) -> Tensor:
        """See `Steps`."""
        bias_R11L = self.ring.show()
        logits_RV = forward(self.ring.model, self._cache, token_R[:, None], bias_R11L, position_R[:, None])
        self.ring.advance()
        return logits_RV

    def select(self, rows_R: Tensor) -> None:
        """See `Steps`."""
        self.ring.select(rows_R)


class RingLayer(DynamicLayer):  # type: ignore[misc]
    """A layer of a ring, as the library wants it: its models take nothing but such a class."""

    def __init__(self, ring: Ring, number: int) -> None:
        super().__init__()
        self.ring, self.number = ring, number

    def update(
        self, key_states: Tensor, value_states: Tensor, *_: object, **__: object
    ) -> tuple[Tensor, Tensor]:
        """Writes one token."""
        return self.ring.write(self.number, key_states[:, :, 0], value_states[:, :, 0])

    def get_seq_length(self) -> int:
        """Nothing is known of it here: masks and positions are given."""
        return self.ring.seen - 1


class GrowingSteps:
    """The model's own forward over a cache of its own making: any causal model."""

    refills = False

    def __init__(self, model: PreTrainedModel, pad_id: int) -> None:
        self.model, self.pad_id = model, pad_id
        self.cache = DynamicCache(config=model.config)
        self.mask_RL = torch.ones(0, 0)

    def place(self, prompts: Sequence[Tokens], slots_S: Tensor) -> Tensor:
        """See `Steps`; once, for all rows in order."""
        del slots_S
        logits_PV, mask_PL, which_R = read_prompts(self.model, prompts, self.pad_id, self.cache)
        self.mask_RL = mask_PL
        self.select(which_R)
        return logits_PV[which_R]

    def step(self, token_R: Tensor, position_R: Tensor) -> Tensor:
        """See `Steps`."""
        self.mask_RL = torch.cat([self.mask_RL, self.mask_RL.new_ones(len(token_R), 1)], dim=1)
        return forward(self.model, self.cache, token_R[:, None], self.mask_RL, position_R[:, None])

    def select(self, rows_R: Tensor) -> None:
        """See `Steps`."""
        self.cache.batch_select_indices(rows_R)
        self.mask_RL = self.mask_RL[rows_R]
