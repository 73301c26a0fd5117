"""Claim: the recipes of public models run, step by step, on models of those shapes.

Each recipe of PUBLIC trains a random model: width, heads, MLP and vocabulary are those of the public
configuration, as far as we know them by heart (there is no model hub here), but it is a layer or two deep.
Its tokenizer has as many tokens as the public one, all but a thousand of them never made of text, and the
public one's ways with padding and beginnings. CodeBERT, the discriminator's encoder, is made alike. The run
is `rlcf train` with the recipe; problems, samples, tokens and steps are cut (CUT). Of each a row: parameters
of the public model and here, the memory that the process held at most, seconds of the last step, CPU seconds
of the run, and the memory that the whole recipe is planned to need on a card of 24 and of 80 GiB. The exit
code is 1 where a run fails or a plan does not fit.

    python -m benchmarks.public_models                              # ten minutes on two cores
    python -m benchmarks.public_models codegen-350m --layers 1      # one
    python -m benchmarks.public_models --plans                      # the plans alone

Not covered: what such a model learns, its own weights and tokenizer, a GPU.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from tokenizers.processors import TemplateProcessing
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    CodeGenConfig,
    LlamaConfig,
    PretrainedConfig,
    PreTrainedTokenizerFast,
    Qwen2Config,
    RobertaConfig,
    T5Config,
)

from rlcf.jsonl import read_rows
from rlcf.machine import Machine
from rlcf.policy.memory import parameter_count, twin
from rlcf.policy.tiny import EOS, PAD, tiny_tokenizer
from rlcf.problems import load_problems
from rlcf.recipe import Recipe
from rlcf.recipes import load_recipe, override
from rlcf.training.plan import Plan, plan_for_card

CARDS = (24, 80)
"""GiB."""
ENCODER = "microsoft/codebert-base"
CUT: Mapping[str, Any] = {
    "data.train_problems": 24,
    "rollout.prompts_per_step": 2,
    "rollout.samples_per_prompt": 2,
    "rollout.max_new_tokens": 24,
    "objective.steps": 2,
    "objective.minibatches": 1,
    "optimizer.warmup_steps": 0,
    "critic.warmup_steps": 1,
    "discriminator.samples": 4,
    "discriminator.made": 8,
    "discriminator.steps": 1,
    "discriminator.refresh_every": 1,
    "evaluation.problems": 1,
    "evaluation.samples": 1,
    "evaluation.every": 0,
}
"""What a dry run cuts; the first step trains the critic alone, the second everything."""


@dataclass(frozen=True, slots=True)
class Public:
    """A public model: its shape at a depth, and the ways of its tokenizer."""

    config: Callable[[int], PretrainedConfig]
    depth: int
    pads: str
    """`own` token, that of the `end`, or `none`."""
    begins: bool = False
    """Whether a token stands before every text."""


def _qwen(width: int, inner: int, heads: int) -> Callable[[int], PretrainedConfig]:
    return lambda layers: Qwen2Config(
        vocab_size=151_936,
        hidden_size=width,
        intermediate_size=inner,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=2,
        max_position_embeddings=32_768,
        tie_word_embeddings=True,
    )


def _codegen(layers: int) -> PretrainedConfig:
    return CodeGenConfig(
        vocab_size=51_200, n_embd=1024, n_layer=layers, n_head=16, n_positions=2048, n_ctx=2048, rotary_dim=32
    )


def _codet5(layers: int) -> PretrainedConfig:
    return T5Config(
        vocab_size=32_100,
        d_model=1024,
        d_kv=64,
        d_ff=4096,
        num_layers=layers,
        num_decoder_layers=layers,
        num_heads=16,
        feed_forward_proj="relu",
        decoder_start_token_id=0,
    )


def _deepseek(layers: int) -> PretrainedConfig:
    return LlamaConfig(
        vocab_size=32_256,
        hidden_size=2048,
        intermediate_size=5504,
        num_hidden_layers=layers,
        num_attention_heads=16,
        num_key_value_heads=16,
        max_position_embeddings=16_384,
        tie_word_embeddings=False,
    )


def _codebert(layers: int) -> PretrainedConfig:
    return RobertaConfig(
        vocab_size=50_265,
        hidden_size=768,
        intermediate_size=3072,
        num_hidden_layers=layers,
        num_attention_heads=12,
        max_position_embeddings=514,
        type_vocab_size=1,
    )


PUBLIC: Mapping[str, Public] = {
    "qwen2.5-coder-0.5b": Public(_qwen(896, 4864, 14), 24, "end"),
    "qwen2.5-coder-1.5b": Public(_qwen(1536, 8960, 12), 28, "end"),
    "codegen-350m": Public(_codegen, 20, "none"),
    "codet5-large": Public(_codet5, 24, "own"),
    "deepseek-coder-1.3b": Public(_deepseek, 24, "end", begins=True),
}
"""By the recipe's name."""
CODEBERT = Public(_codebert, 12, "own")
WIDTHS = frozenset(
    (
        "hidden_size",
        "intermediate_size",
        "num_attention_heads",
        "n_embd",
        "n_head",
        "rotary_dim",
        "d_model",
        "d_ff",
        "num_heads",
    )
)
"""Fields of configurations that grow with a model's width."""


