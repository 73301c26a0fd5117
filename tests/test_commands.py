"""Every command in README.md and docs/ is run here, made small, or is parsed for a reason that is printed.

The commands run one after the other in one folder, as a reader would type them; what is put behind one makes
it small and changes nothing else.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

from rlcf.cli import main, parse_command
from rlcf.problems import load_problems

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]

SMALL = [
    *("--data.train-problems", "60", "--data.corpus-problems", "30", "--data.rl-problems", "40"),
    *("--evaluation.problems", "4"),
    *("--evaluation.samples", "1", "--supervised.steps", "3", "--discriminator.samples", "8"),
    *("--discriminator.steps", "1", "--rollout.prompts-per-step", "2", "--rollout.samples-per-prompt", "2"),
    *("--rollout.max-new-tokens", "12", "--objective.minibatches", "1", "--objective.steps", "1"),
    *("--rails", "warn", "--engine", "local"),
]
RUN: dict[str, list[str]] = {
    "rlcf train quickstart --seed 1": SMALL,
    "rlcf train quickstart --grounding": SMALL,
    "rlcf train quickstart --objective.name": SMALL,
    "rlcf train quickstart-repair": [*SMALL, "--data.corpus-repairs", "0.01"],
    "rlcf train --resume": ["--engine", "local"],
    "rlcf report": [],
    "rlcf push runs/quickstart me/tiny-java --dry-run": [],
    "rlcf merge": [],
    "rlcf grade": ["--engine", "local"],
    "rlcf runs": [],
    "rlcf data list": [],
    "rlcf data fetch": [],
    "rlcf data overlap": [],
    "rlcf data convert": [],
    "rlcf data export": [],
    "rlcf data check": ["--engine", "local"],
    "rlcf data tests Things.java": ["--engine", "local"],
    "rlcf doctor": [],
    "rlcf init": [],
}
"""Beginnings of the commands that are run, with what makes them small."""
PARSED = {
    "rlcf train quickstart --model.name": "needs a model of one's own",
    "rlcf train RECIPE": "a form, not a command",
    "rlcf ablate": "hours; run small by tests/rlcf/experiments/test_ablation.py",
    "rlcf study": "half an hour; run small by tests/rlcf/experiments/test_sft_rl.py",
    "rlcf bench": "minutes, needs trained models; run small by tests/rlcf/test_cli_models.py",
    "rlcf verifier": "minutes; run small by tests/rlcf/test_cli_models.py",
    "rlcf grade samples.jsonl --problems mbjp --engine ray": "needs Ray; run small by tests/ray",
    "rlcf report runs/quickstart --watch": "needs a training; run by tests/rlcf/report/test_watch.py",
    "rlcf data build": "minutes; run small by tests/rlcf/problems/mathqa and tests/rlcf/problems/jdk",
    "rlcf data baselines": "needs MathQA's training file; run small by tests/rlcf/problems/mathqa",
    "rlcf data tests mbjp": "minutes; run small by tests/rlcf/test_cli_models.py",
    "rlcf serve": "answers until it is ended; run by tests/rlcf/service",
    "rlcf doctor --bundle-jdk": "half a minute; run by tests/rlcf/test_bundle.py",
}
"""Beginnings of the others, with the reason."""
OUTSIDE = {
    "./run": "is what runs these tests",
    "RLCF_DATA=/path/to/data ./run": "is what runs these tests",
    "rlcf --": "about the command itself; run by tests/rlcf/test_cli.py",
    **dict.fromkeys(("mkdir ", "cd "), "not ours"),
    "javabox ": "another command; run by tests/javabox/stdin/test_commands.py",
    "accelerate launch": "its rlcf part is parsed; run by tests/rlcf/training/runtime/test_distributed.py",
    "git ": "not ours",
    "export RLCF_API_KEYS": "a variable; read by tests/rlcf/service/test_door.py",
    "pip ": "not ours; the wheel is tried by .ci/wheel",
    ".ci/": "needs root and an engine; CI runs it",
    "python -m benchmarks": "minutes to hours; its numbers stand in RESULTS.md",
    ".venv/bin/python -m benchmarks": "minutes to hours; its numbers stand in RESULTS.md",
    "python -m pytest": "is what runs these tests",
    **dict.fromkeys(
        ("inspect ", "lm-eval ", "openenv ", "python data.py", "python episode.py", "trl ", "vf-"),
        "a host's, or an example's; run by .ci/hosts in the host's environment",
    ),
    "python -m server.app": "the example of OpenEnv; run by .ci/hosts",
    **dict.fromkeys(("python -m verl", "python -m openrlhf"), "needs GPUs: not run, as its page says"),
}
"""Beginnings of commands that are no `rlcf` command."""


BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """The lines of all shell blocks, without their comments."""
    found = []
    for page in PAGES:
        for block in BLOCK.findall(page.read_text(encoding="utf-8")):
            lines = (re.sub(r"\s+#.*", "", line).strip() for line in block.replace("\\\n", " ").splitlines())
            found += [line for line in lines if line and not line.startswith("#")]
    return list(dict.fromkeys(found))


COMMANDS = commands()


def longest(command: str, table: dict[str, object] | dict[str, str] | dict[str, list[str]]) -> str | None:
    """The longest beginning in a table that the command has."""
    return max((start for start in table if command.startswith(start)), key=len, default=None)


def is_run(command: str) -> bool:
    run, parsed = longest(command, RUN), longest(command, PARSED)
    return run is not None and len(run) > len(parsed or "")


def reason(command: str) -> str:
    """Why a command is not run."""
    parsed, outside = longest(command, PARSED), longest(command, OUTSIDE)
    return PARSED[parsed] if parsed else OUTSIDE[outside] if outside else ""


def arguments(command: str) -> list[str]:
    words = shlex.split(command)
    told = words[words.index("rlcf") + 1 :] if "rlcf" in words else []
    return [] if told[:1] and told[0].startswith("--") else told


def test_every_command_is_run_or_has_a_reason() -> None:
    assert len(COMMANDS) >= 20
    assert [command for command in COMMANDS if not is_run(command) and not reason(command)] == []


@pytest.mark.parametrize("command", [command for command in COMMANDS if arguments(command)])
def test_every_command_can_be_parsed(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert parse_command(arguments(command)).run


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> Path:
    """A folder with what the commands name."""
    assert data_dir
    folder = tmp_path_factory.mktemp("reader")
    problems = load_problems("mbjp", "train")[:3]
    samples = [{"task_id": p.task_id, "completion": p.reference} for p in problems]
    (folder / "samples.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in samples), encoding="utf-8"
    )
    release = (data_dir / "mbxp" / "mbjp_release_v1.2.jsonl").read_text(encoding="utf-8").splitlines()
    (folder / "my-problems.jsonl").write_text("\n".join(release[:3]) + "\n", encoding="utf-8")
    (folder / "Things.java").write_text(
        "class Things {\n    /** Returns twice x. */\n    static int twice(int x) { return 2 * x; }\n}\n",
        encoding="utf-8",
    )
    if (ROOT / "examples").is_dir():
        shutil.copytree(ROOT / "examples", folder / "examples")
    return folder


@pytest.mark.parametrize("command", [command for command in COMMANDS if is_run(command)])
def test_commands_run(command: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    start = longest(command, RUN)
    assert start is not None
    resumed = arguments(command)
    if resumed[0] == "train" and "--resume" in resumed:
        runs = sorted((place / "runs").glob("quickstart*"))
        assert runs, "a run comes first"
    status = main([*resumed, *RUN[start]])
    assert status == 0 or (status == 1 and "data check" in command), command
