"""The Landlock floor: what it denies on kernels old and new, that no half alone counts, that nothing stays.

Each attempt says in the verdict what came of it (escapes.py), so none passes by not having been made.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from javabox import Judge, JudgeUnavailable, Limits, Outcome
from javabox.engines import local
from javabox.engines.local import LocalChannel
from javabox.engines.restricted import floor, landlock
from tests.javabox.attacks import escapes
from tests.javabox.programs import program

ABIS = (1, 4, 7)
MACHINE = os.uname().machine
EPERM, EACCES, ENOSYS = "1", "13", "38"
REFUSED = {EPERM, EACCES, "18"}
"""18, EXDEV, is Landlock's word for moving and linking between folders."""
REASON = floor.why_not(floor.version())
pytestmark = pytest.mark.skipif(REASON != "", reason=f"no isolation here: {REASON}")


@pytest.fixture(scope="module", params=ABIS)
def landlocked(request: pytest.FixtureRequest) -> Iterator[Judge]:
    """A judge on the floor of an older kernel."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(floor.ABI, str(request.param))
        with Judge("local", workers=1, isolation="landlock") as judge:
            assert judge.isolation == "landlock"
            yield judge


def family(judge: Judge) -> dict[str, int]:
    """The judge's processes by what they are."""
    channel = judge._channel
    assert isinstance(channel, LocalChannel)
    guard = channel._process.pid
    (warden,) = below(guard)
    (supervisor,) = below(warden)
    return {"guard": guard, "warden": warden, "supervisor": supervisor}


def below(pid: int) -> list[int]:
    """Children, of whichever thread."""
    lists = [_reads(task / "children") for task in Path(f"/proc/{pid}/task").glob("*")]
    return [int(child) for children in lists for child in children.split()]


def gone(*pids: int, seconds: float = 15.0) -> bool:
    """Whether processes end in time; a zombie has ended."""
    end = time.monotonic() + seconds
    while left := [pid for pid in pids if _alive(pid)]:
        if time.monotonic() > end:
            return not left
        time.sleep(0.05)
    return True


