"""Episodes of a scripted policy: rewards computed by hand, what is asked, and what survives between turns."""

from __future__ import annotations

import asyncio
import copy
import json
import multiprocessing
import pickle
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from javabox import Judge, Outcome, SharedJudge
from rlcf import Answer, BadInput, Signal, Span, load_grounding
from rlcf.environment import Episode, Setting, Turn, step_all, step_all_async
from rlcf.evaluation.generation.prompting import INSTRUCTION, Prompting
from tests.javabox.processes import wait_until
from tests.rlcf.environment.conftest import BROKEN, DOUBLE, END, SUM

ERROR = "int y = 1; return z;" + END  # nothing of the reference in it
HALF = "return x < 2 ? 2 * x : 0;" + END  # passes 2 of 4; of the reference the product and both entries
RIGHT = str(DOUBLE.reference)
FENCED = "Here it is.\n\n```java\nclass A {\n    static int f(int x) {\n        return z;\n    }\n}\n```"
BY_HAND = {
    None: (-1, -0.3 + 1.3 / 2, 1),
    "tests": (-1, -0.3 + 1.3 / 2, 1),
    "pass": (0, 0, 1),
    "compiler": (-1, 1, 1),
    "rltf": (-1, -0.3 - 0.3 + 1.3 / 2, 2),
    "ppocoder": (-1, 1 + 1 / 3 + 1, 3),
    "ppocoder+tests": (-1, -0.3 + 1 / 3 + 1, 3),
    "stepcoder": (-1, -0.3, 1),
}


def shorter(answers: Sequence[Answer]) -> list[Signal]:
    """A grounding of one's own."""
    return [Signal(-float(len(answer.completion)), parts={"length": 0.0}) for answer in answers]


@pytest.mark.parametrize("grounding", BY_HAND)
def test_the_rewards_of_three_turns(judge: Judge, grounding: str | None) -> None:
    episode = Episode(DOUBLE, judge, Setting(turns=3), grounding)
    assert episode.reward is None
    turns = [episode.step(reply) for reply in (ERROR, HALF, RIGHT)]
    assert [turn.reward for turn in turns] == pytest.approx(BY_HAND[grounding])
    assert [turn.done for turn in turns] == [False, False, True]
    assert episode.turns == tuple(turns)
    assert episode.reward == turns[2].reward, "the last program's"
    with pytest.raises(BadInput, match="over after 3 turns"):
        episode.step(RIGHT)


def test_a_grounding_of_ones_own_sees_the_program_and_speaks_of_the_reply(judge: Judge) -> None:
    assert Episode(DOUBLE, judge, grounding=shorter).step(HALF).reward == -len(HALF)
    first_error = Episode(DOUBLE, judge, grounding="compiler").step(FENCED)
    assert first_error.reward == -1
    assert first_error.signal.reward_position == FENCED.index("z;")
    assert first_error.verdict.diagnostics[0].line == 6
    assert first_error.answer == Answer(DOUBLE, FENCED, first_error.verdict)
    blamed = Episode(DOUBLE, judge, grounding="rltf").step(FENCED).signal.spans
    at = FENCED.index("return z;")
    assert blamed == (Span(at, at + len("return z;"), -0.3),)
    with_lines = Episode(DOUBLE, judge, grounding="stepcoder").step(HALF)
    assert with_lines.signal.loss_spans == ((0, len(HALF)),), "programs are traced where it is needed"
    given = load_grounding("rlcf", lambda prompts, _generated, _references: [-0.25] * len(prompts))
    assert Episode(DOUBLE, judge, grounding=given).step(HALF).reward == -0.25


def test_what_a_grounding_needs_is_asked_for_at_once(judge: Judge) -> None:
    with pytest.raises(BadInput, match="unknown grounding 'luck'"):
        Episode(DOUBLE, judge, grounding="luck")
    with pytest.raises(BadInput, match="load_grounding"):
        Episode(DOUBLE, judge, grounding="rlcf")
    with pytest.raises(BadInput, match="'ppocoder' needs a reference"):
        Episode(replace(DOUBLE, reference=None), judge, grounding="ppocoder")