@cache
def small_tokenizer() -> str:
    """`tiny`'s tokenizer of MBJP, which those of all models begin with, in JSON."""
    problems = load_problems("mbjp", "train")[:200]
    small = tiny_tokenizer([text for one in problems for text in (one.prompt, one.reference or "")])
    return str(small.backend_tokenizer.to_str())


def fitting_tokenizer(model: Public) -> PreTrainedTokenizerFast:
    """A tokenizer with as many tokens as the model's vocabulary: `tiny`'s, of MBJP, and others that decode to
    a word and that no text is made into, so that whatever a random model draws is a text."""
    whole = json.loads(small_tokenizer())
    vocabulary = whole["model"]["vocab"]
    for number in range(len(vocabulary), model.config(1).vocab_size):
        vocabulary[f"w{number}"] = number
    backend = Tokenizer.from_str(json.dumps(whole))
    special = {"eos_token": EOS}
    if model.pads != "none":
        special["pad_token"] = PAD if model.pads == "own" else EOS
    if model.begins:
        begin = backend.token_to_id(PAD)
        backend.post_processor = TemplateProcessing(single=f"{PAD} $A", special_tokens=[(PAD, begin)])
        special["bos_token"] = PAD
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, model_max_length=2048, clean_up_tokenization_spaces=False, **special
    )


