"""GRPO in two turns: the model submits a program with a tool, reads what is wrong, and submits again."""

import argparse
from functools import partial

import torch
from datasets import load_dataset
from trl import GRPOConfig, GRPOTrainer

from rlcf.adapters.trl_environment import JavaEnvironment

parser = argparse.ArgumentParser()
parser.add_argument("--model", default="Qwen/Qwen3-0.6B")
parser.add_argument("--steps", type=int, default=200)
parser.add_argument("--tokens", type=int, default=1024)
given = parser.parse_args()

trainer = GRPOTrainer(
    model=given.model,
    environment_factory=partial(JavaEnvironment, grounding="tests", turns=2),
    train_dataset=load_dataset("data", split="train"),
    args=GRPOConfig(
        output_dir="out-turns",
        max_steps=given.steps,
        per_device_train_batch_size=8,
        num_generations=8,
        max_completion_length=given.tokens,
        use_cpu=not torch.cuda.is_available(),
        bf16=torch.cuda.is_available(),
        logging_steps=1,
        report_to="none",
    ),
)
trainer.train()
