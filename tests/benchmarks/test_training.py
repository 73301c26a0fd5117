"""What makes benchmarks/training.py fair: completions of one length on both sides, and counted work."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from benchmarks.training import work
from benchmarks.training_model import make_model
from benchmarks.training_ours import RowTimes
from benchmarks.training_setting import Facts, Result, Setting, Step
from rlcf.policy import Policy
from rlcf.policy.tiny import tiny_tokenizer

TEXTS = ["class A {\n    static int f(int x) {\n", "        return x + 1;\n    }\n}\n"]


def setting(lora_rank: int = 0) -> Setting:
    return Setting(
        model="",
        prompts=2,
        group=4,
        new_tokens=8,
        steps=2,
        temperature=1.0,
        learning_rate=0.0,
        kl=0.0,
        lora_rank=lora_rank,
        microbatch_tokens=100,
        seed=0,
    )


@pytest.mark.parametrize("size", ["tiny", "small"])
def test_the_model_never_draws_its_end_nor_a_token_without_text(size: str) -> None:
    tokenizer = tiny_tokenizer(TEXTS)
    policy = Policy(make_model(size, tokenizer, seed=0), tokenizer)
    prompts = [policy.encode_prompt(text) for text in TEXTS * 16]
    sampled = policy.sample_tokens(prompts, 1.0, 40, list(range(len(prompts))))
    assert [len(one.ids) for one in sampled] == [40] * len(prompts)
    drawn = {token for one in sampled for token in one.ids}
    assert max(drawn) < len(tokenizer)
    assert len(drawn) > len(tokenizer) / 2  # any other token is drawn as ever


def test_a_row_is_timed_when_it_appears(tmp_path: Path) -> None:
    file = tmp_path / "rows"
    with RowTimes(file) as watch:
        for _ in range(2):
            with open(file, "a", encoding="utf-8") as out:
                out.write("{}\n")
            time.sleep(0.2)
    (first, _), (second, _) = watch.times
    assert 0.1 < second - first < 10


def test_work_is_six_operations_a_parameter_and_token_and_adapters_save_the_gradients_of_weights() -> None:
    counted = Facts(trunk=1000, head=100, adapters=0, prompt_tokens=30, longest_prompt=5)
    completion_tokens = 2 * 4 * 8
    assert work(setting(), counted) == 6 * (1000 * (30 + completion_tokens) + 100 * completion_tokens)
    assert work(setting(lora_rank=2), counted) == pytest.approx(work(setting(), counted) * 4 / 6)


def test_a_result_comes_back_from_its_file(tmp_path: Path) -> None:
    step = Step(seconds=3.0, generate=1.0, grading=0.5, tokens=7, cpu=2.0)
    result = Result(steps=[step], threads=1, peak_gpu_mb=0.0, versions="1")
    result.write(tmp_path / "result.json")
    assert Result.read(tmp_path / "result.json") == result
    assert step.update == 1.5
    assert result.peak_mb > 10
