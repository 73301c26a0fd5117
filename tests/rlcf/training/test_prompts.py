"""Chat-form prompts, extraction before judging, and programs that read standard input, as training data."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from javabox import Judge, Suite
from rlcf.errors import BadInput
from rlcf.evaluation.generation.prompting import INSTRUCTION, request
from rlcf.grounding.leti import GOOD
from rlcf.grounding.table import load_grounding
from rlcf.machine import Machine
from rlcf.policy import Policy, load_policy
from rlcf.policy.generate import Sampled
from rlcf.policy.generate.sampled import hand_out
from rlcf.policy.tiny import tiny_tokenizer
from rlcf.problems import Problem, load_problems
from rlcf.problems.cases import released_suite
from rlcf.recipe import Recipe
from rlcf.recipes import override
from rlcf.training.pretrain import train_supervised
from rlcf.training.prompts import PLAIN, PromptFormat, continued, stated
from rlcf.training.rollout import Rollout, RolloutCollector
from rlcf.training.run import resume, train
from rlcf.training.runtime.checkpoint import checkpoint_folder
from tests.rlcf.evaluation.generation.conftest import TEMPLATE
from tests.rlcf.training.conftest import SmallWorld, small_llama

pytestmark = pytest.mark.usefixtures("one_thread")

CHAT = PromptFormat(chat=True, system="You write Java.", extract="auto")
FIELDS = {"model.chat": True, "model.system": CHAT.system, "rollout.extract": "auto"}
MACHINE = Machine(rails="warn", checkpoint_every=2)


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def chat_world(small_world: SmallWorld, tmp_path_factory: pytest.TempPathFactory) -> SmallWorld:
    """The small world with a chat model that has learnt to reply with fenced programs, some of them wrong."""
    folder = tmp_path_factory.mktemp("chat")
    others = [text for p in load_problems("mbjp", "train")[:40] for text in (p.prompt, p.reference or "")]
    # A conversation of few tokens is learnt faster.
    tokenizer = tiny_tokenizer(others + [INSTRUCTION, "<system>\nYou write Java.\n<user>\n"] * 20)
    tokenizer.chat_template = TEMPLATE
    policy = small_llama(tokenizer)
    texts = []
    for problem in load_problems(str(small_world.problems), "train"):
        reference = str(problem.reference)
        for completion in (
            reference,
            reference,
            reference.replace("+", "-"),
            reference.replace("x +", "y +"),
        ):
            texts.append((CHAT.text(policy, problem), CHAT.reply(problem, completion)))
    learnt, losses = train_supervised(policy, texts, steps=150, lr=7e-3, seed=0, tokens=1000, form=CHAT)
    assert losses[-1] < 0.5 * losses[0]
    learnt.save(folder / "model")
    return replace(small_world, model=folder / "model")


def recipe_of(world: SmallWorld, own: dict[str, Any]) -> Recipe:
    short = {"data.train_problems": 12, "rollout.max_new_tokens": 96, "evaluation.problems": 2}
    return override(Recipe(), world.fields(short | FIELDS | own))


def test_three_steps_of_ppo_in_chat_form(chat_world: SmallWorld, judge: Judge, tmp_path: Path) -> None:
    own = {"objective.steps": 3, "objective.minibatches": 1, "supervised.steps": 2}
    train(recipe_of(chat_world, own), tmp_path / "run", judge, MACHINE)
    metrics = [row for row in rows(tmp_path / "run" / "metrics.jsonl") if "reward" in row]
    assert [row["step"] for row in metrics] == [1, 2, 3]
    assert metrics[0]["kl"] == 0, "the policy is its reference"
    assert metrics[0]["approx_kl"] == pytest.approx(0, abs=1e-6), "the first ratio is 1"
    assert metrics[0]["clip_fraction"] == 0
    completions = rows(tmp_path / "run" / "completions.jsonl")
    fenced = [row for row in completions if row["completion"].startswith("```java\nclass Plus")]
    assert {row["stage"] for row in fenced} == {"before", "rollout", "after"}
    assert any(row["compiled"] for row in fenced), "programs are judged, not replies"
    broken = [row for row in fenced if row["stage"] == "rollout" and row["outcome"] == "compile_error"]
    assert broken
    for row in broken:
        first = row["diagnostics"][0]
        assert row["place"] == first["position"]
        if row["place"] is not None:
            lines = row["completion"][: row["place"]].split("\n")
            assert (first["line"], first["column"]) == (len(lines), len(lines[-1]) + 1)


def test_a_killed_run_in_chat_form_goes_on(chat_world: SmallWorld, judge: Judge, tmp_path: Path) -> None:
    recipe = recipe_of(chat_world, {"objective.steps": 4, "objective.sft_coef": 0.1})
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    train(recipe, whole, judge, MACHINE)
    shutil.copytree(whole, cut)
    shutil.rmtree(checkpoint_folder(cut, 4))
    resume(cut, judge)
    one, other = (
        [
            {key: value for key, value in row.items() if key != "wall_ms"}
            for row in rows(run / "completions.jsonl")
        ]
        for run in (whole, cut)
    )
    assert one == other
    ours, theirs = (
        dict(load_policy(checkpoint_folder(run, 4)).model.named_parameters()) for run in (whole, cut)
    )
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


class Says:
    """A backend that writes given texts, whatever it is asked."""

    def __init__(self, policy: Policy, texts: list[str]) -> None:
        self.ids = [policy.encode_completion(text) for text in texts]

    samples_from_model = False

    def generate(self, *asked: Any) -> list[Sampled]:
        return hand_out([Sampled(ids, True, [0.0] * len(ids)) for ids in self.ids], asked[3])

    def sync(self, _: object) -> None:
        """Nothing to do."""


ABS = Problem(
    task_id="abs",
    prompt="import java.util.*;\n\nclass Abs {\n    /** |x| */\n    static int f(int x) {\n",
    suite=released_suite(
        "",
        """
