"""What is shown: it fits, it is complete, what a model wrote can't act on the terminal."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import select
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from accelerate import Accelerator
from accelerate.tracking import GeneralTracker, get_available_trackers
from rich.console import Console

from javabox import Case, Diagnostic, Outcome, Suite, ThrownException, Verdict
from rlcf.errors import BadInput
from rlcf.grounding.signal import Answer, Signal
from rlcf.problems import Problem
from rlcf.progress import console
from rlcf.training.runtime.console import (
    COLUMNS,
    TABLED,
    TRACKERS,
    Trackers,
    check_trackers,
    completion_rows,
    sample_table,
    show_samples,
    step_line,
    step_numbers,
    visible,
)
from tests.rlcf.processes import SERVER

ROW = {
    "step": 3.0, "reward": 0.3456, "compile": 0.91, "exec": 0.9, "pass": 0.5, "kl": 1.234,
    "clip_fraction": 0.0567, "explained_variance": 0.4321, "tokens_per_second": 1234.5,
    "part_compiler": -0.09, "part_tests": 0.44, "part_discriminator": -0.0123, "seconds_generate": 5.0,
    "seconds_judge_exposed": 0.5, "seconds_discriminator": 0.5, "seconds_logps": 1.0, "seconds_update": 3.0,
}  # fmt: skip
PROBLEM = Problem("MBJP/[red]7", "class A {\n    static int f(int n) {\n", Suite())
NASTY = (
    "return n; // [red]x[/red] [/] \x1b[2J\x1b]0;title\x07 \0 \u202e \u2028 \ud800 \x9b31m \r over\n\ty;\n"
    * 9
)


def test_the_live_line_has_everything_in_order() -> None:
    numbers = step_numbers(ROW)
    assert numbers == {
        "reward": 0.3456, "compiler": -0.09, "tests": 0.44, "discriminator": -0.0123, "compile": "91.0%",
        "exec": "90.0%", "pass": "50.0%", "kl": 1.234, "clip": "5.7%", "explained": 0.4321,
        "tokens/s": 1234.5, "generate time": "50%", "judge-exposed time": "5%", "discriminator time": "5%",
        "log-probs time": "10%", "update time": "30%",
    }  # fmt: skip
    assert list(numbers)[:4] == ["reward", "compiler", "tests", "discriminator"]
    assert list(numbers)[-1] == "update time"


def test_what_a_row_lacks_is_left_out() -> None:
    assert step_numbers({}) == {}
    assert list(step_numbers({"kl": 0, "seconds_update": 0.0})) == ["kl"]
    for name in ROW:
        assert len(step_numbers({key: value for key, value in ROW.items() if key != name})) in (15, 16)
    assert str(step_numbers({"kl": float("nan"), "seconds_update": float("nan")})["kl"]) == "nan"


LIVE = f"""
from rlcf.progress import progress
from rlcf.training.runtime.console import step_numbers
with progress("ppo", 24) as advance:
    for _ in range(2):
        advance(1, **step_numbers({ROW!r}))
