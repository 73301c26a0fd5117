"""`tiny`: a small Llama-config model with its own tokenizer, made on the spot, for machines without weights.

The tokenizer is a byte-level BPE *without* a word-splitting pre-tokenizer, so that merges cross words and
lines: on the atomic functions a completion is some 20 tokens instead of 66, and that decides whether a
minute of pre-training teaches Java (measured: with words split nothing compiled after one, without 77 %).
All 256 bytes are in the vocabulary: it encodes any text. `<pad>` and `<eos>` differ, so that no mask can
mistake one for the other.

The model has d 128, 3 layers, 4 heads: about 0.8M parameters. It is plain `LlamaForCausalLM`: a saved
checkpoint loads with `AutoTokenizer` and `AutoModelForCausalLM`. Not covered: any other size.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

VOCABULARY = 1024
PAD, EOS = "<pad>", "<eos>"
LONGEST = 1024
"""Tokens of prompt and completion together."""


def tiny_tokenizer(texts: Iterable[str]) -> PreTrainedTokenizerFast:
    """A tokenizer trained on `texts`; prompts and completions come as texts of their own, so that no
    token crosses the border between them."""
    tokenizer = Tokenizer(models.BPE())
    # use_regex=False: bytes only, no splitting at words
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
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
    tokens: int = VOCABULARY, pad_id: int | None = None, end_id: int | None = None
) -> LlamaConfig:
    """The configuration for a vocabulary of `tokens`."""
    return LlamaConfig(
        vocab_size=tokens,
        hidden_size=128,
        intermediate_size=384,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=LONGEST,
        tie_word_embeddings=True,
        pad_token_id=pad_id,
        eos_token_id=end_id,
        bos_token_id=None,
    )


def tiny_model(tokenizer: PreTrainedTokenizerFast, seed: int) -> LlamaForCausalLM:
    """A randomly initialised model for `tokenizer`; the same seed gives the same weights."""
    config = tiny_config(len(tokenizer), tokenizer.pad_token_id, tokenizer.eos_token_id)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LlamaForCausalLM(config)
