"""The doctor: it refuses where grading refuses, with the same mend, and is well where grading is.

The states of a machine that a test can make: by environment, PATH and folders of its own. Those that need a
container are in .ci/doctor-states.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from javabox.engines import jvm, manifest
from javabox.engines.jdk import all_jdks, find_jdk, install, release_of_distribution
from rlcf.doctor import can_judge, examine, platform_note
from tests.rlcf.conftest import SmallSet
from tests.rlcf.test_cli import RLCF, forked, refused
from tests.rlcf.training.conftest import served_judge as served_judge

NO_DOCKER = {"DOCKER_HOST": "unix:///nonexistent.sock"}
INSTALL_JDK = install(release_of_distribution())
ANOTHER_CACHE = "export XDG_CACHE_HOME=$(mktemp -d) && chmod 755 $XDG_CACHE_HOME"


@pytest.fixture
def samples(small_set: SmallSet, tmp_path: Path) -> Path:
    path = tmp_path / "samples.jsonl"
    path.write_text(small_set.sample(small_set.right) + small_set.sample("? \u00e9 \u4e2d \U0001f600"))
    return path


def test_a_machine_with_a_jdk_can_judge(data_dir: Path) -> None:
    done = forked("doctor", "--json", env={"RLCF_DATA": str(data_dir)})
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["can_judge"] is True
    by_name = {finding["name"]: finding for finding in found["findings"]}
    assert by_name["JDK"]["ok"]
    assert by_name["JDK"]["found"].startswith("javac ")
    assert by_name["local judge"]["found"].startswith("judges right with JDK ")
    assert by_name["mbjp"]["ok"]
    assert by_name["mbjp"]["mend"] is None


def test_the_jdks_that_may_be_asked_for_are_named() -> None:
    default = find_jdk()
    named = next(finding.found for finding in examine() if finding.name == "JDK")
    others = [jdk for jdk in all_jdks() if jdk.home.resolve() != default.home.resolve()]
    assert named.startswith(f"javac {default.version} in {default.home}")
    assert all(f"{jdk.feature} ({jdk.home})" in named for jdk in others)
    done = forked("doctor", "--json", "--jdk", "99", env=NO_DOCKER)
    assert done.returncode == 3
    [deciding] = [finding for finding in json.loads(done.stdout)["findings"] if finding["decides"]]
    assert "no JDK 99 found here" in deciding["found"]


def test_a_machine_that_nothing_has_run_on_is_told_so() -> None:
    assert "where all tests run" in platform_note("Linux", "x86_64")
    for machine in (("Linux", "aarch64"), ("Linux", "riscv64"), ("Darwin", "arm64")):
        assert "nothing has been run on one" in platform_note(*machine)
    assert "all of it should hold" in platform_note("Linux", "aarch64")
    assert "docker should hold" in platform_note("Darwin", "arm64")


def test_a_bare_machine_is_told_how_to_mend_it(tmp_path: Path) -> None:
    bare = NO_DOCKER | {
        "PATH": str(tmp_path),
        "JAVA_HOME": "",
        "RLCF_DATA": "",
        "XDG_CACHE_HOME": str(tmp_path),
    }
    done = forked("doctor", env=bare)
    assert done.returncode == 3
    assert "no program can be judged here" in done.stdout
    assert INSTALL_JDK in done.stdout
    assert "rlcf data fetch mbjp" in done.stdout
    own = forked("doctor", "--json", env=bare | {"RLCF_DATA": str(tmp_path)})
    assert json.loads(own.stdout)["can_judge"] is False
    assert f"curl -fL --create-dirs -o {tmp_path / 'mbxp'}" in own.stdout


def test_a_finding_that_is_not_ok_says_what_is_missing() -> None:
    findings = examine()
    assert can_judge(findings)
    assert [finding.ok for finding in findings if finding.decides] == [True]
    assert len({finding.name for finding in findings}) == len(findings)
    for finding in findings:
        assert finding.found
        assert finding.mend is None or not finding.ok


def _old_jdk(folder: Path) -> dict[str, str]:
    (folder / "bin").mkdir(parents=True)
    for tool in ("java", "javac", "jlink"):
        (folder / "bin" / tool).write_text("#!/bin/sh\necho javac 11.0.2\n")
        (folder / "bin" / tool).chmod(0o755)
    return {"PATH": str(folder / "bin"), "JAVA_HOME": ""}


@pytest.mark.parametrize(
    "state", ["no JDK", "JDK 11 alone", "a cache that can't be written", "a file as cache"]
)
def test_doctor_and_grading_refuse_alike(
    state: str, samples: Path, small_set: SmallSet, tmp_path: Path
) -> None:
    environment, mend = {
        "no JDK": ({"PATH": str(tmp_path), "JAVA_HOME": ""}, INSTALL_JDK),
        "JDK 11 alone": (_old_jdk(tmp_path / "old"), INSTALL_JDK),
        "a cache that can't be written": ({"XDG_CACHE_HOME": "/proc/none"}, ANOTHER_CACHE),
        "a file as cache": ({"XDG_CACHE_HOME": "/dev/null"}, ANOTHER_CACHE),
    }[state]
    graded = forked("grade", samples, "--problems", small_set.path, env=NO_DOCKER | environment)
    assert refused(graded, 3).endswith(mend)
    done = forked("doctor", "--json", env=NO_DOCKER | environment)
    assert done.returncode == 3
    [deciding] = [finding for finding in json.loads(done.stdout)["findings"] if finding["decides"]]
    assert deciding["mend"].endswith(mend)


def test_a_broken_cache_is_mended_by_looking(samples: Path, small_set: SmallSet, tmp_path: Path) -> None:
    built = jvm.build(find_jdk())
    folder = tmp_path / "cache" / "javabox" / built.name
    shutil.copytree(built, folder, symlinks=True)
    os.truncate(folder / "image" / "lib" / "modules", 1000)
    environment = NO_DOCKER | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = forked("doctor", env=environment)
    assert (done.returncode, "programs can be judged here" in done.stdout) == (0, True), done.stdout
    assert f"{folder / 'image/lib/modules'} is not as it was built" in done.stderr
    assert manifest.wrong(folder, contents=True) is None
    graded = forked("grade", samples, "--problems", small_set.path, env=environment)
    assert graded.returncode == 0, graded.stderr


def test_a_socket_that_is_closed_to_this_user_is_no_missing_engine(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "docker.sock"))
        listener.listen()
        (tmp_path / "docker.sock").chmod(0)
        code = f"""
