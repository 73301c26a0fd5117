"""Claim: no program that wants a pass without earning it gets one, harms the next program or leaves anything.

The attacks of tests/javabox (attacks.py, attacks_on_*.py) go through javabox, one worker, an honest
program right after each, and through the naive harness (benchmarks/naive.py), where the exit code decides.
An honest program counts as changed where its verdict, which tells what it found around it, differs from the
first one in anything but time and lane: an attack may end its warm JVM. Left behind is what is there when all
are judged: processes and files with the attacks' mark, connections that a listener heard or that are open.

    python -m benchmarks.attacks                       # about twelve minutes on two quiet cores
    python -m benchmarks.attacks --naive-seconds 0     # about one, without the naive harness
    python -m benchmarks.attacks --naive-seconds 0 --isolation landlock --landlock-abi 1
    JAVA_HOME=/usr/lib/jvm/… python -m benchmarks.attacks --naive-seconds 0     # the same on another JDK

The naive harness runs programs as its own user, so here it runs as `nobody` in namespaces of its own, with a
heap limit; that needs root and is skipped where namespaces are refused. Attacks that would harm it there as
well (they kill what they can, or fill a disk) are left out of its run and listed. The exit code is 1 where
javabox does not do what is claimed.

Not covered: attacks on the kernel; attacks by way of the expected values, which are trusted.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import dataclasses
import glob
import os
import pickle
import select
import shlex
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import naive
from javabox import Job, Judge, Outcome, Verdict
from javabox.engines import docker, local
from javabox.engines.opening import Engine, Isolation
from javabox.engines.restricted.floor import ABI
from javabox.errors import JudgeUnavailable
from tests.javabox.attacks.attacks_on_classes import ATTACKS_ON_CLASSES
from tests.javabox.attacks.attacks_on_junit import ATTACKS_ON_JUNIT
from tests.javabox.attacks.attacks_on_limits import ATTACKS_ON_LIMITS, MEMORY_MB, limits
from tests.javabox.attacks.attacks_on_tests import ATTACKS_ON_TESTS, Attack
from tests.javabox.attacks.attacks_on_the_floor import ATTACKS_ON_THE_FLOOR, FLOOR, FOUND, bystander
from tests.javabox.attacks.attacks_on_values import ATTACKS_ON_VALUES
from tests.javabox.attacks.corpus import ATTACKS, HONEST, MACHINE, MARK, PORT, REACHING, STAYING, TELLING
from tests.javabox.programs import DOUBLE, PROMPT, program

BODIES = ATTACKS | ATTACKS_ON_LIMITS
"""What the naive harness can be given as well: they ask for the same two cases."""
CORPUS = (
    {name: Attack(program(body, DOUBLE, PROMPT, **limits(name))) for name, body in BODIES.items()}
    | ATTACKS_ON_TESTS
    | ATTACKS_ON_VALUES
    | ATTACKS_ON_THE_FLOOR
    | ATTACKS_ON_CLASSES
    | ATTACKS_ON_JUNIT
)
TWICE = MACHINE | REACHING | STAYING | FOUND
"""After these comes an honest program for each lane, after the others one for one of them."""
HONEST_SECONDS = 20.0
GONE_SECONDS = 10.0
"""For what a program has left to be gone."""
FOLDERS = ("/tmp", "/var/tmp", "/dev/shm", "/run", "/etc")
"""Where files may be left, beside the home and the current folder."""
OWN = (
    "javabox.judge.Supervisor",
    "javabox.program.WarmRunner",
    "sandbox.sh",
    "warden.py",
    "while read -r group",
    "sleep 1",
)
"""What runs below an idle judge."""
NOBODY = 65534
NAIVE_WORKERS, NAIVE_FOLDERS = 2, ("/tmp", "/var/tmp", "/dev/shm")


@dataclass
class Left:
    """What is there after the last program."""

    processes: list[str] = field(default_factory=list)
    """Command lines."""
    files: list[str] = field(default_factory=list)
    connections: int = 0


@dataclass
class Siege:
    """What came of the corpus with one way to judge."""

    way: str
    passed: list[str]
    """Names of attacks that got what they wanted."""
    changed: Mapping[str, object]
    """What an honest program was told after an attack, where it was something else; by the attack's name."""
    left: Left
    seconds: float
    programs: int
    attacks: Mapping[str, Verdict] = field(default_factory=dict)
    moved: int = 0
    """Honest programs that the strict lane judged in the place of the warm one."""


