"""The public face: every name is there, torch is loaded for those alone that need it, every example runs."""

from __future__ import annotations

import ast
import doctest
import inspect
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import rlcf
from javabox import Judge, Verdict
from rlcf import Answer, Signal, load_problems, read_answers, tiny_policy
from tests.rlcf.conftest import SmallSet

NEED_TORCH = {"Policy", "load_policy", "tiny_policy", "train", "resume"}
FUNCTIONS = [name for name in rlcf.__all__ if inspect.isfunction(getattr(rlcf, name))]
MY_TOML = """
[model]
name = "model"
[data]
problems = "mbjp"
train_problems = 2
[supervised]
steps = 0
[rollout]
prompts_per_step = 2
samples_per_prompt = 2
max_new_tokens = 4
[objective]
steps = 1
minibatches = 1
[evaluation]
problems = 2
samples = 1
"""


def my_grounding(answers: Sequence[Answer]) -> list[Signal]:
    return [Signal(1.0 if answer.verdict.passed else -len(answer.completion) / 1000) for answer in answers]


@pytest.fixture
def reader(
    small_set: SmallSet, judge: Judge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """What a reader of the examples has: the public names, three problems and two answers of the first."""
    monkeypatch.chdir(tmp_path)
    Path("my.toml").write_text(MY_TOML)
    Path("samples.jsonl").write_text(
        small_set.sample(small_set.right) + small_set.sample(small_set.wrong_type)
    )
    problems = load_problems(str(small_set.path))
    completions = [small_set.right, small_set.wrong_type]
    verdicts = judge.grade([problems[0].job(completion) for completion in completions])
    answers = [Answer(problems[0], *pair) for pair in zip(completions, verdicts, strict=True)]
    own = {"judge": judge, "problems": problems, "answers": answers, "my_grounding": my_grounding}
    return {name: getattr(rlcf, name) for name in rlcf.__all__} | own


@pytest.mark.parametrize("name", [*FUNCTIONS, "Judge", "Verdict.from_json"])
def test_every_public_function_has_an_example_that_runs(name: str, reader: dict[str, Any]) -> None:
    if name in ("load_policy", "train", "resume"):
        tiny_policy([problem.prompt for problem in reader["problems"]] * 20, seed=0).save(Path("model"))
    if name == "resume":
        rlcf.train(rlcf.load_recipe("my.toml"), "runs/mine", reader["judge"], grounding=my_grounding)
    found: Any = rlcf
    for part in name.split("."):
        found = getattr(found, part)
    (example,) = doctest.DocTestFinder(recurse=False).find(found, name, module=False, globs=reader)
    assert example.examples, f"{name} shows no example"
    said: list[str] = []
    done = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(example, out=said.append)
    assert done.failed == 0, "".join(said)


def test_the_lists_of_names_agree() -> None:
    """`__all__` is what a reader sees, HOMES what runs, and the imports what a type checker sees."""
    tree = ast.parse(Path(str(rlcf.__file__)).read_text(encoding="utf-8"))
    blocks = [node for node in tree.body if isinstance(node, ast.If)]
    (block,) = [node for node in blocks if ast.unparse(node.test) == "TYPE_CHECKING"]
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    seen = {alias.asname or alias.name: node.module for node in imports for alias in node.names}
    assert list(rlcf.__all__) == sorted(rlcf.__all__)
    assert seen == {name: home.partition(":")[0] for name, home in rlcf.HOMES.items()}
    assert set(rlcf.__all__) == set(rlcf.HOMES) <= set(dir(rlcf))


def python(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


def test_torch_is_loaded_by_what_needs_it_alone() -> None:
    light = sorted(set(rlcf.__all__) - NEED_TORCH)
    program = f"import rlcf, sys\nfor name in {light}: getattr(rlcf, name)\nprint('torch' in sys.modules)"
    assert python(program).stdout == "False\n"


def test_without_torch_it_is_said_what_to_install() -> None:
    missing = "import sys\nfor one in ('torch', 'transformers'): sys.modules[one] = None\n"
    done = python(f"{missing}from rlcf import train")
    assert "rlcf.train needs torch, which is not installed: pip install 'rlcf[train]'" in done.stderr
    assert python(f"{missing}from rlcf import grade, load_grounding, Judge").returncode == 0


def test_a_name_that_is_not_public_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        rlcf.trian  # noqa: B018


def test_saved_results_are_grounded_as_they_were_judged(reader: dict[str, Any], tmp_path: Path) -> None:
    answers, problems = reader["answers"], reader["problems"]
    path = tmp_path / "results.jsonl"
    with path.open("wb") as out:
        rlcf.grade(rlcf.read_samples("samples.jsonl", problems, "mbjp"), reader["judge"], [1], out)
    again = read_answers(path, problems)
    assert again == answers
    for name in ("rltf", "compiler", "ppocoder+tests"):
        assert rlcf.load_grounding(name)(again) == rlcf.load_grounding(name)(answers)


def test_results_that_do_not_fit_are_named_with_line_and_field(
    reader: dict[str, Any], tmp_path: Path
) -> None:
    answer = reader["answers"][0]
    row = {"task_id": answer.problem.task_id, "completion": "", **answer.verdict.to_json()}
    bad = {
        "task_id": row | {"task_id": "none"},
        "prompt": row | {"stage": "rollout", "prompt": "class A {"},
        "no field 'fuel'.*rlcf grade": {name: value for name, value in row.items() if name != "fuel"},
    }
    for words, wrong in bad.items():
        path = tmp_path / "bad.jsonl"
        path.write_text(f"{json.dumps(row)}\n{json.dumps(wrong)}\n")
        with pytest.raises(rlcf.BadInput, match=words) as error:
            read_answers(path, reader["problems"])
        assert error.value.line == 2
    assert Verdict.from_json(row) == answer.verdict
