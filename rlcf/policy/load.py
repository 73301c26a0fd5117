"""Policies from a folder, from the Hugging Face hub or, as `tiny`, from nothing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import cast

import torch
from peft import PeftConfig, PeftModel
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import logging as transformers_logging

from rlcf.errors import BadInput
from rlcf.model_name import Size, check_model_name, is_path
from rlcf.policy.generate import Backend
from rlcf.policy.policy import Policy
from rlcf.policy.tiny import tiny_model, tiny_tokenizer

transformers_logging.disable_progress_bar()  # a bar a file, between the lines of our own


def load_policy(
    model: str | Path,
    *,
    lora_rank: int = 0,
    device: torch.device | str | None = None,
    dtype: str = "auto",
    backend: str | Backend = "auto",
    trained: bool = True,
    seed: int = 0,
) -> Policy:
    """The policy in the folder `model` or, where the name is no path, on the hub.

    `dtype`: what weights are computed in, `float32`, `bfloat16` or `auto` (bfloat16 on a GPU). With LoRA the
    frozen weights are kept in it too; weights that are trained stay in fp32, as steps of 1e-6 vanish in
    bf16's eight bits; with `trained` False nothing is trained. Adapters that the folder holds are merged,
    new ones begin from `seed`.
    Raises BadInput if the folder does not exist or holds no model.

    >>> policy = load_policy("model")
    >>> len(policy.sample([problems[0].prompt], temperature=0.0, max_new_tokens=8, seed=0))
    1
    """
    place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    computed = computed_in(dtype, place)
    kept = computed if computed and (lora_rank or not trained) else torch.float32
    loaded, tokenizer = load_model(model, kept)
    autocast = computed if kept is torch.float32 else None
    return Policy(loaded.to(place), tokenizer, lora_rank, backend=backend, autocast=autocast, seed=seed)


def computed_in(dtype: str, device: torch.device) -> torch.dtype | None:
    """The type that a machine's `dtype` asks for on `device`; None is fp32."""
    return torch.bfloat16 if dtype == "bfloat16" or (dtype == "auto" and device.type == "cuda") else None


def load_model(
    model: str | Path, dtype: torch.dtype, *, field: str = "model"
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """A language model with its tokenizer, adapters merged. Raises BadInput, naming `field`, where there is
    none."""
    check_model_name(model, field=field)
    try:
        return _load(model, dtype), AutoTokenizer.from_pretrained(model)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise BadInput(f"can't load a language model: {reason}", file=model, field=field) from error


def tiny_policy(
    texts: Iterable[str],
    seed: int,
    *,
    lora_rank: int = 0,
    size: Size = "tiny",
    device: torch.device | str = "cpu",
    dtype: str = "float32",
) -> Policy:
    """A fresh policy of a size that is made on the spot, its tokenizer trained on `texts`. `dtype`: what its
    fp32 weights are computed in, as for `load_policy`.

    >>> tiny_policy([problem.prompt for problem in problems], seed=0).width
    128
    """
    tokenizer = tiny_tokenizer(texts, size)
    place = torch.device(device)
    model = tiny_model(tokenizer, seed, size).to(place)
    return Policy(model, tokenizer, lora_rank, autocast=computed_in(dtype, place), seed=seed)


def _load(model: str | Path, dtype: torch.dtype) -> PreTrainedModel:
    if not (Path(model) / "adapter_config.json").is_file():
        config = AutoConfig.from_pretrained(model)
        family = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
        return cast(PreTrainedModel, family.from_pretrained(model, dtype=dtype))
    base = str(PeftConfig.from_pretrained(str(model)).base_model_name_or_path)
    # A run folder that was moved: the base stands beside the adapters.
    beside = Path(model).parent / Path(base).name
    loaded = _load(base if not is_path(base) or Path(base).is_dir() else beside, dtype)
    return cast(PreTrainedModel, PeftModel.from_pretrained(loaded, str(model)).merge_and_unload())
