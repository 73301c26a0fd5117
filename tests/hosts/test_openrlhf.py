"""OpenRLHF's own executors load the example's files: the rewards are those of `rlcf grade`."""

from __future__ import annotations

import asyncio
import importlib.util
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from rlcf.adapters import carried
from rlcf.adapters.openrlhf import behind
from rlcf.cli import main
from tests.hosts.conftest import Graded
from tests.hosts.marks import needs

pytestmark = needs("openrlhf")


@dataclass
class Params:
    """What the executor reads of vLLM's SamplingParams."""

    max_tokens: int | None = 1024
    logprobs: int | None = None


@dataclass
class Output:
    """What the executor reads of vLLM's output."""

    text: str
    token_ids: list[int]
    finish_reason: str = "stop"


@dataclass
class Engine:
    """In the place of vLLM, which needs a GPU here: it replies what it is given, in tokens."""

    tokenizer: Any
    replies: list[str] = field(default_factory=list)

    async def generate(self, _ids: list[int], _params: Params, multi_modal_data: None = None) -> Any:
        assert multi_modal_data is None
        text = self.replies.pop(0)
        output = Output(text, self.tokenizer.encode(text, add_special_tokens=False))
        return type("Request", (), {"outputs": [output]})


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The folder that `rlcf init` writes."""
    folder = tmp_path / "example"
    assert main(["init", "openrlhf", "--folder", str(folder)]) == 0
    return folder


@pytest.fixture
def tokenizer(tmp_path: Path) -> Any:
    from transformers import AutoTokenizer

    from tests.hosts.models import save_tiny_chat_model

    save_tiny_chat_model(tmp_path / "model")
    return AutoTokenizer.from_pretrained(tmp_path / "model")


def asked(tokenizer: Any, problem: Any) -> str:
    """The prompt as OpenRLHF's data set makes it."""
    from rlcf.adapters import rows

    (row,) = rows([problem])
    return str(tokenizer.apply_chat_template(row["prompt"], tokenize=False, add_generation_prompt=True))


@pytest.mark.usefixtures("killed_judge")
def test_the_executor_rewards_a_hundred_as_grade(hundred: Graded, example: Path, tokenizer: Any) -> None:
    from openrlhf.utils.agent import SingleTurnAgentExecutor

    executor = SingleTurnAgentExecutor(str(example / "reward.py"))

    async def rewarded() -> list[dict[str, Any]]:
        return await asyncio.gather(
            *(
                executor.execute(
                    asked(tokenizer, one.problem),
                    carried(one.problem),
                    Params(),
                    100_000,
                    tokenizer,
                    Engine(tokenizer, [one.text + "<|im_end|>"]),
                )
                for one in hundred.samples
            )
        )

    found = asyncio.run(rewarded())
    assert [one["reward"].item() for one in found] == pytest.approx(hundred.scores["tests"])
    assert {one["extra_logs"]["judged"].item() for one in found} == {1.0}


def test_the_agent_has_two_turns(hundred: Graded, example: Path, tokenizer: Any) -> None:
    """What a first reply is told of is put before the second, and the last program's reward is the one."""
    from openrlhf.utils.agent import MultiTurnAgentExecutor

    one = next(one for one in hundred.samples if one.form == "chat")
    # As openrlhf.trainer.ray.vllm_engine loads it, which can't be imported without vLLM.
    spec = importlib.util.spec_from_file_location("agent_module", example / "agent.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    executor = module.AgentExecutor()
    assert isinstance(executor, MultiTurnAgentExecutor)
    engine = Engine(tokenizer, ["        return wrong;\n    }\n}<|im_end|>", one.text + "<|im_end|>"])
    prompt, label = asked(tokenizer, one.problem), carried(one.problem)
    told = asyncio.run(executor.execute(prompt, label, Params(), 100_000, tokenizer, engine))
    assert (told["reward"], len(told["action_ranges"]), engine.replies) == (1.0, 2, [])
    text = tokenizer.decode(told["observation_tokens"])
    between = text[text.index("return wrong;") : text.rindex("class")]
    assert "cannot find symbol" in between
    assert between.count("<|im_start|>assistant") == 1


def test_the_reply_is_found_behind_its_prompt() -> None:
    prompt = "<|im_start|>user\nwrite  f<|im_end|>\n<|im_start|>assistant\n"
    assert behind(prompt, prompt + "f") == "f"
    assert behind(prompt, " ".join(prompt.split()) + " f").strip() == "f"
    assert behind("x" * 1000 + "end", "x" * 200 + "endf") == "f"
    with pytest.raises(ValueError, match="does not hold its prompt"):
        behind("a", "b")