import os, sys
sys.path[:] = {sys.path!r}
import docker.errors, docker.types  # while it may still read all of Python
from javabox import JudgeUnavailable
from javabox.engines import docker
os.environ["DOCKER_HOST"] = "unix://{tmp_path}/docker.sock"
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    docker.find_engine()
except JudgeUnavailable as refused:
    print(refused.found, refused.mend, sep="\\n")
"""
        # of another folder: pytest's belongs to root alone
        os.chmod(tmp_path.parent, 0o755)
        os.chmod(tmp_path.parent.parent, 0o755)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found, mend = done.stdout.splitlines()
    assert f"may not write to {tmp_path}/docker.sock, which is there" in found
    assert mend == "None" or mend.startswith("sudo usermod --append --groups ")


EACH = """
import itertools, sys
from rlcf.cli import main
words = iter(sys.argv[1:])
while command := list(itertools.takewhile(lambda word: word != "then", words)):
    try:
        code = main(command)
    except SystemExit as end:  # of --help
        code = end.code
    print(f"\\nended with {code}")
"""
"""Several commands in one process: a terminal is the process's."""


@pytest.mark.parametrize(
    "terminal",
    [
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONIOENCODING": "ascii"},
        {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=["latin-1", "ascii", "LANG=C"],
)
def test_no_terminal_is_too_poor(
    terminal: dict[str, str], samples: Path, small_set: SmallSet, tmp_path: Path, served_judge: str
) -> None:
    odd = tmp_path / "Prüfung-中"
    odd.mkdir()
    moved = shutil.copy(samples, odd / "samples.jsonl")
    environment = os.environ | terminal | NO_DOCKER
    commands = (
        ["grade", moved, "--problems", small_set.path, "--engine", served_judge],
        ["doctor"],
        ["doctor", "--help"],
        ["grade", "--help"],
        ["train", "--help"],
    )
    words = [word for command in commands for word in (*command, "then")]
    each = [sys.executable, "-c", EACH, *words]
    done = subprocess.run(each, capture_output=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    assert done.stdout.count(b"\nended with 0\n") == len(commands)
    absent = ["grade", odd / "none.jsonl", "--problems", small_set.path]
    done = subprocess.run([*RLCF, *absent], capture_output=True, env=environment, check=False)
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (2, b"", 1)
    assert b"none.jsonl" in done.stderr
    assert json.loads((odd / "samples_results.jsonl").read_text(encoding="utf-8").splitlines()[0])["passed"]