def test_a_pass_ends_it_and_so_does_the_last_turn(judge: Judge) -> None:
    won, lost = Episode(DOUBLE, judge), Episode(DOUBLE, judge, Setting(turns=1))
    assert (won.step(RIGHT).done, won.done, won.turns[0].feedback) == (True, True, None)
    assert (lost.step(HALF).done, lost.done, lost.turns[0].feedback) == (True, True, None)
    broken = Episode(BROKEN, judge)
    assert broken.step(RIGHT).verdict.outcome is Outcome.SUITE_ERROR
    assert (broken.done, broken.reward) == (True, None), "no answer can help"


def test_a_judge_error_is_no_turn(judge: Judge) -> None:
    """A program's JVM does not start with one megabyte; with more it does."""
    episode = Episode(replace(DOUBLE, memory_limit=1), judge)
    before = episode.messages
    failed = episode.step(HALF)
    assert failed.verdict.outcome is Outcome.JUDGE_ERROR
    assert (failed.reward, failed.feedback, failed.done) == (None, None, False)
    assert (episode.turns, episode.done, episode.messages) == ((), False, before)
    episode.problem = DOUBLE
    assert episode.step(HALF).reward == pytest.approx(0.35)
    assert not episode.done


def test_a_chat_model_is_asked_in_a_conversation(judge: Judge) -> None:
    words = Prompting(system="You write Java.", repair="{feedback}\n\nNoch einmal, {name}.")
    episode = Episode(DOUBLE, judge, Setting(turns=3, prompting=words))
    first = [
        {"role": "system", "content": "You write Java."},
        {"role": "user", "content": f"{INSTRUCTION}\n\n```java\n{DOUBLE.prompt.rstrip()}\n```"},
    ]
    assert episode.messages == first
    assert episode.prompt == first[1]["content"]
    reply = FENCED.replace("z;", 'z; // {feedback} "{reply}" {prompt}')
    turn = episode.step(reply)
    assert turn.feedback is not None
    assert turn.feedback.startswith("The program does not compile. javac's first error is at line 6")
    assert '// {feedback} "{reply}" {prompt}\n' in turn.feedback, "what a program says is no template"
    assert turn.feedback.endswith("\n\nNoch einmal, {name}.")
    second = [*first, {"role": "assistant", "content": reply}, {"role": "user", "content": turn.feedback}]
    assert episode.messages == second
    again = episode.step(HALF)
    assert episode.messages == [
        *second,
        {"role": "assistant", "content": HALF},
        {"role": "user", "content": again.feedback},
    ]


def test_a_model_that_continues_is_asked_by_comments_and_the_prompt_again(judge: Judge) -> None:
    episode = Episode(DOUBLE, judge)
    assert episode.text == DOUBLE.prompt
    episode.step("return y; // \\u0041 */" + END)
    assert episode.text == (
        DOUBLE.prompt + "return y; // \\u0041 */" + END + "\n\n"
        "// The program does not compile. javac's first error is at line 1 of your answer:\n"
        "//\n"
        "//     error: cannot find symbol\n"
        "//     return y; // \\ u0041 */\n"
        "//            ^\n"
        "//       symbol:   variable y\n"
        "//       location: class A\n" + DOUBLE.prompt
    )
    assert episode.step(RIGHT).reward == 1, "what follows continues the last prompt"
    printing = Episode(SUM, judge)
    printing.step("class Main {\n    public static void main(String[] a) { }\n}\n")
    assert printing.text.count("Print the sum of two numbers.") == 2


