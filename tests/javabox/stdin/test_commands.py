"""The command `javabox`: run and check, as a user calls them.

Each such process starts a judge of its own. What does not depend on that is called in this process (`called`),
on the session's judge.
"""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Protocol

import pytest

from javabox import Judge
from javabox.commands import main
from javabox.engines.jdk import find_jdk

SUM = (
    "import java.util.*;\nclass Main { public static void main(String[] a) { Scanner s = new Scanner(System.in);\n"
    'int x = s.nextInt(), y = s.nextInt(); System.out.println("é" + (x + y));\n'
    'if (x == 7) throw new IllegalStateException("seven"); if (x == 8) System.exit(3); } }\n'
)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    (tmp_path / "Main.java").write_text(SUM, encoding="utf-8")
    return tmp_path / "Main.java"


def javabox(*words: object, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "javabox", *map(str, words)]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, encoding="utf-8", check=False)


class Called(Protocol):
    """The command in this process; what comes of it is what comes of a process."""

    def __call__(self, *words: object, stdin: str = "") -> subprocess.CompletedProcess[str]: ...


@pytest.fixture
def called(judge: Judge, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Called:
    def call(*words: object, stdin: str = "") -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        try:
            code = main([str(word) for word in words])
        except SystemExit as end:  # of the parser
            code = int(end.code or 0)
        return subprocess.CompletedProcess([str(word) for word in words], code, *capfd.readouterr())

    monkeypatch.setattr("javabox.commands.Judge", lambda *_, **__: contextlib.nullcontext(judge))
    return call


def pairs(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_the_version_is_that_of_results(program: Path) -> None:
    done = javabox("--version")
    assert done.returncode == 0
    judged = json.loads(javabox("run", program, "--json", stdin="1 2").stdout)
    assert done.stdout.strip() == judged["provenance"]["judge"]


def test_run_prints_what_the_program_prints(program: Path) -> None:
    done = javabox("run", program, "--engine", "local", stdin="1 2")
    assert (done.returncode, done.stdout, done.stderr) == (0, "é3\n", "")


@pytest.mark.parametrize(
    ("stdin", "says"),
    [
        ("7 1", "java.lang.IllegalStateException: seven"),
        ("8 1", "exit code 3"),
        ("", "java.util.NoSuchElementException"),
    ],
)
def test_run_says_how_it_ended_otherwise(program: Path, called: Called, stdin: str, says: str) -> None:
    done = called("run", program, "--engine", "local", stdin=stdin)
    assert (done.returncode, done.stdout) == (1, f"é{sum(map(int, stdin.split()))}\n" if stdin else "")
    assert says in done.stderr


def test_run_names_the_place_of_an_error(program: Path, called: Called) -> None:
    program.write_text("class Main {\n  int x = true;\n}\n")
    done = called("run", program, "--engine", "local")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"{program}:2:11: error: incompatible types")


def test_a_program_of_several_files(program: Path, called: Called) -> None:
    program.write_text(
        "public class Main { public static void main(String[] a) { System.out.println(Other.X); } }"
    )
    other = program.with_name("Other.java")
    other.write_text("public class Other { static final int X = 5; }")
    assert called("run", program, other, "--engine", "local").stdout == "5\n"
    other.write_text("public class Other {\n static final int X = true; }")
    done = called("run", program, other, "--engine", "local")
    assert (done.returncode, done.stderr.partition(": error")[0]) == (1, "Other.java:2")


def test_run_as_json(program: Path, called: Called) -> None:
    done = called("run", program, "--engine", "local", "--json", stdin="1 2")
    row = json.loads(done.stdout)
    assert (done.returncode, row["outcome"], row["stdout"]) == (0, "passed", "é3\n")


def test_run_ends_what_does_not_end(program: Path, called: Called) -> None:
    program.write_text("class Main { public static void main(String[] a) { while (true); } }")
    done = called("run", program, "--engine", "local", "--time-limit", "0.1")
    assert (done.returncode, done.stdout) == (1, "")
    assert "time_limit: it ran out of time" in done.stderr


def test_check_says_each_case(program: Path, called: Called, tmp_path: Path) -> None:
    cases = pairs(
        tmp_path / "cases",
        **{"1_in": "1 2", "1_out": "é3", "10_in": "2 2", "10_out": "5", "2_in": "7 7", "2_ans": "é14"},
    )
    done = called("check", program, cases, "--engine", "local")
    assert done.stdout.splitlines() == [
        "1: passed",
        "2: runtime_error, java.lang.IllegalStateException: seven",
        "10: failed, printed 'é4\\n', expected '5'",
        "runtime_error: 1 of 3 passed",
    ]
    assert done.returncode == 1
    row = json.loads(called("check", program, cases, "--engine", "local", "--json").stdout)
    assert [case["outcome"] for case in row["cases"]] == ["passed", "runtime_error", "failed"]


@pytest.mark.parametrize(
    "files",
    [
        {"1_in": "1 2", "1_ans": "é3", "2_in": "3 3", "2_out": "x", "2_ans": "é6"},
        {"01": "1 2", "01_a": "é3", "02": "2 3", "02_a": "é5"},
        {"input__1_txt": "1 2", "output__1_txt": "é3"},
        {"in__1": "1 2", "out__1": "é3", "in__2": "1 1", "out__2": "é2"},
        {"input__input00_txt": "1 2", "output__output00_txt": "é3"},
        {"input1_txt": "1 2", "output1_txt": "é3", "input2_txt": "1 2", "output2_txt": "é3"},
        {"a__input": "1 2", "a__output": "é3", "b__input": "4 2", "b__expected": "é6"},
        {"test_1_input_txt": "1 2", "test_1_answer_txt": "é3"},
    ],
)
def test_cases_are_found_by_the_names_that_judges_give(
    program: Path, called: Called, tmp_path: Path, files: dict[str, str]
) -> None:
    cases = pairs(tmp_path / "cases", **files)
    done = called("check", program, cases, "--engine", "local")
    count = sum(text[0] != "é" and text != "x" for text in files.values())
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, f"passed: {count} of {count} passed"), (
        done.stderr
    )


