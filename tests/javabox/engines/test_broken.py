"""What is broken is named, or made again where it is the judge's own: build, JDK, cache.

Each test damages a cache or a copy of a JDK of its own, never the machine's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from javabox import Judge, JudgeUnavailable
from javabox.engines import jdk, jvm, manifest
from tests.javabox.programs import program

ROOT = Path(__file__).parents[3]
LARGEST = "image/lib/modules"


COPIED = """
import os, sys
from javabox.engines import jdk, jvm
from tests.javabox.engines.test_broken import copying
jvm.build_commands = copying(sys.argv[1])
os.umask(0o077)
jvm.build(jdk.find_jdk())
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with one build, to be copied, by somebody who shares no file with others."""
    cache = tmp_path_factory.mktemp("built") / "cache"
    cache.parent.chmod(0o755)
    command = [sys.executable, "-c", COPIED, str(jvm.build(jdk.find_jdk()))]
    subprocess.run(command, cwd=ROOT, env=os.environ | {"XDG_CACHE_HOME": str(cache)}, check=True)
    cache.chmod(0o755)  # but its top: programs may run as another user
    return cache


def copying(whole: str) -> Callable[[Path, Path, Path], list[list[str]]]:
    """Commands of a build that take what it would compile and link from another; test_doctor.py has all made."""

    def commands(_home: Path, _sources: Path, scratch: Path) -> list[list[str]]:
        made = [f"{whole}/{name}" for name in ("program.jar", "judge.jar", "image")]
        dumped = [f"{scratch}/image/{name}" for name in ("program.jsa", "lib/server/classes.jsa")]
        return [["cp", "-r", *made, str(scratch)], ["rm", "-f", *dumped]]

    return commands


@pytest.fixture
def build(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a build that a test may break."""
    shutil.copytree(built, tmp_path / "cache", symlinks=True)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    [folder] = (tmp_path / "cache" / "javabox").iterdir()
    return folder