"""


def on_a_terminal(program: str, columns: int) -> str:
    """What the program writes to its standard error, a terminal, in a process that need not import first."""
    leader, follower = pty.openpty()
    environment = {"TERM": "xterm", "COLUMNS": str(columns), "LINES": "40"}
    process = SERVER.Process(target=_written_to, args=(os.ttyname(follower), program, environment))
    process.start()
    shown, ended = b"", False
    while not ended:
        ended = not process.is_alive()
        while select.select([leader], [], [], 0 if ended else 0.05)[0]:
            shown += os.read(leader, 65536)
    os.close(follower)
    os.close(leader)
    assert process.exitcode == 0, shown.decode()
    return shown.decode()


def _written_to(terminal: str, program: str, environment: dict[str, str]) -> None:
    os.dup2(os.open(terminal, os.O_WRONLY | os.O_NOCTTY), 2)
    os.environ.update(environment)
    Console.__init__(console, stderr=True)  # which was made when there was no terminal yet
    exec(program, {})


@pytest.mark.parametrize("columns", [60, 80])
def test_on_a_terminal_the_live_line_is_whole_and_never_too_long(columns: int) -> None:
    lines = (
        re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", on_a_terminal(LIVE, columns)).replace("\r", "\n").split("\n")
    )
    assert max(map(len, lines)) <= columns
    assert "…" not in "".join(lines)
    last = " ".join("\n".join(lines).rpartition("2/24")[2].split())
    for part in (
        "reward 0.346, compiler -0.09, tests 0.44",
        "kl 1.23, clip 5.7%",
        "tokens/s 1234",
        "time 30%",
    ):
        assert part in last


def rollout(score: float | None, completion: str = "return n;", **evidence: Any) -> tuple[Answer, Signal]:
    verdict = Verdict(Outcome.JUDGE_ERROR if score is None else Outcome.FAILED, **evidence)
    return Answer(PROBLEM, completion, verdict), Signal(score, parts={"compiler": 0.0, "tests": score or 0.0})


def rendered(rollouts: list[tuple[Answer, Signal]], width: int = 100) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(sample_table(rollouts, title="[b]step[/b] 3"))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_table_shows_best_median_and_worst_once() -> None:
    scores = [0.5, -1.0, 0.1, None, 0.9, -0.6]
    shown = rendered([rollout(score, f"return {at};") for at, score in enumerate(scores)])
    assert re.findall(r"return (\d)", shown) == ["4", "2", "1"]
    assert "tests +0.90" in shown
    assert "[b]step[/b] 3" in shown
    assert "MBJP/[red]7" in shown
    assert re.findall(r"return (\d)", rendered([rollout(0.5, "return 7;")])) == ["7"]
    assert "return" not in rendered([rollout(None)])
    assert "return" not in rendered([])


def test_the_table_shows_why() -> None:
    diagnostic = Diagnostic("compiler.err.x", 3, 1, "cannot find symbol [bold]z")
    thrown = ThrownException("java.lang.ArithmeticException", "/ by zero\x1b[0m", 2)
    cases = (Case("0", Outcome.PASSED), Case("1", Outcome.FAILED))
    shown = rendered(
        [rollout(1, diagnostics=(diagnostic,)), rollout(0, exception=thrown), rollout(-1, cases=cases)], 200
    )
    assert "line 3: cannot find symbol [bold]z" in shown
    assert r"line 2: java.lang.ArithmeticException: / by zero\x1b[0m" in shown
    assert "50% of 2 cases" in shown


@pytest.mark.parametrize("width", [30, 80, 200])
def test_nothing_that_a_model_wrote_acts_on_the_terminal(width: int) -> None:
    shown = rendered([rollout(0.0, NASTY)], width)
    kept = {character for character in shown if unicodedata.category(character)[0] == "C"}
    assert kept <= {"\n"}
    assert max(map(len, shown.splitlines())) <= width
    if width == 200:
        assert "[red]x[/red] [/]" in shown
        assert shown.count("return n;") == 5, "ten lines of it"


def test_visible_text_is_kept_as_it_is() -> None:
    assert visible('String s = "äß漢 €";\n\tx') == 'String s = "äß漢 €";\n    x'
    assert visible("\x1b\0\r\ud800\u202e\x7f") == r"\x1b\x00\r\ud800\u202e\x7f"


SAMPLES = """
from rlcf.training.runtime.console import show_samples
from tests.rlcf.training.runtime.test_console import NASTY, rollout
for every in (3, 0):
    for step in range(1, 8):
        show_samples(step, every, [rollout(0.5, NASTY)])