def _alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.fixture
def writable() -> Iterator[Path]:
    """A folder, and a file in it, that every user may write; where every user can come to it."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        (folder / "note").write_text("untouched")
        (folder / "note").chmod(0o666)
        folder.chmod(0o777)
        yield folder


def test_every_call_of_the_filters_list_is_denied(landlocked: Judge) -> None:
    found = escapes.attempts(landlocked, escapes.denied_calls(MACHINE))
    missing = {name for name, error in found.items() if error == ENOSYS}
    assert len(found) >= 130
    assert missing == {"clone3", "openat2", "fchmodat2", "setxattrat", "file_setattr", "a call to come"}
    assert {error for name, error in found.items() if name not in missing} == {EPERM}


def test_calls_are_denied_for_what_is_not_ones_own(landlocked: Judge) -> None:
    found = escapes.attempts(landlocked, escapes.checked_calls(MACHINE, os.getpid()))
    assert len(found) >= 37
    assert {name: error for name, error in found.items() if error != EPERM} == {}
    own = escapes.attempts(landlocked, escapes.own_calls(MACHINE))
    assert own == dict.fromkeys(("kill", "setpriority", "prlimit64", "fcntl", "socketpair", "openat"), "DONE")


@pytest.mark.skipif(MACHINE != "x86_64", reason="x32 is a way of x86_64")
def test_calls_of_another_kind_end_the_process(landlocked: Judge) -> None:
    script = 'my $r = system("perl", "-e", "syscall(0x40000000 | 39)"); print "x32=$?;";'
    assert escapes.attempts(landlocked, script) == {"x32": str(signal.SIGSYS)}


def test_files_that_all_may_write_are_out_of_reach(landlocked: Judge, writable: Path) -> None:
    channel = landlocked._channel
    assert isinstance(channel, LocalChannel)
    launch = f"{channel._root}/launch"
    shown = {
        "the launcher": f"{launch}/judge/bin/java",
        "the launcher of programs": f"{launch}/program/bin/java",
    }
    before = os.stat(writable), os.stat(writable / "note")
    found = escapes.attempts(landlocked, escapes.on_files(str(writable), shown))
    assert len(found) == 22
    assert {name: error for name, error in found.items() if error not in REFUSED} == {}
    assert (writable / "note").read_text() == "untouched"
    assert [file.name for file in writable.iterdir()] == ["note"]
    after = os.stat(writable), os.stat(writable / "note")
    assert [(s.st_mode, s.st_mtime_ns, s.st_ctime_ns) for s in before] == [
        (s.st_mode, s.st_mtime_ns, s.st_ctime_ns) for s in after
    ]


def test_no_listener_hears_a_program(landlocked: Judge, writable: Path) -> None:
    with contextlib.ExitStack() as stack:
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        udp = stack.enter_context(socket.socket(type=socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        named, abstract = (stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(2))
        named.bind(f"{writable}/socket")
        abstract.bind(f"\0javabox{os.getpid()}")
        os.chmod(writable / "socket", 0o777)
        for listener in (named, abstract):
            listener.listen()
        ports = tcp.getsockname()[1], udp.getsockname()[1]
        script = escapes.on_sockets(*ports, f"{writable}/socket", f"javabox{os.getpid()}")
        found = escapes.attempts(landlocked, script)
        assert len(found) == 7
        assert set(found.values()) == {EPERM}
        for heard in (tcp, udp, named, abstract):
            heard.setblocking(False)
            with pytest.raises(BlockingIOError):
                heard.recv(1) if heard is udp else heard.accept()


def test_processes_are_out_of_reach_of_programs(landlocked: Judge, writable: Path) -> None:
    """The judge's own, and one of the programs' own user with an open file."""
    others = family(landlocked)
    status = Path(f"/proc/{others['supervisor']}/status").read_text()
    user = int(status.split("\nUid:")[1].split()[0])
    as_them = {"user": user, "group": user, "extra_groups": []} if user != os.getuid() else {}
    with (writable / "note").open("r+") as held:
        bystander = subprocess.Popen(
            ["/bin/sleep", "1000"], stdin=subprocess.PIPE, stdout=held, pass_fds=[held.fileno()], **as_them
        )
    try:
        others |= {"python": os.getpid(), "bystander": bystander.pid}
        found = escapes.attempts(landlocked, escapes.on_processes(others))
        assert len(found) == 5 * 25
        # 2 (ENOENT): a number that names no open file of that process; python has them all.
        # 3 (ESRCH): what /proc says where it must not say.
        assert {n: e for n, e in found.items() if e not in {EPERM, EACCES, "2", "3"}} == {}
        for name in others:
            assert found[f"{name} fd 2"] in REFUSED
            assert found[f"{name} signal"] == EPERM
        assert found["supervisor fd 3"] in REFUSED
        assert bystander.poll() is None
        assert Path(f"/proc/{bystander.pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"
        assert (writable / "note").read_text() == "untouched"
    finally:
        bystander.kill()
        bystander.wait()


def test_no_half_alone_is_a_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    version = floor.version()
    assert floor.trial({}, version) == []
    without_landlock = floor.trial({"landlock": None}, version)
    assert {"a file can be written", "a file can be read", "a file can be made"} <= set(without_landlock)
    without_filter = floor.trial({"seccomp": False}, 1)
    assert {
        "a file's mode can be changed",
        "a connection can be made",
        "a datagram can be sent",
        "a named socket can be opened",
    } <= set(without_filter)
    monkeypatch.setenv(floor.ABI, "0")
    with pytest.raises(JudgeUnavailable, match=r"no Landlock.*--isolation none.*delete your files"):
        Judge("local", isolation="landlock")


REFUSING = """
import ctypes, struct, sys
calls = [int(number) for number in sys.argv[1:]]
code = [(0x20, 0, 0, 0)]
for number in calls:
    code += [(0x15, 0, 1, number), (0x06, 0, 0, 0x00050001)]