class Main {
    public static boolean compare(Object obj1, Object obj2) {
        return obj1.equals(obj2);
    }

    public static void main(String[] args) throws Exception {
        int x0 = Abs.f(3);
        int v0 = 3;
        if (!(compare(x0, v0))) {
            throw new java.lang.Exception("Exception -- test case 0 did not pass. x0 = " + x0);
        }
    }
}
""",
    ),
    entry_point="f",
    reference="        return Math.abs(x);\n    }\n}\n",
)
PROGRAM = """class Abs {
    static int f(int x) {
        if (x < 0) {
            int y = -x;
            return y;
        }
        return x;
    }
}
"""


def fenced(program: str) -> str:
    return f"Sure, ünïcode 😀 first:\n\n```java\n{program}```\n\nIt negates `x` where it is negative."


def rolled(policy: Policy, judge: Judge, grounding: str, reply: str) -> tuple[Rollout, Policy]:
    """The rollout of a policy that replies so."""
    own = Policy(policy.model, policy.tokenizer, backend=Says(policy, [reply]))
    own.tokenizer.chat_template = TEMPLATE
    ground = load_grounding(grounding, lambda *rows: [-0.5] * len(rows[0]))
    covers = "coverage" if "stepcoder" in grounding else ""
    with RolloutCollector(
        own, judge, ground, run_tests=grounding != "compiler", coverage=bool(covers), form=CHAT
    ) as collector:
        (found,), _ = collector.finish(collector.begin([ABS], temperature=1.0, max_new_tokens=9, seed=0))
    assert found.answer.completion == reply
    return found, own


def spelled(policy: Policy, ids: list[int], token: int) -> tuple[int, int]:
    """Where a token's characters begin and end in the reply."""
    return len(policy.decode(ids[:token])), len(policy.decode(ids[: token + 1]))


@pytest.mark.parametrize("grounding", ["rlcf", "compiler", "rlcf+tests"])
@pytest.mark.parametrize(
    "reply",
    [
        fenced(PROGRAM.replace("int y = -x", "int y = missing")),
        fenced(PROGRAM.replace("int y = -x", "int y = missing")).replace("\n", "\r\n"),
        fenced("        int y = missing;\n        return y;\n    }\n}\n"),
        "<think>\nx?\n</think>\n" + fenced("public " + PROGRAM.replace("-x", "missing")),
        "        int y = missing;\n        return y;\n    }\n}\n",
    ],
)
def test_minus_one_is_on_the_token_of_the_error(
    policy: Policy, judge: Judge, grounding: str, reply: str
) -> None:
    found, own = rolled(policy, judge, grounding, reply)
    ids, place = found.sampled.ids, reply.index("missing")
    assert found.feedback.score == -1
    assert found.signal.reward_position == place
    start, end = spelled(own, ids, found.feedback.reward_position)
    assert start <= place < end
    assert found.answer.verdict.diagnostics[0].position == place
    assert found.program.completion.index("missing") == found.program.verdict.diagnostics[0].position


