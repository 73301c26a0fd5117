"""Makes the model of benchmarks/training.py: random weights, the tokenizer of `tiny`, and no end in sight.

A random model ends its completions where chance will have it, and two trainers would then generate texts of
unequal length. Here dimension 0 of every embedding is the same constant, so that it is large in every hidden
state too, and that of the tokens that must never be drawn (the end token, padding, ids that the tokenizer
does not know) is far below zero, so that their logits are. All completions are as long as they may be.

    python -m benchmarks.training_model SETTING.json SIZE FACTS.json
"""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

import torch
from torch import nn
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

from benchmarks.training_setting import Facts, Setting
from rlcf.policy.tiny import tiny_model, tiny_tokenizer
from rlcf.problems import load_problems

DRAWN, NEVER_DRAWN = 0.5, -50.0

# vocabulary, width, inner width, layers, heads, heads of keys and values
QWEN2 = {
    "small": (4096, 256, 1024, 4, 4, 2),
    "0.5b": (151_936, 896, 4864, 24, 14, 2),
}
"""Sizes of a Qwen2 model; the second is Qwen2.5-Coder-0.5B's."""


def make_model(
    size: str, tokenizer: PreTrainedTokenizerFast, seed: int
) -> LlamaForCausalLM | Qwen2ForCausalLM:
    """`tiny` is rlcf's own, the others are those of QWEN2."""
    if size == "tiny":
        model = tiny_model(tokenizer, seed)
    else:
        vocabulary, width, inner, layers, heads, kv_heads = QWEN2[size]
        config = Qwen2Config(
            vocab_size=vocabulary,
            hidden_size=width,
            intermediate_size=inner,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            num_key_value_heads=kv_heads,
            max_position_embeddings=2048,
            tie_word_embeddings=True,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.eos_token_id,
            bos_token_id=None,
        )
        torch.manual_seed(seed)
        model = Qwen2ForCausalLM(config)
    embeddings_VD = model.get_input_embeddings().weight.data
    embeddings_VD[:, 0] = DRAWN
    embeddings_VD[[tokenizer.eos_token_id, tokenizer.pad_token_id], 0] = NEVER_DRAWN
    embeddings_VD[len(tokenizer) :, 0] = NEVER_DRAWN
    return model


def facts(model: nn.Module, tokenizer: PreTrainedTokenizerFast, setting: Setting) -> Facts:
    """Counts parameters and prompt tokens. Adapters are on every linear layer but the head, as in rlcf."""
    head = model.get_output_embeddings()  # type: ignore[operator]
    linear = [module for module in model.modules() if isinstance(module, nn.Linear) and module is not head]
    lengths = [len(tokenizer(problem.prompt)["input_ids"]) for problem in setting.problems()]
    return Facts(
        trunk=sum(layer.weight.numel() for layer in linear),
        head=head.weight.numel(),
        adapters=setting.lora_rank * sum(layer.in_features + layer.out_features for layer in linear),
        prompt_tokens=setting.group * sum(lengths),
        longest_prompt=max(lengths),
    )


def main() -> None:
    setting_file, size, facts_file = sys.argv[1:]
    setting = Setting.read(Path(setting_file))
    texts = [text for p in load_problems("mbjp", "train") for text in (p.prompt, p.reference or "")]
    tokenizer = tiny_tokenizer(texts)
    model = make_model(size, tokenizer, setting.seed)
    model.save_pretrained(setting.model)
    tokenizer.save_pretrained(setting.model)
    Path(facts_file).write_text(json.dumps(dataclasses.asdict(facts(model, tokenizer, setting))))


if __name__ == "__main__":
    main()
