"""A tiny policy and rollouts by hand for the tests of the update; a small world for whole runs."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedTokenizerFast

from rlcf.policy import Policy, tiny_policy
from rlcf.policy.tiny import tiny_tokenizer
from rlcf.problems import Problem, load_problems
from rlcf.training.pretrain import train_supervised
from tests.rlcf.service.running import served

PROMPTS = ["class A {\n    static int f(int x) {\n"] * 2 + ["int"] * 2
COMPLETIONS = ["        return x + 1;\n    }\n}\n", "return", "        int y = x * x;\n", "}\n"]


@pytest.fixture
def policy() -> Policy:
    torch.set_num_threads(1)
    # A tokenizer that has seen these very texts would make a token of each.
    return tiny_policy(["int", "class", "return", "static", "        "], seed=1)


@pytest.fixture
def tokens(policy: Policy) -> tuple[list[list[int]], list[list[int]]]:
    return [policy.encode_prompt(p) for p in PROMPTS], [policy.encode_completion(c) for c in COMPLETIONS]


@pytest.fixture
def one_thread() -> Iterator[None]:
    """For models so small that a second thread makes them slower."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def small_llama(tokenizer: PreTrainedTokenizerFast) -> Policy:
    """A Llama of 48 units, always with the same random weights."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=48,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
    )
    return Policy(AutoModelForCausalLM.from_config(config), tokenizer)


SHORT = {
    "data.corpus_problems": 0,
    "supervised.steps": 0,
    "evaluation.problems": 3,
    "evaluation.samples": 2,
    "discriminator.samples": 16,
    "discriminator.steps": 2,
    "rollout.prompts_per_step": 4,
    "rollout.samples_per_prompt": 2,
    "objective.minibatches": 2,
    "objective.lr": 3e-4,
}
"""A run of seconds in which everything happens."""
ADAPTERS = {"model.lora_rank": 4, "critic.lora_rank": 4}
"""LoRA for policy and critic."""


@dataclass(frozen=True)
class SmallWorld:
    """Problems that a model of a few seconds' training solves now and then."""

    problems: Path
    tokenizer: PreTrainedTokenizerFast
    model: Path
    """A Llama-config policy that has learnt a little on them."""

    def fields(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of a recipe for a short run from the model on the problems; `own` come last."""
        return {"data.problems": str(self.problems), "model.name": str(self.model), **SHORT, **own}

    def toml(self, own: Mapping[str, Any]) -> str:
        """The same as a recipe's file."""
        # Texts, numbers, true and false are in TOML as they are in JSON.
        return "".join(f"{name} = {json.dumps(value)}\n" for name, value in self.fields(own).items())


@pytest.fixture(scope="session")
def served_judge() -> Iterator[str]:
    """The URL of a judge, for the `--engine` of processes that would each start JVMs otherwise."""
    with served() as server:
        yield server.url


@pytest.fixture(scope="session")
def small_world(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> SmallWorld:
    """One for all processes that test: which comes first makes it."""
    assert data_dir
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "world"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _small_world(folder)


def _small_world(folder: Path) -> SmallWorld:
    """Makes in `folder` what it lacks."""
    problems = folder / "problems.jsonl"
    # The numbers of MBPP's test (11 on) and train (601 on) splits.
    rows = [problem(number) for number in (*range(11, 15), *range(601, 613))]
    problems.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    train = load_problems(str(problems), "train")
    # Its own few texts would become a token each.
    others = load_problems("mbjp", "train")[:40]
    tokenizer = tiny_tokenizer([text for p in others for text in (p.prompt, p.reference or "")])
    if not (folder / "model").exists():
        torch.set_num_threads(1)
        policy = small_llama(tokenizer)
        learnt, losses = train_supervised(policy, _corpus(train), steps=200, lr=5e-3, seed=0)
        assert losses[-1] < 0.5 * losses[0]
        learnt.save(folder / "part")
        (folder / "part").rename(folder / "model")
    return SmallWorld(problems, tokenizer, folder / "model")


def problem(number: int) -> dict[str, str]:
    """f(x) = x + number % 7, in the form of mxeval's MBJP."""
    plus = number % 7
    cases = "".join(
        f"""
        int x{case} = Plus.f({case});
        int v{case} = {case + plus};
        if (!(compare(x{case}, v{case}))) {{
            throw new java.lang.Exception("Exception -- test case {case} did not pass. x{case} = " + x{case});
        }}
"""
        for case in range(2)
    )
    compare = (
        "public static boolean compare(Object obj1, Object obj2) {\n        return obj1.equals(obj2);\n    }"
    )
    main = f"public static void main(String[] args) throws Exception {{{cases}    }}"
    return {
        "task_id": f"MBJP/{number}",
        "prompt": f"class Plus {{\n    /** x plus {plus} */\n    static int f(int x) {{\n",
        "test": f"\n\nclass Main {{\n    {compare}\n\n    {main}\n}}\n",
        "entry_point": "f",
        "canonical_solution": f"        return x + {plus};\n    }}\n}}",
    }


def _corpus(problems: list[Problem]) -> list[tuple[str, str]]:
    """References, and some that are wrong or do not compile."""
    good = [(problem.prompt, str(problem.reference)) for problem in problems]
    wrong = [(prompt, text.replace("+", "-")) for prompt, text in good]
    broken = [(prompt, text.replace(";", "")) for prompt, text in good]
    return [*good * 2, *wrong, *broken]
