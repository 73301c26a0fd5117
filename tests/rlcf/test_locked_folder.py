"""A folder that may not be searched is said in a line, by doctor and by whoever reads: never a traceback."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from javabox import JudgeUnavailable
from javabox.engines import jdk
from javabox.engines.restricted import floor
from rlcf.cli import main
from rlcf.errors import BadInput
from rlcf.problems.fetch import DataFile, locate

NOBODY = 65534


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Path]:
    """A folder in one that the user of the test may not search; where that is root, as nobody."""
    folder = tmp_path / "locked" / "inner"
    folder.mkdir(parents=True)
    for above in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        above.chmod(0o755)
    folder.parent.chmod(0)
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        folder.parent.chmod(0o755)


def test_a_cache_there_is_no_reason_against_landlock(locked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(locked))
    assert not any(str(locked.parent) in path for path in floor._needed(None))


def test_a_jdk_there_is_passed_over(locked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(locked))
    assert jdk.find_jdk().home != locked


def test_samples_and_problems_there_are_bad_input(locked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grade", str(locked / "samples.jsonl"), "--problems", str(locked / "problems.jsonl")]) == 2
    assert capsys.readouterr().err.startswith(f"rlcf: {locked / 'problems.jsonl'}: Permission denied")


def test_data_there_is_asked_for_elsewhere(locked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RLCF_DATA", str(locked))
    with pytest.raises(BadInput, match="RLCF_DATA"):
        locate(DataFile("set/file.jsonl", "https://example.org/file.jsonl", "0" * 64))


def test_a_user_without_a_home_is_no_reason_against_landlock(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise JudgeUnavailable("no home folder")

    monkeypatch.setattr(floor.jvm, "cache_folder", homeless)
    assert floor._needed(None) == [str(found := jdk.find_jdk().home), str(found / "lib" / "modules")]
