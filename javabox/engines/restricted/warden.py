"""Starts a supervisor under Landlock and the filter, and ends it with all that came of it. A script.

    python -I -S warden.py SPEC -- COMMAND …      SPEC: a JSON object, made by engines/restricted/floor.py

Three processes, the judge's child first: a guard; a warden, which alone may signal what is below; and the
supervisor, which gives its rights up before it becomes a JVM (restraint.py). Guard and warden adopt the
orphans below them: whatever a program starts becomes, once its parent is gone, a child that can be killed
without a doubt whose it is. When the judge, the supervisor, the warden or the guard ends, whoever is left of
the last two kills every child until it has none.

The supervisor asks the warden by two pipes (`-Djavabox.warden=IN:OUT`): `kill GROUP` ends the process group
of a program, `strays` what ended programs left behind and says how many that were.

Not covered: guard and warden killed at once; what programs hide of the space that they use in deleted files.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, NoReturn

PDEATHSIG, CHILD_SUBREAPER = 1, 36
MIB = 1 << 20
FOLDER_BYTES, FOLDER_FILES = 128 * MIB, 10_000
"""Of programs' temporary folder; beyond, all is ended, and the judge asks again for one after the other.
Twice what the supervisor allows (judge/run/Scratch), to which a program may have closed a folder."""
LOOKS, LOOK_SECONDS = 3, 0.02
"""What is being killed is no stray yet."""
GONE_SECONDS = 10.0
TICK_SECONDS = 0.25
FAILED = 71


def sibling(name: str) -> ModuleType:
    """The module in the file beside this one: the package need not be importable here."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{name}.py")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# ---- children ----------------------------------------------------------------------------------------------


def children() -> list[int]:
    """This process's own, adopted ones included; their numbers are nobody else's until they are reaped."""
    own = os.getpid()
    try:
        with open(f"/proc/self/task/{own}/children") as listed:
            return [int(pid) for pid in listed.read().split()]
    except FileNotFoundError:  # a kernel without CONFIG_PROC_CHILDREN
        return [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and _stat(int(pid))[1] == own]


def _stat(pid: int) -> tuple[str, int, int]:
    """State, parent and process group; zeros of a process that is gone."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", encoding="latin-1") as stat:
        state, parent, group = stat.read().rpartition(")")[2].split()[:3]
        return state, int(parent), int(group)
    return "X", 0, 0


def reap() -> set[int]:
    """Children that ended."""
    ended = set()
    with contextlib.suppress(ChildProcessError):
        while (pid := os.waitpid(-1, os.WNOHANG)[0]) != 0:
            ended.add(pid)
    return ended


def kill_children(which: Callable[[int], bool]) -> tuple[int, bool]:
    """Kills children, and what they leave, until none is left that `which` holds for.

    How many those were, and whether all are gone: no more than GONE_SECONDS are spent on it.
    """
    killed: set[int] = set()
    end = time.monotonic() + GONE_SECONDS
    while True:
        reap()
        left = [pid for pid in children() if which(pid)]
        if not left or time.monotonic() > end:
            return len(killed), not left
        for pid in left:
            _, _, group = _stat(pid)
            if group not in (0, 1, os.getpgrp()):  # all of a group at once, which no fork outruns
                with contextlib.suppress(OSError):
                    os.killpg(group, signal.SIGKILL)
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        killed.update(left)
        time.sleep(0.001)


# ---- the processes -----------------------------------------------------------------------------------------


def guard(spec: Mapping[str, Any], command: list[str]) -> NoReturn:
    """Lives as long as the judge and the warden do; then nothing that they started is left."""
    watched = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD}
    signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    adopt_orphans()
    there, here = os.pipe()
    own = os.getpid()
    warden = os.fork()
    if warden == 0:
        try:
            os.close(here)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            adopt_orphans()
            if os.getppid() == own:
                Warden(spec, command, there).watch()
        except (OSError, ValueError) as error:
            print(f"javabox: the warden failed: {error!r}", file=sys.stderr)
        finally:
            kill_children(lambda _: True)
            if os.getppid() != own:
                remove(spec["remove"])
            os._exit(0)
    os.close(there)
    for number in (0, 1):
        os.close(number)
    while os.getppid() == spec["judge"]:
        got = signal.sigtimedwait(watched, 1.0)
        if (got is not None and got.si_signo != signal.SIGCHLD) or warden in reap():
            break
    kill_children(lambda _: True)
    remove(spec["remove"])
    os._exit(0)


def adopt_orphans() -> None:
    """Makes those below this process its children when their parents end."""
    if ctypes.CDLL(None).prctl(CHILD_SUBREAPER, ctypes.c_ulong(1), 0, 0, 0) != 0:
        raise OSError("this kernel lets no process adopt orphans")


def remove(folder: str) -> None:
    """Deletes the judge's private folder. By rm, which no depth of folders stops; it follows no links."""
    with contextlib.suppress(OSError):
        rm = os.posix_spawn("/bin/rm", ["rm", "-rf", "--", folder], {})
        os.waitpid(rm, 0)


