"""TRL's own trainer calls the rewards: the scores are those of `rlcf grade`, and a policy is updated."""

from __future__ import annotations

import json
import pickle
import sys
from pathlib import Path
from typing import Any

import pytest

from rlcf.adapters import Rewards, rows
from rlcf.adapters.trl import AsyncJavaReward, JavaReward, reward, reward_async
from rlcf.cli import main
from tests.hosts.commands import run
from tests.hosts.conftest import Graded
from tests.hosts.marks import needs
from tests.rlcf.adapters.replies import asked

pytestmark = [needs("trl"), pytest.mark.usefixtures("data_dir")]


def trainer(folder: Path, reward: Any, *, chat: bool, factory: Any = None, **more: Any) -> Any:
    """TRL's GRPOTrainer over a tiny model."""
    import trl
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer

    from tests.hosts.models import TEMPLATE, save_tiny_chat_model

    tools = Path(str(trl.__file__)).parent / "chat_templates" / "qwen2_5.jinja"  # TRL reads calls of its own
    save_tiny_chat_model(folder / "model", tools.read_text() if factory else TEMPLATE)
    config = GRPOConfig(
        output_dir=str(folder / "out"),
        per_device_train_batch_size=4,
        num_generations=4,
        max_completion_length=16,
        max_steps=3,
        logging_steps=1,
        learning_rate=1e-3,
        beta=0.0,
        report_to=[],
        use_cpu=True,
        bf16=False,
        save_strategy="no",
        **more,
    )
    return GRPOTrainer(
        model=str(folder / "model"),
        reward_funcs=[reward] if reward else None,
        environment_factory=factory,
        args=config,
        train_dataset=Dataset.from_list(rows(asked(), chat=chat)),
    )


@pytest.mark.usefixtures("killed_judge")
@pytest.mark.parametrize(("kind", "chat"), [(JavaReward, False), (AsyncJavaReward, True)])
def test_a_hundred_completions_are_scored_as_by_grade(
    kind: type[JavaReward] | type[AsyncJavaReward], chat: bool, hundred: Graded, tmp_path: Path
) -> None:
    samples = hundred.samples
    made = trainer(tmp_path, kind(), chat=chat)
    inputs = rows([one.problem for one in samples], chat=chat)
    turns = [[{"role": "assistant", "content": one.text}] if chat else one.text for one in samples]
    found = made._calculate_rewards(inputs, [row["prompt"] for row in inputs], turns, [[0]] * len(samples))
    assert found[:, 0].tolist() == pytest.approx(hundred.scores["tests"])


@pytest.mark.parametrize(("function", "workers"), [(reward, 0), (reward_async, 1)])
def test_three_steps(function: Any, workers: int, tmp_path: Path) -> None:
    made = trainer(tmp_path, function, chat=True, dataloader_num_workers=workers)
    made.train()
    rows_of_log = [row for row in made.state.log_history if "reward" in row]
    name = type(function).__name__
    assert [row["step"] for row in rows_of_log] == [1, 2, 3]
    assert all(row[f"rewards/{name}/mean"] == -1.0 for row in rows_of_log)  # noise does not compile
    assert all(row["java/compiled"] == 0.0 and row["java/judged"] == 1.0 for row in rows_of_log)


def test_what_is_paid_for_grows(tmp_path: Path) -> None:
    """A reward that tells noise apart changes the weights: it reaches the loss."""
    file = tmp_path / "longer.py"
    file.write_text(
        "from rlcf import Signal\n"
        "def braces(answers): return [Signal(float(sum(map(ord, a.completion)) % 7)) for a in answers]\n"
    )
    made = trainer(tmp_path, JavaReward(Rewards(grounding=f"{file}:braces")), chat=False)
    before = made.model.lm_head.weight.detach().clone()
    made.train()
    assert not before.equal(made.model.lm_head.weight)


def test_what_asyncgrpo_sends_to_its_child_can_be_sent() -> None:
    for one in (reward, reward_async, JavaReward(Rewards(grounding="pass"))):
        assert pickle.loads(pickle.dumps(one)) == one


def test_an_environment_in_turns(hundred: Graded, tmp_path: Path) -> None:
    """TRL builds it, makes a tool's schema of it, trains three steps with it, and has its reward."""
    from transformers.utils import get_json_schema

    from rlcf.adapters.trl_environment import JavaEnvironment

    made = trainer(tmp_path, None, chat=True, factory=JavaEnvironment)
    (tool,) = made.tools
    schema = get_json_schema(tool)["function"]
    assert (schema["name"], list(schema["parameters"]["properties"])) == ("submit", ["program"])
    made.train()
    told = [row for row in made.state.log_history if "reward" in row]
    assert [row["rewards/JavaEnvironment/mean"] for row in told] == [-1.0] * 3  # nothing was submitted
    environment = JavaEnvironment()
    one = next(one for one in hundred.samples if one.form == "chat")
    (row,) = rows([one.problem])
    environment.reset(**row)
    assert "cannot find symbol" in environment.submit(one.problem.prompt + "return wrong; } }")
    assert environment.get_reward() == -1.0
    assert environment.submit(one.text) == "All tests pass."
    assert environment.submit(one.text).startswith("The problem is finished")
    assert environment.get_reward() == 1.0


def test_the_example_trains(tmp_path: Path) -> None:
    """`trl grpo` with the example's files, three steps of a tiny model; its turns too."""
    import trl

    from tests.hosts.models import save_tiny_chat_model

    folder = tmp_path / "example"
    assert main(["init", "trl", "--folder", str(folder)]) == 0
    tools = Path(str(trl.__file__)).parent / "chat_templates" / "qwen2_5.jinja"
    save_tiny_chat_model(folder / "model", tools.read_text())
    run([sys.executable, "data.py"], folder)
    short = ["--max_steps", "3", "--max_completion_length", "16", "--gradient_accumulation_steps", "1"]
    short += ["--use_cpu", "true", "--bf16", "false", "--dtype", "float32"]
    run(["trl", "grpo", "--config", "grpo.yaml", "--model_name_or_path", "model", *short], folder)
    state = json.loads((folder / "out" / "checkpoint-3" / "trainer_state.json").read_text())
    assert [row["rewards/JavaReward/mean"] for row in state["log_history"] if "reward" in row] == [-1.0] * 3
    run([sys.executable, "turns.py", "--model", "model", "--steps", "2", "--tokens", "16"], folder)