def besiege(engine: Engine, isolation: Isolation = "auto", judges: int = 1) -> Siege:
    """The whole corpus through one worker each of new `judges`, which refuse where nothing isolates."""
    shares = [list(CORPUS)[at::judges] for at in range(judges)]  # most attacks wait for a limit
    with listeners() as ears, contextlib.ExitStack() as stack, ThreadPoolExecutor(judges) as pool:
        opened = [stack.enter_context(Judge(engine, workers=1, isolation=isolation)) for _ in shares]
        started = time.monotonic()
        found = list(pool.map(_attack, opened, shares))
        seconds = time.monotonic() - started
        left, way = _left_behind(opened, ears), f"javabox, {opened[0].isolation}"
    verdicts = {name: verdict for share, _, _ in found for name, verdict in share.items()}
    attacks = {name: verdicts[name] for name in CORPUS}
    changed = {name: verdict for _, told, _ in found for name, verdict in told.items()}
    passed = [name for name, verdict in attacks.items() if verdict.outcome in CORPUS[name].wanted]
    return Siege(way, passed, changed, left, seconds, len(CORPUS), attacks, sum(one[2] for one in found))


def _attack(judge: Judge, names: list[str]) -> tuple[dict[str, Verdict], dict[str, Verdict], int]:
    """The verdicts of attacks, those of honest programs behind them that are other ones, how many moved."""
    asked: list[tuple[str, str, Job]] = []
    for number, name in enumerate(names):
        lanes = list(HONEST) if name in TWICE else [list(HONEST)[number % 2]]
        asked += [(name, "", CORPUS[name].job), *((name, lane, _honest(lane, number)) for lane in lanes)]
    before = {lane: judge.grade([_honest(lane, 999)])[0] for lane in HONEST}
    assert all((verdict.passed, verdict.lane) == (True, lane) for lane, verdict in before.items()), before
    before = {lane: dataclasses.replace(verdict, wall_ms=0.0) for lane, verdict in before.items()}
    attacks, changed, moved = {}, {}, 0
    verdicts = judge.grade([job for _, _, job in asked])
    for (name, lane, _), verdict in zip(asked, verdicts, strict=True):
        if not lane:
            attacks[name] = verdict
            continue
        moved += verdict.lane != lane
        if dataclasses.replace(verdict, wall_ms=0.0, lane=lane) != before[lane]:
            changed[name] = verdict
    return attacks, changed, moved


def _honest(lane: str, number: int) -> Job:
    # Numbered, so that each is judged, and of one length, so that all verdicts are alike.
    body = f"/* {number:3} */ {HONEST[lane]}"
    return program(body, TELLING, memory_mb=MEMORY_MB, wall_seconds=HONEST_SECONDS)


@contextlib.contextmanager
def listeners() -> Iterator[list[socket.socket]]:
    """Sockets that a program would reach if it reached this machine's network."""
    with socket.create_server(("127.0.0.1", PORT)) as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", PORT))
        with bystander() as unix:
            yield [tcp, udp, *unix]


def achieved(siege: Siege) -> list[str]:
    """Attacks on what isolates that did not come back with nothing: what they say for themselves."""
    said = {name: siege.attacks[name] for name in FLOOR if name in siege.attacks}
    values = {name: verdict.cases[0].value if verdict.cases else None for name, verdict in said.items()}
    return [f"{name} ({value})" for name, value in values.items() if value != '"denied"']


def _left_behind(judges: list[Judge], ears: list[socket.socket]) -> Left:
    end = time.monotonic() + GONE_SECONDS
    while (strangers := _strangers(judges)) and time.monotonic() < end:
        time.sleep(0.2)
    folders = {*FOLDERS, str(Path.home()), os.getcwd()}
    files = [file for folder in sorted(folders) for file in glob.glob(f"{folder}/*{MARK}*")]
    return Left(strangers, files, len(select.select(ears, [], [], 0)[0]))