code.append((0x06, 0, 0, 0x7FFF0000))
packed = b"".join(struct.pack("HBBI", *line) for line in code)
buffer = ctypes.create_string_buffer(packed, len(packed))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, struct.pack("HxxxxxxP", len(code), ctypes.addressof(buffer)), 0, 0) == 0
from javabox import Judge, JudgeUnavailable
from javabox.engines import local
print(local.best_floor())
try:
    with Judge("local", workers=1) as judge:
        print("opened with", judge.isolation)
except JudgeUnavailable as error:
    print("refused:", error)
"""
"""A judge on a kernel that refuses calls, by numbers: namespaces, Landlock, or filters."""
UNSHARE, SECCOMP = {"x86_64": ("272", "317"), "aarch64": ("97", "277")}.get(MACHINE, ("", ""))


def refusing(*calls: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", REFUSING, *calls], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_where_namespaces_are_refused_the_floor_is_landlock() -> None:
    words = refusing(UNSHARE)
    assert "Ground(floor='landlock'" in words
    assert "opened with landlock" in words


@pytest.mark.parametrize("missing", [str(landlock.CREATE_RULESET), str(landlock.RESTRICT_SELF), SECCOMP])
def test_where_a_half_is_refused_the_judge_refuses(missing: str) -> None:
    words = refusing(UNSHARE, missing)
    assert "Ground(floor='none'" in words
    assert "refused: nothing keeps programs from this machine here" in words
    assert "docker" in words
    assert "--isolation none" in words


LEAVES = 'try { new ProcessBuilder("setsid", "sleep", "98765").start(); Thread.sleep(100); } catch (Exception e) { } return 2 * x;'


def test_what_a_program_leaves_is_ended_and_the_supervisor_stays(landlocked: Judge) -> None:
    before = family(landlocked)
    verdict = landlocked.grade([program(f"/* {before['guard']} */ {LEAVES}", fuel=Limits().fuel)])[0]
    assert verdict.passed
    assert family(landlocked) == before  # an orphan would be a second child of the warden
    lines = [_reads(process / "cmdline") for process in Path("/proc").glob("[0-9]*")]
    sleeping = [line for line in lines if line == "sleep\x0098765\0"]
    assert sleeping == []


def test_processes_that_come_and_go_are_no_error() -> None:
    """A user is chosen that nobody's processes have, from a list that changes while it is read."""
    churn = subprocess.Popen(["sh", "-c", "while :; do /bin/true & /bin/true & /bin/true & wait; done"])
    try:
        end = time.monotonic() + 0.7
        while time.monotonic() < end:
            seen = floor._users()
            assert seen[os.getpid()] == os.getuid()
            assert seen[churn.pid] == os.getuid()
    finally:
        churn.kill()
        churn.wait()


def _reads(path: Path) -> str:
    with contextlib.suppress(OSError):
        return path.read_text()
    return ""


def test_an_honest_program_finds_files_and_processes_as_ever(landlocked: Judge) -> None:
    prompt = (
        "import java.io.*; import java.nio.file.*; import java.util.*;\nclass S { static Object f(int x) {\n"
    )
    verdict = landlocked.grade([program(escapes.USES, escapes.ASKED, prompt, fuel=Limits().fuel)])[0]
    assert (verdict.exception, verdict.cases[0].value) == (None, '"[one, Two] 65 3"')


def test_a_program_that_fills_the_folder_is_ended_and_harms_none(landlocked: Judge) -> None:
    full, beside = landlocked.grade(
        [
            program(escapes.FILLS, escapes.ASKED, fuel=Limits().fuel, wall_seconds=20.0),
            program("return 2 * x; // beside"),
        ]
    )
    assert full.outcome is Outcome.OUTPUT_LIMIT
    assert beside.passed
    assert landlocked.grade([program("return 2 * x; // by the next supervisor")])[0].passed