def make_model(model: Public, folder: Path, layers: int, narrow: int = 1, seed: int = 0) -> int:
    """Save a random model of that shape, so many layers deep and with an n-th of its width, and its
    tokenizer; returns its parameters."""
    tokenizer = fitting_tokenizer(model)
    config = model.config(layers)
    for name in WIDTHS & config.to_dict().keys():
        # Four heads at least: CodeGen's weights are laid out for four cards.
        setattr(config, name, max(4, getattr(config, name) // narrow))
    config.eos_token_id, config.bos_token_id = tokenizer.eos_token_id, tokenizer.bos_token_id
    config.pad_token_id = tokenizer.pad_token_id
    family = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
    torch.manual_seed(seed)
    made = (AutoModel if model is CODEBERT else family).from_config(config)
    made.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return parameter_count(made)


def local(name: str, scratch: Path) -> Recipe:
    """The recipe, with configurations of the public shapes on disk in the place of the hub's ids."""
    for shape, folder in ((PUBLIC[name], scratch / "model"), (CODEBERT, scratch / "codebert")):
        shape.config(shape.depth).save_pretrained(folder)
    named = {"model.name": str(scratch / "model"), "discriminator.model": str(scratch / "codebert")}
    return override(load_recipe(name), named)


def planned(name: str, card: int) -> Plan:
    """What the whole recipe is planned to need on a card of so many GiB."""
    with tempfile.TemporaryDirectory() as scratch:
        recipe = local(name, Path(scratch))
        return plan_for_card(recipe, Machine(), card)


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a run of a reduced model took."""

    parameters: int
    held: int
    """Bytes that the process held at most."""
    seconds: float
    """Of the last step."""
    cpu_seconds: float
    """Of the whole run, its judge apart: what other work on the machine hardly changes."""
    rows: Sequence[Mapping[str, Any]]
    """Of metrics.jsonl."""


def prepared(name: str, scratch: Path, layers: int, narrow: int = 1) -> tuple[int, list[str]]:
    """Make the random models of a recipe; returns the policy's parameters, and what `rlcf` is asked in
    `scratch` to train it."""
    parameters = make_model(PUBLIC[name], scratch / "model", layers, narrow)
    make_model(CODEBERT, scratch / "codebert", layers, narrow)
    fields = dict(CUT) | {"model.name": scratch / "model", "discriminator.model": scratch / "codebert"}
    if load_recipe(name).supervised.steps:
        fields |= {"supervised.steps": 1, "supervised.tokens": 512}
    options = [f"--{field.replace('_', '-')}={value}" for field, value in fields.items()]
    return parameters, ["train", name, "--run", "dry", "--rails", "warn", *options]


def dry_run(name: str, scratch: Path, layers: int, narrow: int = 1) -> DryRun:
    """Train a random model by the recipe as `rlcf train` does. Raises RuntimeError where it fails."""
    parameters, arguments = prepared(name, scratch, layers, narrow)
    command = [sys.executable, "-m", "rlcf", *arguments]
    with (scratch / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=scratch,
            stdout=log,
            stderr=log,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)},
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        said = (scratch / "log").read_text(encoding="utf-8", errors="replace")
        raise RuntimeError(f"{name}: {said[-2000:]}")
    rows = metrics(scratch)
    spent = usage.ru_utime + usage.ru_stime
    return DryRun(parameters, usage.ru_maxrss * 1024, rows[-1]["seconds"], spent, rows)


def metrics(scratch: Path) -> list[Mapping[str, Any]]:
    """The rows of metrics.jsonl of the run in `scratch`."""
    return [row.fields for row in read_rows(scratch / "runs" / "dry" / "metrics.jsonl")]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.public_models")
    parser.add_argument("names", nargs="*", metavar="RECIPE", help=", ".join(PUBLIC))
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--plans", action="store_true")
    arguments = parser.parse_args()
    head = "" if arguments.plans else " here | held at most | s a step | CPU s, run |"
    print(f"| recipe | parameters |{head} {' | '.join(f'planned, {card} GiB' for card in CARDS)} |")
    print(f"|---|---:|{'---:|' * (head.count('|') + len(CARDS))}")
    fits = True
    for name in arguments.names or PUBLIC:
        plans = [planned(name, card).peak for card in CARDS]
        fits &= all(peak <= card << 30 for peak, card in zip(plans, CARDS, strict=True))
        whole = parameter_count(twin(PUBLIC[name].config(PUBLIC[name].depth), torch.float32))
        cells = [f"`{name}`", f"{whole / 1e6:,.0f} M"]
        if not arguments.plans:
            with tempfile.TemporaryDirectory() as scratch:
                run = dry_run(name, Path(scratch), arguments.layers)
            cells += [f"{run.parameters / 1e6:,.0f} M", f"{run.held / 2**30:.1f} GiB", f"{run.seconds:.1f}"]
            cells += [f"{run.cpu_seconds:.0f}"]
        print(f"| {' | '.join([*cells, *(f'{peak / 2**30:.1f} GiB' for peak in plans)])} |", flush=True)
    return 0 if fits else 1


if __name__ == "__main__":
    sys.exit(main())