@pytest.fixture
def compiled(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build takes what it would compile and link from that cache."""
    [folder] = (built / "javabox").iterdir()
    monkeypatch.setattr(jvm, "build_commands", copying(str(folder)))


def judges() -> bool:
    with Judge("local", workers=1) as judge:
        verdicts = judge.grade([program("return 2 * x; // broken?"), program("return x; // broken?")])
    return [str(verdict.outcome) for verdict in verdicts] == ["passed", "failed"]


def truncate(file: Path) -> None:
    file.chmod(0o644)
    os.truncate(file, file.stat().st_size // 2)


def overwrite(file: Path) -> None:
    """With the size and the time of change that it had."""
    file.chmod(0o644)
    stat = file.stat()
    file.write_bytes(bytes(stat.st_size))
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def append(file: Path) -> None:
    file.chmod(0o644)
    with file.open("ab") as stream:
        stream.write(b"x")


def empty_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        (LARGEST, truncate),
        ("judge.jar", append),
        ("judge.jsa", append),
        ("image/program.jsa", truncate),
        ("image/lib/server/libjvm.so", Path.unlink),
        ("program.jar", empty_folder),
        (manifest.NAME, truncate),
    ],
)
def test_a_broken_file_is_named(build: Path, name: str, damage: Callable[[Path], None]) -> None:
    assert manifest.wrong(build) is None
    damage(build / name)
    assert manifest.wrong(build) == name


@pytest.mark.usefixtures("compiled")
def test_a_broken_build_is_made_again_beside_judges_that_work_on_it(
    build: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with Judge("local", workers=1, lane="strict") as at_work:
        assert at_work.grade([program("return 2 * x; // before the repair")])[0].passed
        (build / "image/lib/server/libjvm.so").unlink()
        empty_folder(build / "program.jar")
        append(build / "judge.jsa")
        truncate(build / LARGEST)
        assert judges()
        assert at_work.grade([program("return 2 * x; // after the repair")])[0].passed
    first = build / "image/lib/modules"
    said = capfd.readouterr().err.splitlines()
    assert said == [f"javabox: {first} is not as it was built; building the JVM side again"]
    assert manifest.wrong(build, contents=True) is None
    assert list(build.parent.iterdir()) == [build]


@pytest.mark.usefixtures("compiled")
def test_damage_that_leaves_size_and_time_is_found_when_the_start_fails(
    build: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jvm, "archive_command", lambda _: ["true"])  # they only make it start sooner
    monkeypatch.setattr(jvm, "judge_archive_command", lambda _home, _folder: ["true"])
    overwrite(build / "judge.jar")
    overwrite(build / LARGEST)  # no start fails by this one alone
    assert manifest.wrong(build) is None
    assert judges()
    first = build / LARGEST
    assert f"{first} is not as it was built; building the JVM side again" in capfd.readouterr().err
    assert manifest.wrong(build, contents=True) is None
    assert jvm.build(jdk.find_jdk(), verify=True) == build
    assert capfd.readouterr().err == ""


def test_where_nothing_isolates_every_byte_is_looked_at(
    build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That it is then made again is seen above; here it can't be, which is said and leaves it as it is."""
    assert jvm.build(jdk.find_jdk(), verify=True) == build
    overwrite(build / LARGEST)
    monkeypatch.setattr(jvm, "ASM", tmp_path)
    assert jvm.build(jdk.find_jdk()) == build
    with pytest.raises(JudgeUnavailable, match=r"asm.jar is missing"):
        jvm.build(jdk.find_jdk(), verify=True)
    with pytest.raises(JudgeUnavailable, match=r"asm.jar is missing"):
        Judge("local", isolation="none")
    assert manifest.wrong(build, contents=True) == LARGEST
    assert list(build.parent.iterdir()) == [build]


def test_a_file_too_many_is_found_where_every_byte_is_looked_at(build: Path) -> None:
    (build / "half-an-archive.jsa").write_bytes(b"half")
    assert manifest.wrong(build) is None
    assert manifest.wrong(build, contents=True) == "half-an-archive.jsa"


def test_a_copy_of_a_build_is_as_good(build: Path, tmp_path: Path) -> None:
    shutil.copytree(build, tmp_path / "copy", symlinks=True, copy_function=shutil.copyfile)
    assert manifest.wrong(tmp_path / "copy") is None


@pytest.mark.parametrize("taken", ["half a build", "a file"])
def test_what_lies_where_the_build_belongs_makes_room(build: Path, tmp_path: Path, taken: str) -> None:
    new = shutil.copytree(build, tmp_path / "new", symlinks=True)
    if taken == "a file":
        shutil.rmtree(build)
        build.write_text("no folder")
    else:
        (build / manifest.NAME).unlink()
        truncate(build / LARGEST)
    assert jvm._place(new, build)
    assert manifest.wrong(build, contents=True) is None


def test_whatever_the_umask_other_users_can_read_the_build(built: Path) -> None:
    for path in (built / "javabox").rglob("*"):
        if not path.is_symlink():
            assert path.stat().st_mode & 0o044 == 0o044, path
            assert not path.is_dir() or path.stat().st_mode & 0o011 == 0o011, path


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"XDG_CACHE_HOME": "/proc/none"}, "could not be built in /proc/none/javabox"),
        ({"XDG_CACHE_HOME": "/dev/null"}, "could not be built in /dev/null/javabox"),
        ({"HOME": "/proc/none"}, "could not be built in /proc/none/.cache/javabox"),
        ({}, "no home folder to keep the JVM side in"),
    ],
)
def test_a_cache_that_can_not_be_written_is_named_with_its_mend(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], said: str
) -> None:
    for name in ("XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("os.geteuid", lambda: 4321)  # a user id that has no name, and no home
    monkeypatch.setattr("os.getuid", lambda: 4321)
    with pytest.raises(JudgeUnavailable) as refused:
        Judge("local")
    assert said in refused.value.found
    assert refused.value.mend == "export XDG_CACHE_HOME=$(mktemp -d) && chmod 755 $XDG_CACHE_HOME"


@pytest.fixture
def copied_jdk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """JAVA_HOME: the JDK's files by links, but `lib/modules`, `release` and the launchers by copies."""
    real, home = jdk.find_jdk().home, tmp_path / "jdk"
    (home / "lib").mkdir(parents=True)
    for name in ("bin", "conf", "jmods"):
        if (real / name).is_dir():
            shutil.copytree(real / name, home / name) if name == "bin" else (home / name).symlink_to(
                real / name
            )
    for file in (real / "lib").iterdir():
        if file.name == "modules" or file.name.startswith("libjli") or file.name == "server":
            copy = shutil.copytree if file.is_dir() else shutil.copy
            copy(file, home / "lib" / file.name)
        else:
            (home / "lib" / file.name).symlink_to(file)
    shutil.copy(real / "release", home / "release")
    monkeypatch.setenv("JAVA_HOME", str(home))
    return home


def test_a_broken_jdk_is_named_in_the_jvms_own_words(
    built: Path, copied_jdk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(built))
    assert judges()
    with (copied_jdk / "lib" / "modules").open("rb+") as modules:
        modules.write(b"a frame that a program forged" * 100)  # what an attack did, issue 14
    words = (
        "Failed setting boot class path|Error occurred during initialization|fatal error has been detected"
    )
    with pytest.raises(JudgeUnavailable, match=words) as refused:
        Judge("local")
    assert len(str(refused.value)) < 1500
    assert f"said by the JDK in {copied_jdk}" in str(refused.value)


def test_a_tool_of_the_jdk_that_fails_is_quoted(
    copied_jdk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = tmp_path / "java"
    (sources / "program").mkdir(parents=True)  # little is compiled before `jar` is met
    (sources / "program" / "module-info.java").write_text("module javabox.program { }\n")
    monkeypatch.setattr(jvm, "SOURCES", sources)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))
    (copied_jdk / "bin" / "jar").unlink()
    (copied_jdk / "bin" / "jar").write_text("#!/bin/sh\necho no archive today\nexit 4\n")
    (copied_jdk / "bin" / "jar").chmod(0o755)
    with pytest.raises(JudgeUnavailable, match=f"jar of {copied_jdk} says: no archive today"):
        Judge("local")
    assert list((tmp_path / "empty" / "javabox").iterdir()) == []


