"""The judge's own faults: what is killed, hung or worn out is replaced, and no verdict is lost or wrong."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from javabox import Judge, JudgeUnavailable, Outcome, Verdict
from javabox.engines import jvm, manifest
from javabox.engines.jdk import _version, find_jdk, release_of_distribution
from javabox.engines.local import LocalChannel
from tests.javabox.processes import wait_until
from tests.javabox.programs import program

SLEEPS = (
    "if (x == 2) try { synchronized (S.class) { S.class.wait(500); } } catch (Exception e) { return 0; }"
    " return 2 * x;"
)


@pytest.fixture
def own_judge() -> Iterator[Judge]:
    with Judge("local", workers=2) as judge:
        yield judge


@pytest.fixture(scope="module")
def calm() -> Iterator[Judge]:
    """For several tests: none of them kills or stops a process of it."""
    with Judge("local", workers=2) as judge:
        yield judge


def _jvms(judge: Judge) -> list[int]:
    """The JVMs of this judge and no other's, from /proc: a bare Debian has no `ps`."""
    channel = judge._channel
    if channel is None:
        return []  # just being replaced
    assert isinstance(channel, LocalChannel)
    parents, names = {}, {}
    for stat in (process / "stat" for process in Path("/proc").glob("[0-9]*")):
        with contextlib.suppress(OSError):  # it ended meanwhile
            number, rest = stat.read_text().split(" (", 1)
            name, fields = rest.rsplit(") ", 1)
            names[int(number)], parents[int(number)] = name, int(fields.split()[1])
    below = {channel._process.pid}
    while more := {p for p, parent in parents.items() if parent in below} - below:
        below |= more
    return sorted(p for p in below if names.get(p) == "java")


def _kill_one(judge: Judge, choice: int) -> None:
    """Kills one JVM of the judge: another one where the chosen one ended between the look and the signal."""
    while True:
        if victims := _jvms(judge):
            with contextlib.suppress(ProcessLookupError):
                return os.kill(victims[choice % len(victims)], signal.SIGKILL)
        time.sleep(0.05)  # killed just now, not yet replaced


def test_killing_the_judges_jvms_loses_and_changes_nothing(own_judge: Judge) -> None:
    jobs = [program(f"return {2 if i % 2 else 3} * x + {i} - {i}; // faults") for i in range(60)]
    kills = 0
    verdicts = {}
    for index, verdict in own_judge.stream(jobs):
        verdicts[index] = verdict.outcome
        if len(verdicts) in (5, 6, 15, 25, 26, 40):
            _kill_one(own_judge, len(verdicts))
            kills += 1
    assert kills == 6
    assert verdicts == {i: Outcome.PASSED if i % 2 else Outcome.FAILED for i in range(60)}


def test_an_exit_is_believed(calm: Judge) -> None:
    verdict = calm.grade([program("System.exit(9); return 0;")])[0]
    assert (verdict.outcome, verdict.deterministic) == (Outcome.PREMATURE_EXIT, True)


def test_a_signal_is_doubted(own_judge: Judge) -> None:
    assert own_judge.grade([program("return 2 * x; // so that the warm JVMs are there")])[0].passed
    before = _jvms(own_judge)
    future = own_judge.submit(program(SLEEPS))
    while not (new := [pid for pid in _jvms(own_judge) if pid not in before]):
        time.sleep(0.02)
    os.kill(new[-1], signal.SIGKILL)
    assert future.result().passed


def test_a_compilation_without_end_is_a_compile_error(calm: Judge) -> None:
    nested = (
        "java.util.function.Function<Integer, Integer> g = null; Object o = "
        + "id(" * 40
        + "y -> y"
        + ")" * 40
        + "; return o;"
    )
    slow = program(
        nested + "} static <T, R> List<R> id(List<T> a) { return null; } static <T> T id(T t) { return t;",
        compile_seconds=2.0,
    )
    verdicts = calm.grade([slow, *(program(f"return 2 * x; // beside {i}") for i in range(8))])
    assert verdicts[0].outcome is Outcome.COMPILE_ERROR
    assert all(verdict.passed for verdict in verdicts[1:])
    assert calm.grade([program("return 2 * x; // after")])[0].passed


