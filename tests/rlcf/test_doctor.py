"""The doctor: what works, what mends the rest, and an exit code that says whether programs can be judged."""

from __future__ import annotations

import json
from pathlib import Path

from rlcf.doctor import can_judge, examine
from tests.rlcf.test_cli import rlcf


def test_a_machine_with_a_jdk_can_judge(data_dir: Path) -> None:
    done = rlcf("doctor", "--json", env={"RLCF_DATA": str(data_dir)})
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["can_judge"] is True
    by_name = {finding["name"]: finding for finding in found["findings"]}
    assert by_name["JDK"]["ok"]
    assert by_name["JDK"]["found"].startswith("javac ")
    assert by_name["mbjp"]["ok"]
    assert by_name["mbjp"]["mend"] is None


def test_a_bare_machine_is_told_how_to_mend_it(tmp_path: Path) -> None:
    bare = {
        "PATH": str(tmp_path),
        "JAVA_HOME": "",
        "DOCKER_HOST": "unix:///nonexistent.sock",
        "RLCF_DATA": "",
        "XDG_CACHE_HOME": str(tmp_path),
    }
    done = rlcf("doctor", env=bare)
    assert done.returncode == 3
    assert "no program can be judged here" in done.stdout
    assert "apt-get install -y openjdk-17-jdk-headless" in done.stdout
    assert "rlcf data fetch mbjp" in done.stdout
    own = rlcf("doctor", "--json", env=bare | {"RLCF_DATA": str(tmp_path)})
    assert json.loads(own.stdout)["can_judge"] is False
    assert f"curl -fL --create-dirs -o {tmp_path / 'mbxp'}" in own.stdout


def test_a_finding_that_is_not_ok_says_what_is_missing() -> None:
    findings = examine()
    assert can_judge(findings)
    assert len({finding.name for finding in findings}) == len(findings)
    for finding in findings:
        assert finding.found
        assert finding.mend is None or not finding.ok