def test_check_with_a_comparator_and_with_a_checker(program: Path, called: Called, tmp_path: Path) -> None:
    cases = pairs(tmp_path / "cases", **{"1_in": "1 2", "1_out": " é3\n"})
    assert called("check", program, cases, "--engine", "local").returncode == 1
    assert called("check", program, cases, "--engine", "local", "--compare", "tokens").returncode == 0
    checker = tmp_path / "C.java"
    checker.write_text(
        'class C { static boolean check(String i, String o, String e) { return o.endsWith("3\\n"); } }'
    )
    assert called("check", program, cases, "--engine", "local", "--checker", checker).returncode == 0


def test_the_jdk_that_is_asked_for_runs_it(program: Path, tmp_path: Path) -> None:
    home = find_jdk().home
    done = javabox("run", program, "--engine", "local", "--jdk", home, "--json", stdin="1 2")
    assert json.loads(done.stdout)["outcome"] == "passed", done.stderr
    missing = javabox("run", program, "--engine", "local", "--jdk", tmp_path, stdin="1 2")
    assert (missing.returncode, missing.stdout) == (3, "")
    assert str(tmp_path) in missing.stderr


def test_bad_input_is_named(program: Path, called: Called, tmp_path: Path) -> None:
    empty, alone = tmp_path / "empty", pairs(tmp_path / "alone", **{"1_in": "1"})
    empty.mkdir()
    for words, says in (
        (("check", program, tmp_path / "nothing"), "is no folder"),
        (("check", program, empty), "has no cases"),
        (("check", program, alone), "1.in: has no output beside it"),
        (("run", tmp_path / "No.java"), "No.java: can't be read: No such file"),
        (("run", program, "--time-limit", "0"), "--time-limit is between"),
        (("run", program, "--compare", "lines"), "unrecognized arguments"),
        (
            ("run", program, "--classpath", tmp_path / "no.jar"),
            "no.jar is on the class path and does not exist",
        ),
    ):
        done = javabox(*words) if "--classpath" in words else called(*words)  # its own judge refuses it
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        assert says in done.stderr


def test_where_nothing_judges_is_said(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent.sock")
    done = javabox("run", program, "--engine", "docker", stdin="1 2")
    assert (done.returncode, done.stdout) == (3, "")
    assert "no Docker engine answers" in done.stderr
