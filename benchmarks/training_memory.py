"""Claim: `rlcf train RECIPE --plan` tells the memory of a run within 15 %.

Random Qwen2 models of three sizes are trained on the CPU, two steps each in a process of its own, and what
that process held at most stands beside the plan; so does what computing activations again saves and costs.
Then the plans of Qwen2.5-Coder's sizes on GPUs, from their configurations: adapters of rank 16 and all
weights, 64 prompts × 4 completions of 256 tokens, without critic and discriminator. The exit code is 1 where
a run needed more or less than claimed.

    python -m benchmarks.training_memory                  # about fifteen minutes
    python -m benchmarks.training_memory --sizes 25M      # one; without any, the table of plans alone

Not covered: measured memory on a GPU (benchmarks/gpu has it).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

from rlcf.machine import Machine
from rlcf.policy.tiny import tiny_tokenizer
from rlcf.problems import load_problems
from rlcf.recipe import Recipe
from rlcf.recipes import override
from rlcf.training.plan import plan

WITHIN = 0.15
WAYS = {
    "all weights": (0, False),
    "all weights, computed again": (0, True),
    "adapters": (16, False),
    "adapters, computed again": (16, True),
}
"""Rank, and whether activations are computed again in the backward pass (`--gradient-checkpointing`)."""
SIZES = {"25M": (384, 1024, 10), "100M": (768, 2048, 12), "250M": (1024, 2816, 20)}
"""Width, width of the MLP, layers."""
CODERS = {
    "0.5B": (896, 4864, 24, 14, 2, True),
    "1.5B": (1536, 8960, 28, 12, 2, True),
    "3B": (2048, 11008, 36, 16, 2, True),
    "7B": (3584, 18944, 28, 28, 4, False),
}
"""Qwen2.5-Coder's: width, width of the MLP, layers, heads, heads of keys and values, tied embeddings."""
CARDS = (24, 48, 80)
SMALL = {
    "data.problems": "mbjp",
    "data.train_problems": 16,
    "data.corpus_problems": 0,
    "supervised.steps": 0,
    "evaluation.problems": 1,
    "evaluation.samples": 1,
    "objective.grounding": "compiler",
    "objective.steps": 2,
    "objective.minibatches": 1,
    "rollout.prompts_per_step": 6,
    "rollout.max_new_tokens": 32,
    "ppo.advantage": "leave-one-out",
    "kl.coef": 0.0,
}
RUN = """
import json, resource, sys
from rlcf import Machine, Recipe, override, train
from rlcf.policy.memory import lora_count, parameter_count, twin
from rlcf.training.plan import config_of, plan
import torch
recipe = override(Recipe(), json.loads(sys.argv[1]))
machine = Machine(rails="warn", checkpoint_every=0, gradient_checkpointing=sys.argv[3] == "True")
planned = plan(recipe, machine, torch.device("cpu")).peak
train(recipe, sys.argv[2], machine=machine)
held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
last = json.loads(open(sys.argv[2] + "/metrics.jsonl").readlines()[-1])
operations = last["update_tflop_per_second"] * 1e12  # 6 a parameter and token, 4 under adapters
parameters = parameter_count(twin(config_of(recipe), torch.float32))
rank = recipe.model.lora_rank
parameters += lora_count(twin(config_of(recipe), torch.float32), rank) if rank else 0
print(json.dumps([planned, held, operations / parameters / (4 if rank else 6)]))
"""


def coder(size: str) -> Qwen2Config:
    width, inner, layers, heads, shared, tied = CODERS[size]
    return Qwen2Config(
        vocab_size=151_936 if tied else 152_064,
        hidden_size=width,
        intermediate_size=inner,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=shared,
        tie_word_embeddings=tied,
    )


def measured(size: str, rank: int, recomputed: bool) -> tuple[int, int, float]:
    """Bytes that a run was planned to need, and that it held at most; tokens a second of its second
    update."""
    width, inner, layers = SIZES[size]
    problems = load_problems("mbjp", "train")[:64]
    tokenizer = tiny_tokenizer([problem.prompt for problem in problems])
    config = Qwen2Config(
        vocab_size=32_000,
        hidden_size=width,
        intermediate_size=inner,
        num_hidden_layers=layers,
        num_attention_heads=width // 64,
        num_key_value_heads=2,
        tie_word_embeddings=True,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
    )
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "model")
        Qwen2ForCausalLM(config).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        fields = {**SMALL, "model.name": str(folder), "model.lora_rank": rank}
        command = [sys.executable, "-c", RUN, json.dumps(fields), str(Path(scratch, "run")), str(recomputed)]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    planned, held, rate = json.loads(output.splitlines()[-1])
    return planned, held, rate


def cards() -> None:
    """Prints what each size needs, and on which card it fits."""
    fields = {
        "rollout.prompts_per_step": 64,
        "rollout.max_new_tokens": 256,
        "objective.grounding": "pass",
        "ppo.advantage": "leave-one-out",
        "kl.coef": 0.0,
    }
    print("\n| Qwen2.5-Coder | trained | " + " | ".join(f"{card} GB" for card in CARDS) + " |")
    print("|---|---|" + "---|" * len(CARDS))
    for size in CODERS:
        with tempfile.TemporaryDirectory() as scratch:
            coder(size).save_pretrained(scratch)
            for trained, rank in (("adapters", 16), ("all weights", 0)):
                recipe = override(Recipe(), {**fields, "model.name": scratch, "model.lora_rank": rank})
                cells = []
                for card in CARDS:
                    found = plan(recipe, Machine(), torch.device("cuda"), free=card * 10**9)
                    fits = found.peak < card * 10**9 and found.rows and found.microbatch
                    needs = f"{found.peak / 1e9:.0f} GB, {found.microbatch:,} tokens, {found.rows} rows"
                    cells.append(needs if fits else f"no: {found.peak / 1e9:.0f} GB")
                print(f"| {size} | {trained} | " + " | ".join(cells) + " |")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", nargs="*", choices=SIZES, default=list(SIZES), help="those that are run")
    options = parser.parse_args()
    wrong = 0
    print("| model | trained | planned, MiB | held at most, MiB | planned by held | update, tokens/s |")
    print("|---|---|---:|---:|---:|---:|")
    for size in options.sizes:
        for trained, (rank, recomputed) in WAYS.items():
            planned, held, rate = measured(size, rank, recomputed)
            wrong += abs(planned / held - 1) > WITHIN
            row = f"| {size} | {trained} | {planned / 2**20:,.0f} | {held / 2**20:,.0f} |"
            print(f"{row} {planned / held:.2f} | {rate:.0f} |", flush=True)
    cards()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