def test_spans_are_on_the_tokens_of_the_line(policy: Policy, judge: Judge) -> None:
    reply = fenced(PROGRAM.replace("return x;", "return x / 0;"))
    found, own = rolled(policy, judge, "rltf", reply)
    line = "return x / 0;"
    at = reply.index(line)
    for token, credit in enumerate(found.feedback.token_credits):
        start, end = spelled(own, found.sampled.ids, token)
        assert (credit < 0) == (start < at + len(line) and end > at), own.decode([found.sampled.ids[token]])


def test_the_mask_leaves_out_what_was_not_executed_and_nothing_else(policy: Policy, judge: Judge) -> None:
    reply = fenced(PROGRAM)
    found, own = rolled(policy, judge, "stepcoder", reply)
    assert found.answer.verdict.passed
    branch = "            int y = -x;\n            return y;\n        }\n"
    at = reply.index(branch)
    mask = found.feedback.loss_mask
    assert mask is not None
    for token, learnt in enumerate(mask):
        start, end = spelled(own, found.sampled.ids, token)
        inside = at <= start and end <= at + len(branch)
        assert learnt != inside, repr(reply[start:end])
    assert not all(mask)


def test_flags_judge_the_program_behind_the_prompt(policy: Policy, judge: Judge) -> None:
    for body, flags in (("return x;", {"trivial"}), ("return x < 0 ? -x : x;", set())):
        program = f"class Abs {{\n  /** so */ static int f(int x) {{\n    {body}\n  }}\n}}\n"
        found, _ = rolled(policy, judge, "tests", fenced(ABS.prompt.split("class")[0] + program))
        assert found.reward_hacking_flags == flags
        assert continued(ABS, found.program).completion.split() == [*body.split(), "}", "}"]


def test_references_are_fenced_programs_behind_the_conversation(chat_world: SmallWorld) -> None:
    policy = load_policy(chat_world.model)
    problem = load_problems(str(chat_world.problems), "train")[0]
    prompt, reply = (policy.decode(ids) for ids in CHAT.reference_row(policy, problem))
    assert prompt.startswith("<system>\nYou write Java.\n<user>\nComplete the Java program below")
    assert f"```java\n{problem.prompt.rstrip()}\n```" in prompt
    assert prompt.endswith("\n<assistant>\n")
    assert reply == f"```java\n{problem.prompt}{problem.reference}\n```"
    assert CHAT.read(reply, problem).found is not None
    policy.prefix = GOOD
    assert f"<user>\n{GOOD}Complete" in CHAT.text(policy, problem)
    assert PLAIN.text(policy, problem) == GOOD + problem.prompt
    assert PLAIN.prompt_ids(policy, problem) == policy.encode_prompt(problem.prompt)


def test_a_reply_ends_as_the_template_ends_it(policy: Policy) -> None:
    """Gemma's way: the turn's end is among the stop tokens, and is not the tokenizer's end token."""
    turn, end = policy.pad_id, policy.tokenizer.eos_token_id
    assert turn != end
    policy.tokenizer.chat_template = TEMPLATE
    assert CHAT.reply_ids(policy, "int x;")[-1] == end, "the template writes none"
    policy.tokenizer.chat_template = "{% for m in messages %}{{ m.content }}<pad>\n{% endfor %}"
    assert CHAT.reply_ids(policy, "int x;")[-1] == end, "no completion ends at it"
    policy.stop_ids = frozenset({turn, end})
    assert CHAT.reply_ids(policy, "int x;") == [*policy.encode_completion("int x;")[:-1], turn]
    assert PLAIN.reply_ids(policy, "int x;")[-1] == end


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"rollout.extract": "none"}, "rollout.extract"),
        ({"model.chat": False}, "model.system"),
        ({"model.name": "tiny"}, "model.chat"),
    ],
)
def test_what_does_not_go_together_is_refused(
    chat_world: SmallWorld, judge: Judge, tmp_path: Path, fields: dict[str, Any], named: str
) -> None:
    with pytest.raises(BadInput, match=named):
        train(recipe_of(chat_world, fields), tmp_path / "run", judge)
    assert not (tmp_path / "run").exists()


