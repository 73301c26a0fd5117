"""Small random models of several families, their weights spread so that their distributions are not flat."""

from __future__ import annotations

from typing import cast

import torch
from peft import LoraConfig, get_peft_model
from transformers import (
    CodeGenConfig,
    CodeGenForCausalLM,
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    GemmaConfig,
    GemmaForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
    T5Config,
    T5ForConditionalGeneration,
)

VOCABULARY = 96
SIZES = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
CAUSAL = ("llama", "grouped", "qwen2", "qwen3", "lora", "neox", "gemma", "gemma3", "gpt2", "codegen")
"""`grouped` shares keys and values between heads and scales its angles; some layers of `gemma3` see the last
16 tokens alone."""
FAMILIES = (*CAUSAL, "t5")


def small_model(family: str) -> PreTrainedModel:
    """The same model at every call, in eval mode."""
    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        model = _fresh(family)
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.ndim > 1:
                    parameter.mul_(1.0 if family == "t5" else 4.0)
                else:
                    # Norms and biases at their start would hide that one of them is left out.
                    parameter.add_(0.1 * torch.randn_like(parameter))
    return model.eval()


def _fresh(family: str) -> PreTrainedModel:
    if family in ("llama", "lora"):
        model = LlamaForCausalLM(LlamaConfig(vocab_size=VOCABULARY, tie_word_embeddings=True, **SIZES))
        if family == "lora":
            config = LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False)
            return cast(PreTrainedModel, get_peft_model(model, config).get_base_model())
        return cast(PreTrainedModel, model)
    if family == "grouped":
        scaled = {
            "rope_type": "llama3",
            "rope_theta": 1e4,
            "factor": 4.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 32,
        }
        config = LlamaConfig(
            vocab_size=VOCABULARY, num_key_value_heads=2, rope_parameters=scaled, attention_bias=True, **SIZES
        )
        return cast(PreTrainedModel, LlamaForCausalLM(config))
    if family == "qwen2":
        config = Qwen2Config(vocab_size=VOCABULARY, num_key_value_heads=2, **SIZES)
        return cast(PreTrainedModel, Qwen2ForCausalLM(config))
    if family == "qwen3":
        config = Qwen3Config(vocab_size=VOCABULARY, num_key_value_heads=2, head_dim=16, **SIZES)
        return cast(PreTrainedModel, Qwen3ForCausalLM(config))
    if family == "gemma":
        config = GemmaConfig(vocab_size=VOCABULARY, num_key_value_heads=1, head_dim=8, **SIZES)
        return cast(PreTrainedModel, GemmaForCausalLM(config))
    if family == "gemma3":
        kinds = ["sliding_attention", "full_attention"]
        config = Gemma3TextConfig(
            vocab_size=VOCABULARY,
            num_key_value_heads=2,
            head_dim=8,
            sliding_window=16,
            layer_types=kinds,
            **SIZES,
        )
        return cast(PreTrainedModel, Gemma3ForCausalLM(config))
    if family == "gpt2":
        config = GPT2Config(vocab_size=VOCABULARY, n_embd=32, n_layer=2, n_head=4, n_positions=256)
        return cast(PreTrainedModel, GPT2LMHeadModel(config))
    if family == "codegen":
        config = CodeGenConfig(
            vocab_size=VOCABULARY, n_embd=32, n_layer=2, n_head=4, n_positions=256, n_ctx=256, rotary_dim=4
        )
        return cast(PreTrainedModel, CodeGenForCausalLM(config))
    if family == "neox":
        return cast(PreTrainedModel, GPTNeoXForCausalLM(GPTNeoXConfig(vocab_size=VOCABULARY, **SIZES)))
    config = T5Config(
        vocab_size=VOCABULARY,
        d_model=32,
        d_ff=64,
        d_kv=8,
        num_layers=2,
        num_heads=4,
        decoder_start_token_id=0,
    )
    return cast(PreTrainedModel, T5ForConditionalGeneration(config))
