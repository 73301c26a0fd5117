"""What a GPU makes of it: decoding, a PPO step, supervised training, memory; phases in one process.

    python -m benchmarks.gpu --out gpu.json                 # under six minutes on an H100
    python -m benchmarks.gpu --only decode supervised
    python -m benchmarks.gpu --tiny                         # on a CPU; its numbers say nothing

Models have Qwen2.5-Coder's shapes and random weights in bf16, made on the device; nothing is downloaded.
`step` needs a judge and RLCF_DATA. Aims, from what the hardware allows: 40,000 tokens/s decoded of 0.5B (256
rows of 256 tokens, LoRA 16), 20,000 of 1.5B; a step of 64 × 4 × 128 tokens in 2.5 s without a critic and 3 s
with one; 600,000 tokens/s of supervised training of 27M parameters; memory within 15 % of the plan; no CUDA
branch that fell back. The exit code is 1 where one is missed on CUDA.

NOT RUN on a GPU yet. Not covered: vLLM, several GPUs, TRL beside it (benchmarks.training --gpu).
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import logging
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM, Qwen2ForCausalLM

from benchmarks.training_memory import coder
from javabox import Judge
from rlcf.jsonl import read_rows
from rlcf.machine import Machine
from rlcf.policy import Policy
from rlcf.policy.generate import graphs
from rlcf.policy.tiny import tiny_tokenizer
from rlcf.problems import load_problems
from rlcf.recipe import Recipe
from rlcf.recipes import override
from rlcf.training.plan import plan
from rlcf.training.pretrain import train_supervised
from rlcf.training.run import train

RANK = 16


@dataclass(frozen=True, slots=True)
class Size:
    """How much each phase does."""

    models: tuple[str, ...]
    rows: int
    new_tokens: int
    prompts: int
    step_tokens: int
    steps: int
    supervised_steps: int


FULL = Size(("0.5B", "1.5B"), 256, 256, 64, 128, 4, 60)
TINY = Size(("tiny",), 8, 8, 2, 8, 2, 2)
AIMS = {
    "decode 0.5B, tokens/s": 40_000,
    "decode 1.5B, tokens/s": 20_000,
    "supervised 27M, tokens/s": 600_000,
}
"""At least."""
BOUNDS = {"step without critic, s": 2.5, "step with critic, s": 3.0}
"""At most."""

Numbers = dict[str, float]


def policy_of(size: str, device: torch.device, texts: list[str]) -> Policy:
    """Random weights in the shape of that size, with adapters that change something."""
    tokenizer = tiny_tokenizer(texts)
    config = coder("0.5B" if size == "tiny" else size)
    config.eos_token_id, config.pad_token_id = tokenizer.eos_token_id, tokenizer.pad_token_id
    config.bos_token_id = None
    if size == "tiny":
        config.num_hidden_layers, config.hidden_size, config.intermediate_size = 2, 64, 128
        config.num_attention_heads, config.vocab_size = 4, 2048
        config.layer_types = ["full_attention"] * 2
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    with device:
        model = Qwen2ForCausalLM(config).to(dtype)
    policy = Policy(model, tokenizer, RANK)
    assert policy.adapters is not None
    policy.model.to(device)
    with torch.no_grad():
        for parameter in policy.parameters():
            parameter.add_(0.01 * torch.randn_like(parameter))
    return policy


def synchronised(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def decode(size: Size, device: torch.device) -> Numbers:
    """Tokens a second of a batch; the second of two, so that kernels are chosen."""
    texts = [problem.prompt for problem in load_problems("mbjp", "train")]
    found: Numbers = {}
    for name in size.models:
        policy = policy_of(name, device, texts)
        # No token ends a row: all are as long as they may be.
        policy.stop_ids = frozenset()
        prompts = [policy.encode_prompt(text) for text in texts[: size.rows // 4] for _ in range(4)]
        for seconds in ("first", "second"):
            began = synchronised(device)
            policy.sample_tokens(prompts, 0.8, size.new_tokens, list(range(len(prompts))))
            took = synchronised(device) - began
            found[f"decode {name}, {seconds} batch, s"] = took
        found[f"decode {name}, tokens/s"] = len(prompts) * size.new_tokens / took
        found[f"decode {name}, steps a second"] = size.new_tokens / took
        del policy
        if device.type == "cuda":
            torch.cuda.empty_cache()
    return found


def supervised(size: Size, device: torch.device) -> Numbers:
    """Tokens a second of a Llama of 27M parameters on MBJP's prompts with what follows them."""
    problems = load_problems("mbjp", "train")
    texts = [problem.prompt for problem in problems]
    tokenizer = tiny_tokenizer(texts)
    wide = size is FULL
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=512 if wide else 32,
        intermediate_size=1408 if wide else 64,
        num_hidden_layers=8 if wide else 2,
        num_attention_heads=8 if wide else 2,
        tie_word_embeddings=True,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    with device:
        model = LlamaForCausalLM(config)
    autocast = torch.bfloat16 if device.type == "cuda" else None
    policy = Policy(model, tokenizer, autocast=autocast)
    rows = [(text, "        return null;\n    }\n}\n") for text in texts]
    lengths = [len(policy.encode_prompt(a)) + len(policy.encode_completion(b)) for a, b in rows]
    policy, _ = train_supervised(policy, rows, steps=max(2, size.supervised_steps // 6), lr=1e-4, seed=0)
    began = synchronised(device)
    train_supervised(policy, rows, steps=size.supervised_steps, lr=1e-4, seed=0)
    seconds = synchronised(device) - began
    tokens = 64 * size.supervised_steps * sum(lengths) / len(lengths)
    return {
        "supervised 27M, tokens/s": tokens / seconds,
        "supervised 27M, s a step": seconds / size.supervised_steps,
    }


def step(size: Size, device: torch.device) -> Numbers:
    """Seconds of a PPO step, without and with a critic, and the memory that was planned and held."""
    texts = [problem.prompt for problem in load_problems("mbjp", "train")]
    found: Numbers = {}
    with tempfile.TemporaryDirectory() as scratch, Judge() as judge:
        folder = Path(scratch, "model")
        policy = policy_of(size.models[0], device, texts)
        policy.save(folder)
        del policy
        for what, advantage in (("without critic", "leave-one-out"), ("with critic", "gae")):
            if device.type == "cuda":
                torch.cuda.empty_cache()
                torch.cuda.reset_peak_memory_stats(device)
            recipe = override(Recipe(), fields(folder, advantage, size))
            machine = Machine(rails="warn", checkpoint_every=0)
            found[f"step {what}, planned MiB"] = plan(recipe, machine, device).peak / 2**20
            run = Path(scratch, what.replace(" ", "-"))
            train(recipe, run, judge, machine)
            rows = [row.fields for row in read_rows(run / "metrics.jsonl")][1:]
            for part in ("", "_generate", "_logps", "_judge_exposed", "_update"):
                mean = sum(row[f"seconds{part}"] for row in rows) / len(rows)
                found[f"step {what}{part.replace('_', ' ')}, s"] = mean
            if device.type == "cuda":
                found[f"step {what}, held MiB"] = torch.cuda.max_memory_allocated(device) / 2**20
    return found


def fields(model: Path, advantage: str, size: Size) -> dict[str, Any]:
    """Of a recipe that takes steps and does nothing else."""
    return {
        "model.name": str(model),
        "model.lora_rank": RANK,
        "data.problems": "mbjp",
        "data.train_problems": 4 * size.prompts,
        "data.corpus_problems": 0,
        "supervised.steps": 0,
        "evaluation.problems": 1,
        "evaluation.samples": 1,
        "objective.grounding": "compiler",
        "objective.steps": size.steps,
        "objective.minibatches": 1,
        "rollout.prompts_per_step": size.prompts,
        "rollout.max_new_tokens": size.step_tokens,
        "ppo.advantage": advantage,
        "kl.coef": 0.0,
    }


PHASES: dict[str, Callable[[Size, torch.device], Numbers]] = {
    "decode": decode,
    "supervised": supervised,
    "step": step,
}


def missed(found: Numbers) -> list[str]:
    """The aims that were not reached."""
    lines = [
        f"{name}: {found[name]:,.0f}, not {aim:,}" for name, aim in AIMS.items() if found.get(name, aim) < aim
    ]
    lines += [
        f"{name}: {found[name]:.2f}, not {most}" for name, most in BOUNDS.items() if found.get(name, 0) > most
    ]
    lines += [f"no CUDA graph: {kind}" for kind in sorted(graphs.FAILED)]
    for what in ("without critic", "with critic"):
        held = found.get(f"step {what}, held MiB")
        if held and abs(found[f"step {what}, planned MiB"] / held - 1) > 0.15:
            lines.append(f"step {what}: the plan is not within 15 % of {held:,.0f} MiB")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=PHASES, default=list(PHASES))
    parser.add_argument("--tiny", action="store_true", help="small models and few steps, on the CPU")
    parser.add_argument("--out", type=Path, help="write the numbers here as JSON")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    size, device = (TINY, torch.device("cpu")) if options.tiny else (FULL, torch.device("cuda"))
    card = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    print(f"{card}, torch {torch.__version__}\n\n| | |\n|---|---:|", flush=True)
    found: Numbers = {}
    for name in options.only:
        numbers = PHASES[name](size, device)
        found |= numbers
        for what, value in numbers.items():
            print(f"| {what} | {value:,.2f} |" if value < 100 else f"| {what} | {value:,.0f} |", flush=True)
        if options.out:
            options.out.write_text(
                json.dumps({"device": card, "size": dataclasses.asdict(size), **found}, indent=1)
            )
    wrong = missed(found) if device.type == "cuda" else []
    print("\n".join(f"NOT REACHED: {line}" for line in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