def fake_jdk(home: Path, version: str, *tools: str) -> Path:
    (home / "bin").mkdir(parents=True)
    for tool in ("java", *tools):
        (home / "bin" / tool).write_text(f"#!/bin/sh\necho javac {version}\n")
        (home / "bin" / tool).chmod(0o755)
    return home


@pytest.mark.parametrize(
    ("version", "tools", "said"),
    [
        ("11.0.2", ["javac", "jlink"], "is JDK 11.0.2, too old"),
        ("1.8.0_402", ["javac"], "is JDK 1.8.0_402, too old"),
        ("17.0.9", [], "is a JRE, without a compiler"),
        ("17.0.9", ["javac"], "has no bin/jlink"),
        ("17.0.9", ["javac", "jlink"], "has no folder jmods"),
        ("Segmentation fault", ["javac", "jlink"], "is broken"),
    ],
)
def test_a_jdk_that_will_not_do_is_named_alone_and_skipped_for_a_better_one(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    version: str,
    tools: list[str],
    said: str,
) -> None:
    good = jdk.find_jdk()
    path = os.environ["PATH"]
    home = fake_jdk(tmp_path / "poor", version, *tools)
    monkeypatch.setenv("JAVA_HOME", str(home))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(JudgeUnavailable) as refused:
        jdk.find_jdk()
    assert refused.value.mend == jdk.install(jdk.release_of_distribution())
    assert f"JAVA_HOME: {home} {said}" in refused.value.found
    monkeypatch.setenv("PATH", f"{home / 'bin'}:{good.home / 'bin'}:{path}")
    assert jdk.find_jdk().feature >= 17
    assert f"JAVA_HOME: {home} {said}" in caplog.text
    assert "is used" in caplog.text


def test_java_home_that_leads_nowhere_is_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    good = jdk.find_jdk().home
    monkeypatch.setenv("PATH", str(good / "bin"))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "none"))
    assert jdk.find_jdk().home.resolve() == good.resolve()
    assert f"JAVA_HOME: {tmp_path / 'none'} is not there: the JDK in " in caplog.text


def test_without_asm_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jvm, "ASM", tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(
        JudgeUnavailable, match=r"asm.jar is missing; mend it: .*apt-get install -y libasm-java"
    ):
        Judge("local")