def test_a_batch_is_the_same_as_one_after_the_other(judge: Judge) -> None:
    groundings = ("tests", "compiler", shorter, "rltf")
    replies = (ERROR, HALF, RIGHT, FENCED)

    def made() -> list[Episode]:
        return [Episode(DOUBLE, judge, Setting(turns=3), grounding) for grounding in groundings]

    def timeless(turns: Sequence[Turn]) -> list[object]:
        return [
            (turn.reward, turn.feedback, turn.done, turn.signal, replace(turn.verdict, wall_ms=0.0))
            for turn in turns
        ]

    alone = [episode.step(reply) for episode, reply in zip(made(), replies, strict=True)]
    together = made()
    assert timeless(step_all(together, replies)) == timeless(alone)
    going = [episode for episode in together if not episode.done]
    assert len(going) == 3
    assert [turn.done for turn in step_all(going, [RIGHT] * 3)] == [True] * 3

    async def at_once() -> tuple[list[Turn], list[Turn]]:
        single = (episode.step_async(reply) for episode, reply in zip(made(), replies, strict=True))
        return await step_all_async(made(), replies), list(await asyncio.gather(*single))

    for turns in asyncio.run(at_once()):
        assert timeless(turns) == timeless(alone)
    assert step_all([], []) == []
    for wrong in ((going[:2], [RIGHT]), ([Episode(DOUBLE, judge)] * 2, [HALF] * 2)):
        with pytest.raises(BadInput, match=r"field '(replies|episodes)'"):
            step_all(*wrong)


def test_two_judges_have_a_batch_each(judge: Judge) -> None:
    with Judge(engine="local", workers=1) as other:
        episodes = [Episode(DOUBLE, one) for one in (judge, other, judge)]
        assert [turn.reward for turn in step_all(episodes, [RIGHT, ERROR, HALF])] == [
            1,
            -1,
            pytest.approx(0.35),
        ]


def test_it_is_pickled_between_turns_and_branches(judge: Judge) -> None:
    episode = Episode(DOUBLE, judge, Setting(turns=3), "rltf")
    episode.step(ERROR)
    again = pickle.loads(pickle.dumps(episode))
    assert again.messages == episode.messages
    assert again.turns == episode.turns
    with pytest.raises(BadInput, match=r"episode\.judge = Judge"):
        again.step(HALF)
    again.judge = judge
    branches = [copy.copy(episode), copy.deepcopy(episode)]
    rewards = [one.step(HALF).reward for one in (again, episode, *branches)]
    assert rewards == pytest.approx([0.05] * 4)
    assert {len(one.turns) for one in (again, episode, *branches)} == {2}
    branches[0].step(RIGHT)
    assert [len(one.turns) for one in (episode, *branches)] == [2, 3, 2], "a branch goes on by itself"


def step_there(episode: Episode, reply: str) -> Episode:
    """In a worker."""
    episode.step(reply)
    return episode


def test_with_a_shared_judge_it_goes_on_in_spawned_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    judge = SharedJudge("local", 1, linger=0.3)
    episodes = [Episode(DOUBLE, judge, grounding=name) for name in ("rltf", "compiler")]
    step_all(episodes, [HALF, ERROR])
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        gone = pool.starmap(step_there, [(episode, RIGHT) for episode in episodes])
    assert [[turn.reward for turn in one.turns] for one in gone] == [[pytest.approx(0.05), 2], [-1, 1]]
    assert judge.stats()["asked"] == 4, "one judge for all"
    judge.close()
    assert wait_until(lambda: not (tmp_path / "javabox").exists()), "nothing is left"


def test_it_goes_on_in_another_process(judge: Judge, tmp_path: Path) -> None:
    episode = Episode(DOUBLE, judge, grounding="rltf")
    episode.step(HALF)
    (tmp_path / "episode").write_bytes(pickle.dumps(episode))
    program = (
        "import json, pickle, sys\nfrom javabox import Judge\n"
        "episode = pickle.load(open(sys.argv[1], 'rb'))\n"
        "with Judge(engine='local', workers=1) as episode.judge:\n"
        "    turn = episode.step(sys.argv[2])\n"
        "print(json.dumps([turn.reward, turn.done, episode.text]))\n"
        "assert 'torch' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "episode", RIGHT],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [2.0, True, episode.text]