JUDGING = """
import sys, time
from javabox import Judge
from tests.javabox.processes import children_of
from tests.javabox.programs import program
judge = Judge("local", workers=1, isolation="landlock")
body = 'try { new ProcessBuilder("setsid", "sh", "-c", "trap : TERM HUP; sleep 98764; sleep 98763").start(); } catch (Exception e) { } while (true);'
guard = judge._channel._process.pid
(warden,) = children_of(guard)
(supervisor,) = children_of(warden)
pids = {guard, warden, supervisor}
judge.submit(program(body, fuel=10**12, wall_seconds=60.0))
while True:
    more = set(pids)
    while new := {child for pid in more for child in children_of(pid)} - more:
        more |= new
    if any(b"98764" in open(f"/proc/{pid}/cmdline", "rb").read() for pid in more):
        break
    time.sleep(0.05)
print(judge._channel._root, guard, warden, supervisor, *sorted(more - pids), flush=True)
sys.stdin.read()
judge.close()
"""


@pytest.mark.parametrize("victim", ["judge", "guard", "warden", "supervisor"])
def test_nothing_is_left_when_one_of_the_processes_is_killed(victim: str) -> None:
    """Not of the programs either, nor of what these started: the judge, where it lives, starts again."""
    command = [sys.executable, "-c", JUDGING]
    judging = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert judging.stdout is not None
        root, *words = judging.stdout.readline().split()
        pids = list(map(int, words))
        assert len(pids) >= 6  # three of the judge's; the shell, the JVM, and what it started
        assert Path(root).is_dir()
        os.kill({"judge": judging.pid, "guard": pids[0], "warden": pids[1], "supervisor": pids[2]}[victim], 9)
        assert gone(*pids)
        end = time.monotonic() + 10
        while Path(root).exists() and time.monotonic() < end:
            time.sleep(0.05)
        assert not Path(root).exists()
    finally:
        judging.communicate(timeout=60)  # it ends in order, so that it takes back a start that is under way


def test_closing_leaves_nothing() -> None:
    judge = Judge("local", workers=1, isolation="landlock")
    root = judge._channel._root  # type: ignore[attr-defined]
    pids = list(family(judge).values())
    judge.submit(program(f"while (true) {{ if (x > 9) break; }} {LEAVES}", fuel=10**12, wall_seconds=60.0))
    started = time.monotonic()
    judge.close()
    assert time.monotonic() - started < 5
    assert gone(*pids, seconds=0.5)
    assert not Path(root).exists()


def test_programs_have_no_privileges_and_of_root_another_user(landlocked: Judge) -> None:
    status = Path(f"/proc/{family(landlocked)['supervisor']}/status").read_text()
    uids, gids = (status.split(f"\n{name}:")[1].split("\n")[0].split() for name in ("Uid", "Gid"))
    assert len(set(uids)) == len(set(gids)) == 1
    if os.geteuid() == 0:
        assert int(uids[0]) in floor.USERS
        assert status.split("\nGroups:")[1].split("\n")[0].split() == []
    else:
        assert int(uids[0]) == os.geteuid()
    # An ordinary user may not take from the bounding set; with `NoNewPrivs` nothing can be got from it either.
    for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb") + (("CapBnd",) if os.geteuid() == 0 else ()):
        assert int(status.split(f"{kind}:")[1].split()[0], 16) == 0
    assert status.split("NoNewPrivs:")[1].split()[0] == "1"
    assert status.split("Seccomp:")[1].split()[0] == "2"


def test_local_says_what_it_found() -> None:
    ground = local.best_floor()
    assert ground.floor in ("namespaces", "landlock")
    assert (ground.reason == "") == (ground.floor == "namespaces")