def test_a_compilation_that_others_starve_is_not_given_up() -> None:
    """The limit is of the compiler's own time: beside busy loops a cold javac takes many seconds for half a
    second's work, the suite's expected values first."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(10)]
    try:
        with Judge("local", workers=1) as judge:
            jobs = [program(f"return 2 * x; // starved {i}", compile_seconds=1.5) for i in range(2)]
            verdicts = judge.grade(jobs)
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
    assert [verdict.outcome for verdict in verdicts] == [Outcome.PASSED] * 2


def test_deep_nesting_is_judged(calm: Judge) -> None:
    deep = program("return " + "(" * 20_000 + "x" + ")" * 20_000 + ";")
    verdicts = calm.grade([deep, program("return 2 * x; // next to the deep one")])
    assert [v.outcome for v in verdicts] == [Outcome.COMPILE_ERROR, Outcome.PASSED]


def test_every_jvm_starts_from_an_archive_where_it_was_made_for(own_judge: Judge) -> None:
    own_judge.grade([program("return 2 * x;")])
    try:
        mapped = [Path(f"/proc/{jvm_}/maps").read_text().splitlines() for jvm_ in _jvms(own_judge)]
    except PermissionError:  # an ordinary user, or a container's: others start that insist on their archives
        _insist_on_archives()
        return
    archives = []
    for maps in mapped:
        assert any(line.startswith("800000000-") and line.endswith("/classes.jsa") for line in maps)
        archives += {Path(line.split()[-1]).name for line in maps if line.endswith(".jsa")} - {"classes.jsa"}
    assert sorted(archives) == ["judge.jsa", "program.jsa"]


def _insist_on_archives() -> None:
    jdk = find_jdk()
    folder = jvm.build(jdk)
    class_path = ":".join(str(folder / name) for name in jvm.JARS)
    image = folder / "image"
    for home, archive in ((jdk.home, folder / jvm.ARCHIVE), (image, image / "program.jsa")):
        flags = ["-XX:+UseSerialGC", "-Xshare:on", f"-XX:SharedArchiveFile={archive}", "-cp", class_path]
        subprocess.run([home / "bin" / "java", *flags, "-version"], check=True, capture_output=True)


def test_closing_leaves_no_process() -> None:
    judge = Judge("local", workers=2)
    endless = judge.submit(program("while (true); // left behind", wall_seconds=60.0))
    deadline = time.monotonic() + 20
    while len(_jvms(judge)) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    before = _jvms(judge)
    judge.close()
    assert endless.cancelled()
    deadline = time.monotonic() + 10
    while any(os.path.exists(f"/proc/{pid}") for pid in before) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [pid for pid in before if os.path.exists(f"/proc/{pid}")]
    with pytest.raises(JudgeUnavailable):
        judge.submit(program("return 1;"))


def test_a_silent_supervisor_is_replaced(own_judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or woken: in namespaces what is stopped goes on within a second."""
    assert own_judge.grade([program("return 2 * x; // awake")])[0].passed
    for pid in _jvms(own_judge):
        os.kill(pid, signal.SIGSTOP)
    # With its limits of three seconds each: a second later. The one that replaces it has the usual time.
    monkeypatch.setattr("javabox.supervisor.SILENCE_SLACK_SECONDS", -5.0)
    future = own_judge.submit(
        program("return 2 * x; // asked while it sleeps", wall_seconds=3.0, compile_seconds=3.0)
    )
    assert wait_until(lambda: future.done() or own_judge.stats()["supervisors_replaced"] == 1, 20)
    monkeypatch.undo()
    assert future.result(60).passed
    assert own_judge.isolation == "namespaces" or own_judge.stats()["supervisors_replaced"] == 1


def test_who_asks_while_a_judge_gives_up_is_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Just before it is over, and as soon as one is told; its JVMs are killed and its JDK is gone."""
    home = tmp_path / "jdk"
    home.symlink_to(find_jdk().home)
    monkeypatch.setenv("JAVA_HOME", str(home))
    with Judge("local", workers=1) as judge:
        end, late = judge._dispatcher._end, list[Future[Verdict]]()  # type: ignore[union-attr]

        def asked_at_the_end(reason: str) -> None:
            if not late:
                late.append(judge.submit(program("return 2 * x; // at the last moment")))
            end(reason)

        monkeypatch.setattr(judge._dispatcher, "_end", asked_at_the_end)
        told: list[Future[Verdict] | JudgeUnavailable] = []

        def ask_again(_: object) -> None:
            try:
                told.append(judge.submit(program("return 2 * x; // as soon as one is told")))
            except JudgeUnavailable as refusal:
                told.append(refusal)

        first = judge.submit(program("while (true); // killed", fuel=10**12, wall_seconds=60.0))
        first.add_own_callback(ask_again)  # type: ignore[attr-defined]
        assert wait_until(lambda: len(_jvms(judge)) >= 2, 20)
        home.unlink()
        for pid in _jvms(judge):
            with contextlib.suppress(ProcessLookupError):  # it went with the one before
                os.kill(pid, signal.SIGKILL)
        assert first.result(60).outcome is Outcome.JUDGE_ERROR
        assert wait_until(lambda: judge.over is not None, 30)
        assert [future.result(30).outcome for future in late] == [Outcome.JUDGE_ERROR]
        # Who is told by the quarantine, which could not be started either, may be before the end.
        [answer] = told
        assert isinstance(answer, JudgeUnavailable) or answer.result(30).outcome is Outcome.JUDGE_ERROR


def test_without_a_jdk_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "/nonexistent")
    package = f"openjdk-{release_of_distribution()}-jdk-headless"
    with pytest.raises(JudgeUnavailable, match=f"apt-get install -y {package}"):
        Judge("local")


def test_a_jdk_without_a_release_file_is_asked_for_its_version(tmp_path: Path) -> None:
    jdk = find_jdk()
    (tmp_path / "bin").symlink_to(jdk.home / "bin")
    assert _version(tmp_path) == jdk.version
    (tmp_path / "release").write_text('IMPLEMENTOR="X"\nJAVA_VERSION="25.0.3"\nMODULES="java.base"\n')
    assert _version(tmp_path) == "25.0.3"


def test_a_second_build_of_the_jvm_side_leaves_the_first_one(tmp_path: Path) -> None:
    folder, first, second, third = (tmp_path / name for name in ("folder", "first", "second", "third"))
    for scratch in (first, second, third):
        scratch.mkdir()
        (scratch / "of").write_text(scratch.name)
        manifest.write(scratch)
    assert jvm._place(first, folder)
    assert not jvm._place(second, folder)
    assert (folder / "of").read_text() == "first"
    (folder / manifest.NAME).unlink()  # half a build: nobody runs on it
    assert jvm._place(third, folder)
    assert (folder / "of").read_text() == "third"
