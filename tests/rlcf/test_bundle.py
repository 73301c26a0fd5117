"""A JDK that is copied to a machine without root judges there, and JAVA_HOME is all that it needs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from javabox.engines import jvm
from javabox.engines.jdk import BUNDLED, MARKER, find_jdk
from tests.rlcf.processes import go
from tests.rlcf.test_cli import forked, refused

NODE = """
import json
from pathlib import Path
from javabox import Job, Judge, Limits, Suite, SuiteCase
from javabox.engines import jvm

jvm.ASM = Path("/nonexistent")
start = "class S { static Object f(int x) {"
bodies = ["return 2 * x;", "return x;", "return y;", "return 1 / (x - 2);", "while (true);"]
bodies += ["System.exit(0); return 4;"]
bodies += ["java.util.List<Integer> l = java.util.List.of(2, x); return l.stream().mapToInt(i -> i).sum();"]
bodies += ["return jdk.jfr.FlightRecorder.isAvailable() ? 1 : 0;"]
suite = Suite((SuiteCase("two", "Object r = S.f(2);", "r", "4", "int"),))
said = {}
for lane in ("warm", "strict"):
    with Judge("local", workers=2, lane=lane) as judge:
        verdicts = judge.grade([Job(start + body + "}}", suite, Limits(fuel=10**8)) for body in bodies])
        said[lane] = [[str(v.outcome) for v in verdicts], verdicts[0].lane]
print(json.dumps(said))
"""
OUTCOMES = ["passed", "failed", "compile_error", "runtime_error", "time_limit", "premature_exit", "passed"]
OUTCOMES += ["compile_error"]


COMPILED = """
from javabox.engines import jvm
jvm.jar_commands = lambda _home, _sources, scratch: [
    ["cp", {0!r} + "/program.jar", {0!r} + "/judge.jar", str(scratch)]
]
"""
"""The jars are those of a build, which are made by the same commands."""


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a node: a bundle under a path that it was not made in, and a PATH without a JDK."""
    made = tmp_path_factory.mktemp("made") / "jdk"
    done = go(
        made.parent, "doctor", "--bundle-jdk", str(made), before=COMPILED.format(str(jvm.build(find_jdk())))
    )
    assert done.returncode == 0, done.stderr
    assert f"{made}: " in done.stdout
    elsewhere, cache = (tmp_path_factory.mktemp(name) for name in ("elsewhere", "cache"))
    for folder in (elsewhere, cache):
        folder.chmod(0o755)  # as on a node: programs may run as another user
    home = elsewhere / "a copy"
    shutil.copytree(made, home, symlinks=True)
    shutil.rmtree(made)
    tools = tmp_path_factory.mktemp("bin")
    for tool in ("unshare", "setpriv", "chroot", "mount", "sh"):
        if found := shutil.which(tool):
            (tools / tool).symlink_to(found)
    return {"PATH": str(tools), "JAVA_HOME": str(home), "XDG_CACHE_HOME": str(cache), "HOME": str(cache)}


def run(node: dict[str, str], program: str) -> subprocess.CompletedProcess[str]:
    environment = node | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
        check=False,
    )


def test_a_copy_judges_without_a_jdk_or_asm_or_a_cache(node: dict[str, str]) -> None:
    done = run(node, NODE)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"warm": [OUTCOMES, "warm"], "strict": [OUTCOMES, "strict"]}
    assert list(Path(node["XDG_CACHE_HOME"]).iterdir()) == []


def test_the_doctor_knows_a_bundle(node: dict[str, str]) -> None:
    done = forked("doctor", "--json", env=node)
    jdk = next(f for f in json.loads(done.stdout)["findings"] if f["name"] == "JDK")
    assert jdk["ok"]
    assert ", a bundle" in jdk["found"]
    again = forked("doctor", "--bundle-jdk", Path(node["HOME"]) / "another", env=node)
    assert "a bundle itself" in refused(again, 3)


def test_it_holds_nothing_that_lets_a_program_look_into_its_own_jvm(node: dict[str, str]) -> None:
    java = Path(node["JAVA_HOME"], "bin", "java")
    listed = subprocess.run([java, "--list-modules"], capture_output=True, text=True, check=True).stdout
    modules = {line.split("@")[0] for line in listed.split()}
    assert {"jdk.compiler", "javabox.program", "java.desktop"} <= modules
    watching = {
        "jdk.management",
        "jdk.attach",
        "java.instrument",
        "jdk.unsupported",
        "jdk.jdi",
    }
    assert modules.isdisjoint(watching)


def test_one_that_other_sources_were_built_into_is_refused(node: dict[str, str]) -> None:
    marker = Path(node["JAVA_HOME"], BUNDLED, MARKER)
    right = marker.read_text()
    try:
        marker.write_text("0123456789ab\n")
        done = run(node, "from javabox import Judge; Judge('local')")
        assert "JudgeUnavailable" in done.stderr
        assert "make it again where there is a JDK; mend it: rlcf doctor --bundle-jdk DIR" in done.stderr
        doctor = forked("doctor", "--json", env=node | {"DOCKER_HOST": "unix:///nonexistent.sock"})
        assert doctor.returncode == 3
        jdk = next(f for f in json.loads(doctor.stdout)["findings"] if f["name"] == "JDK")
        assert (jdk["ok"], jdk["mend"]) == (False, "rlcf doctor --bundle-jdk DIR")
    finally:
        marker.write_text(right)


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for taken in (tmp_path, tmp_path / "file", tmp_path / "file" / "below"):
        line = refused(forked("doctor", "--bundle-jdk", taken))
        assert str(taken) in line
        assert "bundle-jdk" in line
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that not even root can write")
def test_a_folder_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    assert "/proc/jdk" in refused(forked("doctor", "--bundle-jdk", "/proc/jdk"))
    nowhere = {"PATH": str(tmp_path), "JAVA_HOME": ""}
    assert "apt-get install" in refused(forked("doctor", "--bundle-jdk", tmp_path / "new", env=nowhere), 3)
    assert list(tmp_path.iterdir()) == []
