"""Programs and tests that need jars: on every floor, named in the provenance, and refused by name where missing."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from javabox import ClasspathUnusable, Job, Judge, Suite, SuiteCase
from javabox.engines import docker, local
from javabox.engines.jdk import find_jdk
from javabox.engines.opening import Engine, Isolation
from javabox.errors import JudgeUnavailable
from rlcf.cli import main

LIBRARY = """package lib;
public class Twice {
    public static int of(int x) { return 2 * x; }
    public static int no() { throw new IllegalStateException("lib"); }
}
"""
SUITE = Suite((SuiteCase("two", "int r = S.f(2);", "r", "4", "int"),))
SOURCE = "import lib.Twice; class S { static int f(int x) { return %s; } }"


@pytest.fixture(scope="module")
def jar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("library")
    home = find_jdk().home
    (folder / "Twice.java").write_text(LIBRARY)
    subprocess.run([home / "bin" / "javac", "-d", folder / "classes", folder / "Twice.java"], check=True)
    path = folder / "lib.jar"
    subprocess.run([home / "bin" / "jar", "-cf", path, "-C", folder / "classes", "."], check=True)
    path.chmod(0o755)  # as it is after some downloads
    return path


FLOORS: list[tuple[Engine, Isolation]] = [("local", "auto"), ("local", "landlock"), ("docker", "auto")]


@pytest.mark.parametrize(("engine", "isolation"), FLOORS)
def test_programs_and_tests_see_it(engine: Engine, isolation: Isolation, jar: Path) -> None:
    if engine == "docker" and not docker.answers():
        pytest.skip("no Docker engine")
    if isolation == "landlock":
        try:
            local.choose("landlock", find_jdk().home)
        except JudgeUnavailable as error:
            pytest.skip(str(error))
    whole = Suite(
        whole="import lib.*; class Main { public static void main(String[] a) { assert S.f(2) == Twice.of(2); } }"
    )
    reflecting = 'class S { static int f(int x) throws Exception { return (int) Class.forName("lib.Twice").getMethod("of", int.class).invoke(null, x); } }'
    jobs = [
        Job(SOURCE % "Twice.of(x)", SUITE),
        Job(SOURCE % "Twice.of(x) + 1", SUITE),
        Job(SOURCE % "Twice.no()", SUITE),
        Job("class S { static int f(int x) { return 4; } }", whole),
        Job(reflecting, SUITE),
        Job("class S { static int f(int x) { return 2 * x; } }", SUITE),
        Job("package lib; class Twice { } class S { static int f(int x) { return 4; } }", SUITE),
    ]
    with Judge(engine=engine, isolation=isolation, classpath=[jar]) as judge:
        verdicts = judge.grade(jobs)
    seen = [(str(verdict.outcome), verdict.lane) for verdict in verdicts]
    assert seen == [
        ("passed", "strict"),
        ("failed", "strict"),
        ("runtime_error", "strict"),
        ("passed", "strict"),
        ("passed", "strict"),
        ("passed", "warm"),
        ("compile_error", "strict"),
    ]
    # What a jar does is not counted, so that nobody can say whether it does the same again.
    assert not verdicts[0].deterministic
    assert verdicts[2].exception is not None
    assert verdicts[2].exception.line == 1


def test_without_it_there_is_no_such_package(judge: Judge) -> None:
    verdict = judge.grade([Job(SOURCE % "Twice.of(x)", SUITE)])[0]
    assert verdict.diagnostics[0].code == "compiler.err.doesnt.exist"


def test_it_is_named_by_its_checksum(jar: Path, tmp_path: Path) -> None:
    """In the provenance, and so in the key of kept verdicts."""
    with Judge(engine="local", classpath=[jar]) as judge:
        assert (
            judge.provenance()["classpath"]
            == f"lib.jar sha256:{hashlib.sha256(jar.read_bytes()).hexdigest()}"
        )
    job = Job(SOURCE % "Twice.of(x) + missing", SUITE)
    for classpath, codes in (((), 3), ((jar,), 1)):
        with Judge(engine="local", cache=tmp_path / "kept", classpath=classpath) as judge:
            assert len(judge.grade([job])[0].diagnostics) == codes


def test_what_is_no_jar_is_named(tmp_path: Path, jar: Path) -> None:
    (tmp_path / "no.jar").write_text("no")
    for path, words in ((tmp_path / "missing.jar", "does not exist"), (tmp_path / "no.jar", "is no jar")):
        with pytest.raises(ClasspathUnusable, match=f"{path.name}.* {words}"):
            Judge(engine="local", classpath=[jar, path])


def test_grade_takes_it(tmp_path: Path, jar: Path, capsys: pytest.CaptureFixture[str]) -> None:
    problem = {
        "task_id": "T/1",
        "prompt": "import lib.Twice; class S { static int f(int x) {\n",
        "test": "class Main { public static void main(String[] a) { assert S.f(2) == 4; } }",
        "entry_point": "f",
    }
    (tmp_path / "problems.jsonl").write_text(json.dumps(problem) + "\n")
    samples = tmp_path / "samples.jsonl"
    samples.write_text(json.dumps({"task_id": "T/1", "completion": "return Twice.of(x); } }"}) + "\n")
    other = shutil.copy(jar, tmp_path / "other.jar")
    arguments = [
        "grade",
        str(samples),
        "--problems",
        str(tmp_path / "problems.jsonl"),
        "--engine",
        "local",
        "--json",
    ]
    assert main([*arguments, "--classpath", f"{jar}:{other}"]) == 0
    assert json.loads(capsys.readouterr().out)["outcomes"] == {"passed": 1}
    (row,) = map(json.loads, (tmp_path / "samples_results.jsonl").read_text().splitlines())
    assert row["provenance"]["classpath"].startswith("lib.jar sha256:")
    assert main([*arguments, "--classpath", str(tmp_path / "gone.jar")]) == 2
    said = capsys.readouterr()
    assert "gone.jar" in said.err + said.out
