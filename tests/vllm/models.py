"""Small random models that vLLM takes too (its attention on the CPU wants heads of 32 or more), and the mark
of tests that need it."""

from __future__ import annotations

import importlib.util
from typing import cast

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel, Qwen2Config, Qwen2ForCausalLM

needs_vllm = pytest.mark.skipif(
    importlib.util.find_spec("vllm") is None, reason="vLLM is not installed: .ci/vllm runs this"
)
VOCABULARY, LONGEST = 96, 256
SIZES = {
    "vocab_size": VOCABULARY,
    "hidden_size": 128,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": LONGEST,
}
FAMILIES = ("llama", "qwen2", "lora")
"""`llama` has its head tied to the embedding; `lora` is `qwen2` with adapters that are no identity."""


def small_model(family: str) -> PreTrainedModel:
    """The same model at every call, in eval mode; weights are spread, so that no distribution is flat."""
    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        model: PreTrainedModel
        if family == "llama":
            model = LlamaForCausalLM(LlamaConfig(tie_word_embeddings=True, **SIZES))
        else:
            model = Qwen2ForCausalLM(Qwen2Config(**SIZES))
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.ndim > 1:
                    parameter.mul_(5.0)
                else:
                    parameter.add_(0.1 * torch.randn_like(parameter))
        if family == "lora":
            config = LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False)
            model = cast(PreTrainedModel, get_peft_model(model, config).get_base_model())
    return model.eval()


def change(model: PreTrainedModel) -> None:
    """Other weights, as an optimiser's step would leave them: of adapters alone where there are any."""
    adapted = any("lora_" in name for name, _ in model.named_parameters())
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if not adapted or "lora_" in name:
                parameter.add_(0.1 * torch.randn_like(parameter))
