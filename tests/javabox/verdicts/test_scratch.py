"""The folder for temporary files: one program has it at a time, finds it empty and leaves it so."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from javabox import Job, Judge, Outcome, Suite, SuiteCase
from javabox.engines import jvm
from javabox.engines.jdk import find_jdk
from tests.javabox.programs import program

LISTS = """
    java.io.File folder = new java.io.File(System.getProperty("java.io.tmpdir"));
    try {
      java.nio.file.Files.createTempFile("NAME", "");
      synchronized (S.class) { S.class.wait(300); }
    } catch (Exception e) { return e.toString(); }
    return folder.list().length;"""
"""What a program sees of its folder after a while: one file, its own, unless another program is there too."""
ASKED = Suite(cases=(SuiteCase("files", "Object r = S.f(0);", "r", "1"),))


def writing(name: str) -> Job:
    return program(LISTS.replace("NAME", name), ASKED)


def test_programs_that_write_files_do_not_meet() -> None:
    with Judge("local", workers=2) as judge:
        verdicts = judge.grade([writing(name) for name in ("one", "two", "three", "four")])
        assert [(v.outcome, v.lane) for v in verdicts] == [(Outcome.PASSED, "strict")] * 4, verdicts


@pytest.fixture
def below_tmp(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache that a file system at /tmp would hide, with the JVM side in it."""
    built = jvm.build(find_jdk())
    folder = Path(tempfile.mkdtemp(prefix="javabox-test-", dir="/tmp"))
    folder.chmod(0o755)  # programs may run as another user
    shutil.copytree(built, folder / "javabox" / built.name, symlinks=True)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    yield folder
    shutil.rmtree(folder)


def test_a_cache_below_tmp_is_found(below_tmp: Path) -> None:
    assert below_tmp in jvm.build(find_jdk()).parents
    with Judge("local", workers=1) as judge:
        verdicts = judge.grade([program("return 2 * x;"), writing("below")])
        assert [verdict.outcome for verdict in verdicts] == [Outcome.PASSED] * 2, verdicts
