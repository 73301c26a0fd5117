"""The command line, run as users run it: exit codes, one line of complaint, nothing half-written."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from rlcf.cli import main
from tests.rlcf.conftest import SmallSet
from tests.rlcf.processes import go

RLCF = (sys.executable, "-m", "rlcf")


def rlcf(
    *args: str | Path, env: Mapping[str, str] | None = None, stdin: str | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*RLCF, *map(str, args)],
        capture_output=True,
        text=True,
        input=stdin,
        env={**os.environ, **(env or {})},
        cwd=cwd,
        timeout=300,
        check=False,
    )


def forked(*args: str | Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """`rlcf` without a start of Python: where it is not what is tested, and torch may be imported."""
    return go(Path.cwd(), *map(str, args), ranks=(env or {},))


def refused(done: subprocess.CompletedProcess[str], code: int = 2) -> str:
    """The one line that a refusal is."""
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("rlcf: ")
    return lines[0]


@pytest.fixture
def samples(small_set: SmallSet, tmp_path: Path) -> Path:
    path = tmp_path / "samples.jsonl"
    path.write_text(small_set.sample(small_set.right) + small_set.sample("?"))
    return path


def test_help_is_quick_and_loads_no_torch(capsys: pytest.CaptureFixture[str]) -> None:
    started = time.monotonic()
    done = rlcf("--help")
    assert time.monotonic() - started < 10, "a loaded machine is slow, but torch is slower"
    assert done.returncode == 0
    for command in ("grade", "train", "study", "bench", "data", "report", "doctor"):
        assert command in done.stdout
        with pytest.raises(SystemExit, match="0"):
            main([command, "--help"])
        assert f"Example: rlcf {command}" in " ".join(capsys.readouterr().out.split())
    imports = (
        "import importlib, sys, rlcf.cli\n"
        "for place in rlcf.cli.COMMANDS.values(): importlib.import_module(place.split(':')[0])\n"
        "print(sorted({'torch', 'transformers', 'numpy'} & set(sys.modules)))"
    )
    loaded = subprocess.run([sys.executable, "-c", imports], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


def test_the_version_names_release_and_commit() -> None:
    done = rlcf("--version")
    assert done.returncode == 0
    version = importlib.metadata.version("rlcf")
    root = Path(__file__).parent.parent.parent
    if not (root / ".git").exists():
        assert done.stdout == f"rlcf {version}\n"
        return
    head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, cwd=root, check=True)
    said = re.fullmatch(rf"rlcf {re.escape(version)} \(commit ([0-9a-f]{{12}})\+?\)\n", done.stdout)
    assert said
    assert head.stdout.startswith(said[1])


def test_a_shell_completes_commands_and_options(tmp_path: Path) -> None:
    script = tmp_path / "rlcf.bash"
    script.write_text(rlcf("--tyro-print-completion", "bash").stdout)
    ask = (
        'source "$1"; shift; COMP_WORDS=(rlcf "$@"); COMP_CWORD=$#;'
        ' $(complete -p rlcf | grep -o "_tyro[a-z_]*"); printf "%s\\n" "${COMPREPLY[@]}"'
    )

    def completions(*words: str) -> list[str]:
        command = ["bash", "-c", ask, "bash", str(script), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    assert {"grade", "train", "push"} <= set(completions(""))
    assert completions("gra") == ["grade"]
    assert "--problems" in completions("grade", "--pro")
    assert "--objective.steps" in completions("train", "--objective.s")


def test_grade_as_json_is_one_object_and_results_lie_beside_the_samples(
    samples: Path, small_set: SmallSet
) -> None:
    done = rlcf("grade", samples, "--problems", small_set.path, "--engine", "local", "--k", "1,2", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["samples"] == 2
    assert found["problems"] == 1
    assert found["outcomes"] == {"passed": 1, "compile_error": 1}
    assert found["compile"] == found["exec"] == found["pass"] == {"1": 0.5, "2": 1.0}
    assert found["engine"] == "local"
    assert found["judge_errors"] == found["suite_errors"] == 0
    assert (found["problems_total"], len(found["missing"])) == (3, 2)
    assert {"seconds", "programs_per_second", "jdk", "provenance"} <= set(found)
    results = samples.with_name("samples_results.jsonl")
    assert found["results"] == str(results)
    rows = [json.loads(line) for line in results.read_text().splitlines()]
    assert [row["outcome"] for row in rows] == ["passed", "compile_error"]


def test_grade_reads_stdin_and_prints_rates_with_intervals(samples: Path, small_set: SmallSet) -> None:
    text = samples.read_text()
    done = rlcf(
        "grade", "-", "--problems", small_set.path, "--engine", "local", stdin=text, cwd=samples.parent
    )
    assert done.returncode == 0, done.stderr
    assert "2 samples of 1 of 3 problems in " in done.stdout
    assert re.search(r"^pass     50\.0 % \[1\.\d, 98\.\d]$", done.stdout, re.MULTILINE), (
        "one problem tells little"
    )
    assert re.search(
        r"^local engine, isolation \w+, JDK .*; 4 s and 256 MB a program", done.stdout, re.MULTILINE
    )
    assert "grading: 2, " in done.stderr, "how many there are is not known of a pipe"
    assert "compile@1 50.0%, exec@1 50.0%, pass@1 50.0%" in done.stderr
    assert "rlcf: no samples of 2 problems (MBJP/" in done.stderr
    assert [path.name for path in samples.parent.iterdir()] == [samples.name], (
        "no file unless --out names one"
    )


BAD_SAMPLES = [
    ('{"task_id": "Nope/1", "completion": ""}', "s.jsonl:2: field 'task_id': 'Nope/1' is not one of"),
    ('{"task_id": "TASK", "completion": 1}', "s.jsonl:2: field 'completion': must be a string"),
    ('{"task_id": "TASK"}', "s.jsonl:2: field 'completion': is missing"),
    ('{"task_id": ', "s.jsonl:2: malformed JSON"),
]


@pytest.mark.parametrize(("line", "message"), BAD_SAMPLES)
def test_bad_samples_are_refused_and_old_results_stay(
    line: str, message: str, small_set: SmallSet, tmp_path: Path
) -> None:
    path, old = tmp_path / "s.jsonl", tmp_path / "s_results.jsonl"
    path.write_text(small_set.sample(small_set.right) + line.replace("TASK", small_set.task_id) + "\n")
    old.write_text("old\n")
    assert message in refused(forked("grade", path, "--problems", small_set.path))
    assert old.read_text() == "old\n"


def test_bad_arguments_are_refused_in_one_line(
    samples: Path, small_set: SmallSet, tmp_path: Path, complaint: Callable[..., str]
) -> None:
    problems = ("--problems", small_set.path)
    grade = ("grade", samples, *problems)
    (tmp_path / "empty.jsonl").write_text("")
    assert "holds no samples" in complaint("grade", tmp_path / "empty.jsonl", *problems)
    assert "nowhere" in complaint("grade", tmp_path / "nowhere", *problems)
    assert "no-such-set" in complaint("grade", samples, "--problems", "no-such-set")
    assert "field 'k'" in complaint(*grade, "--k", "1,x")
    assert "field 'k'" in complaint(*grade, "--k", "3"), "a problem has only two samples"
    assert "field 'workers'" in complaint(*grade, "--workers", "-1")
    assert "field 'time-limit'" in complaint(*grade, "--time-limit", "0")
    assert "field 'time-limit'" in complaint("data", "check", small_set.path, "--time-limit", "nan")
    assert "field 'memory-limit'" in complaint(*grade, "--memory-limit", "1")
    assert "no samples of 2 problems (MBJP/" in complaint(*grade, "--missing", "fail")
    assert "--isolation" in complaint(*grade, "--isolation", "docker")
    assert "field 'out'" in complaint(*grade, "--out", samples), "the samples would be lost"
    assert "--workers" in complaint(*grade, "--workers", "many")
    assert "--wrokers" in complaint(*grade, "--wrokers", "1")
    assert "--problems" in complaint("grade", samples)
    assert "grade" in complaint()
    assert "no such run folder" in complaint("report", tmp_path / "nowhere")
    assert "no such model folder" in complaint("bench", tmp_path / "no", *problems)
    assert "field 'name'" in complaint("data", "fetch", "no-such-set")
    assert samples.read_text().count("\n") == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty.jsonl", "samples.jsonl"]


def test_an_output_that_cannot_be_written_is_refused(
    samples: Path, small_set: SmallSet, tmp_path: Path
) -> None:
    out = tmp_path / "no" / "folder" / "r.jsonl"
    done = forked("grade", samples, "--problems", small_set.path, "--engine", "local", "--out", out)
    assert "field 'out'" in refused(done)
    folder = tmp_path / "taken"
    folder.mkdir()
    done = forked("grade", samples, "--problems", small_set.path, "--engine", "local", "--out", folder)
    assert done.returncode == 2
    assert "field 'out'" in done.stderr


def test_without_jdk_and_docker_the_mending_command_is_named(
    samples: Path, small_set: SmallSet, tmp_path: Path
) -> None:
    bare = {"PATH": str(tmp_path), "JAVA_HOME": "", "DOCKER_HOST": "unix:///nonexistent.sock"}
    for engine in ("auto", "local", "docker"):
        done = forked("grade", samples, "--problems", small_set.path, "--engine", engine, env=bare)
        assert "apt-get install" in refused(done, code=3)
    assert not samples.with_name("samples_results.jsonl").exists()


def test_ctrl_c_leaves_whole_lines_and_no_process(small_set: SmallSet, tmp_path: Path) -> None:
    path, out = tmp_path / "s.jsonl", tmp_path / "s_results.jsonl"
    lock = "        Object lock = new Object();\n"
    waits = "        synchronized (lock) { try { lock.wait(200); } catch (InterruptedException e) { } }\n"
    wait = lock + waits
    path.write_text("".join(small_set.sample(f"// {at}\n{wait}{small_set.right}") for at in range(2000)))
    command = [*RLCF, "grade", str(path), "--problems", str(small_set.path), "--engine", "local"]
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        command,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell without job control has its background jobs ignore Ctrl-C, and they hand that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        deadline = time.monotonic() + 120
        while not out.exists() or out.read_bytes().count(b"\n") < 3:
            assert process.poll() is None, "grading ended too soon"
            assert time.monotonic() < deadline, "no result in two minutes"
            time.sleep(0.05)
        children = descendants(process.pid)
        assert any("java" in name for name in children.values()), children
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert stdout == ""
    assert "Traceback" not in stderr
    assert str(out) in stderr
    text = out.read_bytes()
    assert text.endswith(b"\n")
    rows = [json.loads(line) for line in text.splitlines()]
    assert 3 <= len(rows) < 2000
    assert [row["completion"].split("\n")[0] for row in rows] == [f"// {at}" for at in range(len(rows))]
    deadline = time.monotonic() + 10
    while alive(children) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert alive(children) == {}


def descendants(root: int) -> dict[tuple[int, str], str]:
    """Name of every process below `root`, by its id and start time (an id alone may be used again)."""
    parents, names = {}, {}
    for stat in (process / "stat" for process in Path("/proc").glob("[0-9]*")):
        try:
            text = stat.read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        name, rest = text[text.index("(") + 1 : text.rindex(")")], text[text.rindex(")") + 2 :].split()
        pid = int(stat.parent.name)
        parents[pid] = int(rest[1])
        names[pid] = (rest[19], name)
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return {(pid, names[pid][0]): names[pid][1] for pid in found - {root}}


def alive(processes: Mapping[tuple[int, str], str]) -> dict[tuple[int, str], str]:
    """Those of them that still run; a zombie that nobody has waited for does not."""
    left = {}
    for (pid, started), name in processes.items():
        try:
            rest = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if rest[19] == started and rest[0] != "Z":
            left[pid, started] = name
    return left


def test_one_file_with_its_test_is_graded_as_mxeval_does(small_set: SmallSet, tmp_path: Path) -> None:
    path, out = tmp_path / "s.jsonl", tmp_path / "r.jsonl"
    exits = "        System.exit(0);\n" + small_set.right
    path.write_text(small_set.sample(small_set.right) + small_set.sample(exits))
    options = (
        "--compat",
        "mxeval",
        "--cache",
        tmp_path / "verdicts.sqlite",
        "--out",
        out,
        "--engine",
        "local",
    )
    done = forked("grade", path, "--problems", small_set.path, *options)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["outcome"] for row in rows] == ["passed", "premature_exit"]
    assert all(row["provenance"]["jdk"] for row in rows)


def test_limits_that_are_given_hold_in_the_place_of_the_files(small_set: SmallSet, tmp_path: Path) -> None:
    """A loop of 20 million steps in a file that allows a hundredth of a second: the flag allows it longer."""
    slow = "        for (int i = 0; i < 20_000_000; i++) { if (i == -1) { return 1; } }\n" + small_set.right
    path, problems, out = tmp_path / "s.jsonl", tmp_path / "p.jsonl", tmp_path / "r.jsonl"
    path.write_text(small_set.sample(slow) + small_set.sample("?") + small_set.sample("?", task_id="other"))
    problems.write_text(
        json.dumps(small_set.rows[0] | {"time_limit": 0.01})
        + "\n"
        + json.dumps(small_set.rows[1] | {"task_id": "other"})
    )
    found = []
    for flags in ((), ("--time-limit", "1"), ("--time-limit", "0.01", "--no-expected-values")):
        options = ("--problems", problems, "--engine", "local", "--out", out)
        done = forked("grade", path, *options, *flags)
        assert done.returncode == 0, done.stderr
        assert "problems have 1 to 2 samples; each problem counts the same" in done.stdout
        row = json.loads(out.read_text().splitlines()[0])
        found.append((row["outcome"], row["provenance"]["time_limit"]))
    assert found == [("time_limit", 0.01), ("passed", 1.0), ("time_limit", 0.01)]
