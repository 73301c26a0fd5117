"""`tiny` and larger ones: Llama-config models with a tokenizer of their own, made on the spot, for machines
without weights.

The tokenizer is a byte-level BPE *without* a word-splitting pre-tokenizer, so that merges cross words and
lines: on the atomic functions a completion is some 20 tokens instead of 66, and that decides whether a
minute of pre-training teaches Java (measured: with words split nothing compiled after one, without 77 %).
All 256 bytes are in the vocabulary: it encodes any text. `<pad>` and `<eos>` differ, so that no mask can
mistake one for the other.

`tiny` has d 128, 3 layers, 4 heads: about 0.8M parameters; `small`, 4 layers, 1.1M, and its tokenizer, twice
as large, keeps names with a number, `n0`, apart: what copies them from a text into code must find one token
in both. Both are plain `LlamaForCausalLM`: a saved checkpoint loads with `AutoTokenizer` and
`AutoModelForCausalLM`. `base-30m` and `base-100m` are such models of 30M and 91M parameters with a vocabulary
of 8,192, for real Java on a GPU. Not covered: any other size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from rlcf.model_name import Size

PAD, EOS = "<pad>", "<eos>"
LONGEST = 1024
"""Tokens of prompt and completion together."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a size has."""

    vocabulary: int
    width: int
    inner: int
    layers: int
    heads: int
    names_apart: bool = False


SHAPES: Mapping[Size, Shape] = {
    "tiny": Shape(1024, 128, 384, 3, 4),
    "small": Shape(2048, 128, 384, 4, 4, names_apart=True),
    "base-30m": Shape(8192, 512, 1408, 8, 8),
    "base-100m": Shape(8192, 768, 2048, 12, 12),
}
NAMES = r"[a-z]\d+"


def tiny_tokenizer(texts: Iterable[str], size: Size = "tiny") -> PreTrainedTokenizerFast:
    """A tokenizer trained on `texts`; prompts and completions come as texts of their own, so that no
    token crosses the border between them."""
    tokenizer = Tokenizer(models.BPE())
    # use_regex=False: bytes only, no splitting at words
    whole = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    apart = [pre_tokenizers.Split(Regex(NAMES), "isolated")] if SHAPES[size].names_apart else []
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*apart, whole]) if apart else whole
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=SHAPES[size].vocabulary,
        special_tokens=[PAD, EOS],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=EOS,
        model_max_length=LONGEST,
        clean_up_tokenization_spaces=False,
    )


def tiny_config(
    size: Size = "tiny", *, tokens: int | None = None, pad_id: int | None = None, end_id: int | None = None
) -> LlamaConfig:
    """The configuration for a vocabulary of `tokens`; None: of as many as its tokenizer has at most."""
    shape = SHAPES[size]
    return LlamaConfig(
        vocab_size=shape.vocabulary if tokens is None else tokens,
        hidden_size=shape.width,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.heads,
        max_position_embeddings=LONGEST,
        tie_word_embeddings=True,
        pad_token_id=pad_id,
        eos_token_id=end_id,
        bos_token_id=None,
    )


def tiny_model(tokenizer: PreTrainedTokenizerFast, seed: int, size: Size = "tiny") -> LlamaForCausalLM:
    """A randomly initialised model for `tokenizer`; the same seed gives the same weights."""
    ends = {"pad_id": tokenizer.pad_token_id, "end_id": tokenizer.eos_token_id}
    config = tiny_config(size, tokens=len(tokenizer), **ends)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LlamaForCausalLM(config)
