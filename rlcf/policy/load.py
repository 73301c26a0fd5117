"""Policies from a folder, from the Hugging Face hub or, as `tiny`, from nothing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging as transformers_logging

from rlcf.errors import BadInput
from rlcf.policy.policy import Policy
from rlcf.policy.tiny import tiny_model, tiny_tokenizer

transformers_logging.disable_progress_bar()  # a bar a file, between the lines of our own


def load_policy(model: str | Path, *, lora_rank: int = 0, device: str | None = None) -> Policy:
    """The policy in the folder `model`, or, where the name is no path, on the hub.

    Raises BadInput if the folder does not exist or holds no model.
    """
    place = device or ("cuda" if torch.cuda.is_available() else "cpu")
    if _is_path(str(model)):
        if not Path(model).is_dir():
            raise BadInput("no such model folder", file=model, field="model")
        if not (Path(model) / "config.json").is_file():
            raise BadInput("holds no model: config.json is missing", file=model, field="model")
    dtype = torch.bfloat16 if place == "cuda" else torch.float32
    try:
        tokenizer = AutoTokenizer.from_pretrained(model)
        loaded = AutoModelForCausalLM.from_pretrained(model, dtype=dtype)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise BadInput(f"can't load a causal language model: {reason}", file=model, field="model") from error
    return Policy(loaded.to(place), tokenizer, lora_rank)


def tiny_policy(texts: Iterable[str], seed: int, *, lora_rank: int = 0) -> Policy:
    """A fresh `tiny` policy whose tokenizer is trained on `texts`."""
    tokenizer = tiny_tokenizer(texts)
    return Policy(tiny_model(tokenizer, seed), tokenizer, lora_rank)


def _is_path(name: str) -> bool:
    """A hub id is `owner/name` or `name`; anything else, or whatever exists, is a path."""
    return name.startswith((".", "/", "~")) or name.count("/") > 1 or Path(name).exists()