def test_a_model_without_a_template_is_refused(small_world: SmallWorld, judge: Judge, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"model\.chat.*no chat template"):
        train(recipe_of(small_world, {}), tmp_path / "run", judge)
    assert not (tmp_path / "run").exists()


def stdin_rows() -> list[dict[str, Any]]:
    """Print the number that is read, plus one more for each problem."""
    return [
        {
            "task_id": f"Sum/{number}",
            "description": f"Read x and print x plus {number}. Mind \\u and */.",
            "stdin": [
                {"name": "a", "stdin": "1\n", "expected": [f"{1 + number}\n"]},
                {"name": "b", "stdin": "5\n", "expected": [f"{5 + number}\n"]},
            ],
            "canonical_solution": (
                "import java.util.*;\n\nclass Main {\n    public static void main(String[] args) {\n"
                f"        System.out.println(new Scanner(System.in).nextInt() + {number});\n    }}\n}}\n"
            ),
            "split": "train" if number < 8 else "test",
        }
        for number in range(10)
    ]


@pytest.mark.parametrize("chat", [False, True])
def test_programs_that_read_standard_input_are_trained_on(
    chat_world: SmallWorld, judge: Judge, tmp_path: Path, chat: bool
) -> None:
    path = tmp_path / "stdin.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in stdin_rows()), encoding="utf-8")
    own = {
        "data.problems": str(path),
        "supervised.steps": 1,
        "data.train_problems": 8,
        "objective.grounding": "partial",
        "objective.sft_coef": 0.1,
        "objective.steps": 2,
    }
    plain = {} if chat else {"model.chat": False, "model.system": "", "rollout.extract": "none"}
    recipe = recipe_of(chat_world, own | plain)
    train(recipe, tmp_path / "run", judge, MACHINE)
    last = rows(tmp_path / "run" / "metrics.jsonl")[-1]
    assert last["anchor_loss"] > 0, "references are learnt"
    found = [row for row in rows(tmp_path / "run" / "completions.jsonl") if row["stage"] == "rollout"]
    assert len(found) == 2 * 4 * 2
    assert all(row["prompt"].startswith("/*\nRead x and print x plus") for row in found)

    form, policy = PromptFormat.of(recipe), load_policy(checkpoint_folder(tmp_path / "run", 2))
    problem = stated(load_problems(str(path))[3])
    right, wrong = problem.reference or "", (problem.reference or "").replace("+ 3", "+ (x == 1 ? 3 : 0)")
    half = wrong.replace("new Scanner(System.in).nextInt()", "(x = new Scanner(System.in).nextInt())")
    half = half.replace("class Main {", "class Main {\n    static int x;\n")
    replies = [form.reply(problem, text) for text in (right, half, wrong)]
    backend = Says(policy, replies)
    own_policy = Policy(policy.model, policy.tokenizer, backend=backend)
    with RolloutCollector(
        own_policy, judge, load_grounding("partial"), run_tests=True, form=form
    ) as collector:
        rollouts, _ = collector.finish(
            collector.begin([problem], samples=3, temperature=1.0, max_new_tokens=9, seed=0)
        )
    assert [one.feedback.score for one in rollouts] == [1.0, 0.5, 0.0]
    assert [one.answer.completion for one in rollouts] == replies
    assert not any("trivial" in one.reward_hacking_flags for one in rollouts)


def test_a_statement_is_a_comment_that_compiles(judge: Judge) -> None:
    problem = Problem("p", "", Suite(), description="Mind \\u and */ and \\\\user.")
    asked = stated(problem)
    assert judge.grade([asked.job("class Main { }\n", compile_only=True)])[0].compiled
    assert stated(ABS) is ABS
    assert "reads standard input" in request(asked)