"""


def test_samples_are_shown_every_so_many_steps_on_a_terminal() -> None:
    shown = on_a_terminal(SAMPLES, 80)
    assert re.findall(r"step (\d): best, median, worst", shown) == ["3", "6"]


def test_samples_are_not_shown_elsewhere(capfd: pytest.CaptureFixture[str]) -> None:
    show_samples(3, 1, [rollout(0.5)])
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", TRACKERS)
def test_a_tracker_that_is_not_installed_is_refused_with_what_to_install(name: str) -> None:
    if name in map(str, get_available_trackers()):
        check_trackers([name])
        return
    with pytest.raises(BadInput, match=f"pip install {name}"):
        Trackers(None, [name], "run", {})


def test_an_unknown_tracker_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(BadInput, match="'mlfow' is no tracker; known are tensorboard, wandb, trackio"):
        check_trackers(["mlfow"])


class InAFile(GeneralTracker):  # type: ignore[misc]
    """A tracker in accelerate's way, to see what trackers are given."""

    name = "file"
    requires_logging_directory = False

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    @property
    def tracker(self) -> Path:
        return self.path

    def store_init_configuration(self, values: dict[str, Any]) -> None:
        self._write({"config": values})

    def log(self, values: dict[str, Any], step: int | None = None, **_: Any) -> None:
        self._write({"step": step, "values": values})

    def finish(self) -> None:
        self._write({"finished": True})

    def _write(self, row: dict[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def test_trackers_get_the_recipe_every_row_and_an_end(tmp_path: Path) -> None:
    path = tmp_path / "told.jsonl"
    trackers = Trackers(
        Accelerator(cpu=True, log_with=InAFile(path)), [], "run", {"seed": 3, "stop_on": ("kl",)}
    )
    trackers.log(ROW, 3)
    trackers.log({"step": 4, "kl": 1.0}, 4)
    trackers.close()
    config, first, second, end = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    assert config == {"config": {"seed": 3, "stop_on": "('kl',)"}}
    assert first == {"step": 3, "values": {name: value for name, value in ROW.items() if name != "step"}}
    assert second == {"step": 4, "values": {"kl": 1.0}}
    assert end == {"finished": True}


COMPLETIONS = """
import json, sys
from accelerate import Accelerator
from rlcf.training.runtime.console import Trackers
from tests.rlcf.training.runtime.test_console import NASTY, ROW, rollout
name, folder = sys.argv[1:]
trackers = Trackers(Accelerator(cpu=True, log_with=[name], project_dir=folder), [name], "run", {"seed": 1})
for step in (1, 2):
    trackers.log(ROW, step)
    trackers.completions([rollout(0.5, NASTY), rollout(None)], step)
trackers.close()
"""


@pytest.mark.parametrize("name", TABLED)
def test_completions_are_tables_in_the_trackers_that_have_them(name: str, tmp_path: Path) -> None:
    """By the tracker's own package, without a network, where it is installed; else of the rows alone."""
    rows = completion_rows([rollout(0.5, NASTY), rollout(None)])
    assert [len(row) for row in rows] == [len(COLUMNS)] * 2
    texts = "".join(text for row in rows for text in row if isinstance(text, str))
    assert texts.encode("utf-8"), "no lone surrogate"
    if name not in map(str, get_available_trackers()):
        return
    offline = {"WANDB_MODE": "offline", "WANDB_DIR": str(tmp_path), "TRACKIO_DIR": str(tmp_path)}
    command = [sys.executable, "-c", COMPLETIONS, name, str(tmp_path)]
    done = subprocess.run(command, env=os.environ | offline, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"javac code" in written


def test_the_line_of_a_step_fits_and_says_what_matters_first() -> None:
    whole = step_line(ROW, 72, 1000)
    for width in range(1, len(whole) + 5):
        line = step_line(ROW, 72, width)
        assert len(line) <= width
        assert whole.startswith(line)
    assert re.match(r"step \d+/72  reward [+-]", whole)


STEPS = """
from rlcf.training.runtime.console import show_step
from tests.rlcf.training.runtime.test_console import ROW
for step in (1, 2):
    show_step(ROW | {"step": step}, 72)
"""


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_step_is_one_line_of_the_terminal(width: int) -> None:
    lines = on_a_terminal(STEPS, width).splitlines()
    assert [line[:10] for line in lines] == ["step 1/72 ", "step 2/72 "]
    assert max(map(len, lines)) <= width


def test_without_trackers_nothing_is_started_or_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    accelerator = Accelerator(cpu=True, project_dir=tmp_path)
    for given in (None, accelerator):
        trackers = Trackers(given, [], "run", {"seed": 1})
        trackers.log(ROW, 1)
        trackers.close()
    assert not getattr(accelerator, "trackers", [])
    assert list(tmp_path.iterdir()) == []