def _strangers(judges: list[Judge]) -> list[str]:
    """Command lines of processes that bear the mark, or are below a local judge and not its own."""
    parents = {}
    for stat in (process / "stat" for process in Path("/proc").glob("[0-9]*")):
        with contextlib.suppress(OSError):  # it ended meanwhile
            number, rest = stat.read_text().split(" (", 1)
            parents[int(number)] = int(rest.rsplit(") ", 1)[1].split()[1])
    channels = [judge._channel for judge in judges]
    below = {channel._process.pid for channel in channels if isinstance(channel, local.LocalChannel)}
    while more := {p for p, parent in parents.items() if parent in below} - below:
        below |= more
    lines = {pid: _command_line(pid) for pid in parents if pid != os.getpid()}
    known = [line for line in lines.values() if MARK in line]
    return known + [
        line for pid, line in lines.items() if pid in below and line and not any(own in line for own in OWN)
    ]


def _command_line(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ").strip()
    return ""


# ---- the naive harness -------------------------------------------------------------------------------------

NAIVE_TEST = """
class Main {
    public static boolean compare(Object obj1, Object obj2) {
        if (obj1 == null && obj2 == null) {
            return true;
        } else if (obj1 == null || obj2 == null) {
            return false;
        } else {
            return obj1.equals(obj2);
        }
    }

    public static void main(String[] args) throws Exception {
        Object x0 = S.f(2);
        Object v0 = 4;
        if (!(compare(x0, v0))) {
            throw new java.lang.Exception("Exception -- test case 0 did not pass. x0 = " + x0);
        }
        Object x1 = S.f(3);
        Object v1 = 6;
        if (!(compare(x1, v1))) {
            throw new java.lang.Exception("Exception -- test case 1 did not pass. x1 = " + x1);
        }
    }
}
"""
"""The same two cases, in the words of MBJP's tests."""


def besiege_naively(seconds: int) -> Siege:
    """The corpus, without what would harm the harness even in a sandbox, with `seconds` for each run."""
    naive.RUN_SECONDS = seconds
    corpus = {name: body for name, body in BODIES.items() if name not in MACHINE}

    def grade(body: str) -> bool:
        return naive.grade_naively(program(body).source + NAIVE_TEST).passed

    def all_of_it() -> Siege:
        started = time.monotonic()
        os.environ["JDK_JAVA_OPTIONS"] = "-Xmx1g"  # a quarter of the machine's memory otherwise
        with ThreadPoolExecutor(NAIVE_WORKERS) as pool:
            verdicts = list(pool.map(lambda body: (grade(body), grade(HONEST["warm"])), corpus.values()))
        passed = [name for name, (attack, _) in zip(corpus, verdicts, strict=True) if attack]
        changed = {name: honest for name, (_, honest) in zip(corpus, verdicts, strict=True) if not honest}
        left = _left_in_namespace()
        return Siege("javac + java", passed, changed, left, time.monotonic() - started, len(corpus))

    return _in_sandbox(all_of_it)


def _left_in_namespace() -> Left:
    """What is in this process namespace beside process 1, which is this one; zombies are nobody's doing."""
    processes = []
    for stat in (process / "stat" for process in Path("/proc").glob("[0-9]*")):
        with contextlib.suppress(OSError):
            dead = stat.read_text().rsplit(") ", 1)[1].startswith("Z")
            if stat.parent.name != "1" and not dead:
                processes.append(_command_line(int(stat.parent.name)))
    files = [file for folder in NAIVE_FOLDERS for file in glob.glob(f"{folder}/*{MARK}*")]
    tables = [Path("/proc/net", name) for name in ("tcp", "tcp6", "udp", "udp6")]
    sockets = sum(len(table.read_text().splitlines()) - 1 for table in tables if table.exists())
    return Left(processes, files, sockets)


def _in_sandbox(work: Callable[[], Siege]) -> Siege:
    """What `work` returns as process 1, user nobody, of namespaces that end with it. Needs root."""
    if os.geteuid() != 0:
        raise RuntimeError("it needs root for namespaces of its own")
    source, sink = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(source)
            _unshare()
            if os.fork() == 0:  # the first process of the new process namespace
                _furnish()
                with os.fdopen(sink, "wb") as out:
                    pickle.dump(work(), out)
            else:
                os.wait()
        finally:
            os._exit(0)
    os.close(sink)
    with os.fdopen(source, "rb") as answer:
        data = answer.read()
    os.waitpid(child, 0)
    if not data:
        raise RuntimeError("it did not come back from namespaces of its own; the error stands above")
    siege = pickle.loads(data)
    assert isinstance(siege, Siege)
    return siege


def _unshare() -> None:
    mount, uts, ipc, processes, network = 0x00020000, 0x04000000, 0x08000000, 0x20000000, 0x40000000
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(mount | uts | ipc | processes | network) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS


def _furnish() -> None:
    """Empty folders to write to, a /proc of its own, and no rights."""
    os.setsid()
    for command in [
        ["mount", "--make-rprivate", "/"],
        *(["mount", "-t", "tmpfs", "-o", "size=256m,mode=1777", "naive", f] for f in NAIVE_FOLDERS),
        ["mount", "-t", "proc", "proc", "/proc"],
    ]:
        subprocess.run(command, check=True)
    tempfile.tempdir = "/tmp"
    os.chdir("/tmp")
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


# ---- the table ---------------------------------------------------------------------------------------------


def row(siege: Siege) -> str:
    left = siege.left
    return (
        f"| {siege.way} | {siege.programs} | {len(siege.passed)} | {len(siege.changed)} "
        f"| {len(left.processes)} processes, {len(left.files)} files, {left.connections} connections "
        f"| {siege.seconds:.0f} |"
    )


def failures(siege: Siege) -> list[str]:
    """What is not as claimed, in words."""
    errors = [name for name, verdict in siege.attacks.items() if verdict.outcome is Outcome.JUDGE_ERROR]
    found = {
        "got what they wanted": siege.passed,
        "not denied": achieved(siege),
        "the judge failed at": errors,
        "changed the next verdict": list(siege.changed),
        "processes": siege.left.processes,
        "files": siege.left.files,
        "connections": [str(siege.left.connections)] * bool(siege.left.connections),
    }
    return [f"{siege.way}: {what}: {', '.join(names)}" for what, names in found.items() if names]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--naive-seconds", type=int, default=naive.RUN_SECONDS, help="limit of a run there; 0: no such run"
    )
    parser.add_argument(
        "--isolation", choices=("namespaces", "landlock"), help="that floor alone, and no docker"
    )
    parser.add_argument(
        "--landlock-abi", type=int, metavar="N", help="as on a kernel with Landlock's version N"
    )
    options = parser.parse_args()
    if options.landlock_abi is not None:
        os.environ[ABI] = str(options.landlock_abi)
    sieges, skipped = [], []
    if options.naive_seconds > 0:
        try:
            sieges.append(besiege_naively(options.naive_seconds))
        except RuntimeError as refused:
            skipped.append(f"javac + java: {refused}")
    ways: list[tuple[Engine, Isolation]] = [("local", options.isolation or "auto")]
    if docker.answers() and options.isolation is None:
        ways.append(("docker", "auto"))
    for engine, isolation in ways:
        try:
            sieges.append(besiege(engine, isolation))
        except JudgeUnavailable as refused:
            skipped.append(f"{engine}: {refused}")
    print(f"`{shlex.join(['python', '-m', 'benchmarks.attacks', *sys.argv[1:]])}`\n")
    print("| way | programs | passed | honest programs changed | left behind | seconds |")
    print("|---|---:|---:|---:|---|---:|")
    for siege in sieges:
        print(row(siege))
    for line in skipped:
        print(f"\nSkipped: {line}")
    if sieges and not sieges[0].attacks:
        print(f"\nNot run naively: {', '.join(MACHINE)}.")
        print(f"\nPassed naively: {', '.join(sieges[0].passed)}.")
    failed = [line for siege in sieges if siege.attacks for line in failures(siege)]
    for line in failed:
        print(f"NOT REACHED: {line}")
    return 1 if failed or not any(siege.attacks for siege in sieges) else 0


if __name__ == "__main__":
    sys.exit(main())