class Warden:
    """The supervisor's parent: watches, and does what it asks for."""

    def __init__(self, spec: Mapping[str, Any], command: list[str], guard: int) -> None:
        self.folder: str = spec["tmp"]
        self.guard = guard
        self.wake, wakes = os.pipe()
        os.set_blocking(wakes, False)
        os.set_blocking(self.wake, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
        self.requests, asks = os.pipe()
        hears, self.answers = os.pipe()
        if spec["uid"] is not None:
            for pipe in (asks, hears):  # the JVM opens them again, as files
                os.fchown(pipe, spec["uid"], spec["uid"])
        self.supervisor = os.fork()
        if self.supervisor == 0:
            become(spec, [command[0], f"-Djavabox.warden={hears}:{asks}", *command[1:]], (hears, asks))
        for pipe in (asks, hears, 1):
            os.close(pipe)

    def watch(self) -> None:
        """Until the judge, the guard or the supervisor is gone."""
        poll = select.poll()
        for pipe in (0, self.guard):  # only that their other end was closed
            poll.register(pipe, 0)
        for pipe in (self.wake, self.requests):
            poll.register(pipe, select.POLLIN)
        looked = time.monotonic()
        while True:
            ready = {pipe for pipe, _ in poll.poll(1000 * TICK_SECONDS)}
            if ready & {0, self.guard} or self.supervisor in reap():
                return
            if self.wake in ready:
                os.read(self.wake, 4096)
            if self.requests in ready:
                asked = os.read(self.requests, 4096)
                if not asked:
                    return
                for line in asked.splitlines():
                    os.write(self.answers, b"%d\n" % self.answer(line.decode()))
            if time.monotonic() - looked > TICK_SECONDS:
                looked = time.monotonic()
                if overflows(self.folder):
                    print("javabox: programs filled their temporary folder", file=sys.stderr)
                    return

    def answer(self, request: str) -> int:
        """0 or 1 to `kill GROUP`; to `strays` how many were killed, -1 where one is left."""
        if request == "strays":
            return self.end_strays()
        return int(self.kill(int(request.removeprefix("kill "))))

    def kill(self, group: int) -> bool:
        """Kills a process group that the supervisor started, and no other, whatever number it may ask for."""
        _, parent, its_group = _stat(group)
        if parent == self.supervisor and its_group != group:  # on its way to a group of its own
            os.kill(group, signal.SIGKILL)
            return True
        orphans = (pid for pid in children() if pid != self.supervisor)
        if parent != self.supervisor and not any(_stat(pid)[2] == group for pid in orphans):
            return False
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
        return True

    def end_strays(self) -> int:
        for _ in range(LOOKS):
            if not any(map(self.is_stray, children())):
                return 0
            time.sleep(LOOK_SECONDS)
        killed, gone = kill_children(self.is_stray)
        return killed if gone else -1

    def is_stray(self, child: int) -> bool:
        """Whether an orphan is in no group of a running program: the supervisor's children lead those."""
        if child == self.supervisor:
            return False
        state, _, group = _stat(child)
        return state not in "ZX" and _stat(group)[1] != self.supervisor


def become(spec: Mapping[str, Any], command: list[str], kept: tuple[int, ...]) -> NoReturn:
    """Turns this process into the restricted supervisor."""
    warden = os.getppid()
    restraint, landlock, filter_ = map(sibling, ("restraint", "landlock", "seccomp"))
    try:
        restraint.restrict(spec, landlock, filter_)
        ctypes.CDLL(None).prctl(PDEATHSIG, ctypes.c_ulong(signal.SIGKILL), 0, 0, 0)
        for pipe in kept:
            os.set_inheritable(pipe, True)
        if os.getppid() == warden:
            os.execve(command[0], command, dict(os.environ))
    except OSError as error:
        print(f"javabox: the supervisor could not be started: {error}", file=sys.stderr, flush=True)
    finally:
        os._exit(FAILED)


def overflows(folder: str) -> bool:
    """Whether programs keep more in their folder than they may."""
    left, seen, size = [folder], 0, 0
    while left:
        try:
            with os.scandir(left.pop()) as entries:
                for entry in entries:
                    seen += 1
                    found = entry.stat(follow_symlinks=False)
                    size += 512 * found.st_blocks
                    if entry.is_dir(follow_symlinks=False):
                        left.append(entry.path)
                    if seen > FOLDER_FILES or size > FOLDER_BYTES:
                        return True
        except OSError:
            continue  # deleted meanwhile
    return False


def main() -> int:
    spec = json.loads(sys.argv[1])
    if spec["probe"] is not None:
        restraint, landlock, filter_ = map(sibling, ("restraint", "landlock", "seccomp"))
        return int(restraint.probe(spec, landlock, filter_))
    guard(spec, sys.argv[3:])


if __name__ == "__main__":
    sys.exit(main())
