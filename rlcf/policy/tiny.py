"""`tiny`, and larger ones: Llama-config models with a tokenizer of their own, made on the spot.

The tokenizer is a byte-level BPE *without* a word-splitting pre-tokenizer, so that merges cross words and
lines: on the atomic functions a completion is some 20 tokens instead of 66, and that decides whether a
minute of pre-training teaches Java (measured: with words split nothing compiled after one, without 77 %).
All 256 bytes are in the vocabulary: it encodes any text. `<pad>` and `<eos>` differ, so that no mask can
mistake one for the other.

The model has d 128, 3 layers, 4 heads: about 0.8M parameters. It is plain `LlamaForCausalLM`: a saved
checkpoint loads with `AutoTokenizer` and `AutoModelForCausalLM`. `base-30m` and `base-100m` are such models
of 30M and 91M parameters with a vocabulary of 8,192, for real Java on a GPU. Not covered: any other size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

VOCABULARY = 1024
PAD, EOS = "<pad>", "<eos>"
LONGEST = 1024
"""Tokens of prompt and completion together."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a model that is made on the spot is."""

    vocabulary: int
    width: int
    inner: int
    layers: int
    heads: int


SIZES: Mapping[str, Size] = {
    "tiny": Size(VOCABULARY, 128, 384, 3, 4),
    "base-30m": Size(8192, 512, 1408, 8, 8),
    "base-100m": Size(8192, 768, 2048, 12, 12),
}
"""By `model.name`."""


def tiny_tokenizer(texts: Iterable[str], size: Size = SIZES["tiny"]) -> PreTrainedTokenizerFast:
    """A tokenizer trained on `texts`; prompts and completions come as texts of their own, so that no
    token crosses the border between them."""
    tokenizer = Tokenizer(models.BPE())
    # use_regex=False: bytes only, no splitting at words
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size.vocabulary,
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
    size: Size = SIZES["tiny"], tokens: int = 0, pad_id: int | None = None, end_id: int | None = None
) -> LlamaConfig:
    """The configuration of a size; `tokens`: of its vocabulary, where texts had not enough for all of it."""
    return LlamaConfig(
        vocab_size=tokens or size.vocabulary,
        hidden_size=size.width,
        intermediate_size=size.inner,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        num_key_value_heads=size.heads,
        max_position_embeddings=LONGEST,
        tie_word_embeddings=True,
        pad_token_id=pad_id,
        eos_token_id=end_id,
        bos_token_id=None,
    )


def tiny_model(tokenizer: PreTrainedTokenizerFast, seed: int, size: Size = SIZES["tiny"]) -> LlamaForCausalLM:
    """A randomly initialised model for `tokenizer`; the same seed gives the same weights."""
    config = tiny_config(size, len(tokenizer), tokenizer.pad_token_id, tokenizer.eos_token_id)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LlamaForCausalLM(config)
