"""What a supervisor gives up before it becomes a JVM, and the trial that shows whether that holds here.

Its user, where root is there to give it another, capabilities, all rights to files but a few (landlock.py),
and the system calls that the filter denies (seccomp.py). Loaded by warden.py, by its path.

Not covered: the environment and open files, which are the warden's to choose.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

CAPBSET_DROP, NO_NEW_PRIVS, AMBIENT, CLEAR_ALL = 24, 38, 47, 4
CAPABILITIES_VERSION, CAPABILITIES = 0x20080522, 64
LIMITS = {
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_FSIZE: 64 << 20,
    resource.RLIMIT_NOFILE: 4096,
    resource.RLIMIT_MEMLOCK: 64 << 10,
    resource.RLIMIT_MSGQUEUE: 0,
    resource.RLIMIT_SIGPENDING: 4096,
    resource.RLIMIT_RTPRIO: 0,
    resource.RLIMIT_NICE: 0,
}


def restrict(spec: Mapping[str, Any], landlock: ModuleType, filter_: ModuleType) -> None:
    """Gives up everything, with the modules of that name (seccomp's is `filter_`). Raises OSError."""
    os.setsid()
    os.chdir("/")
    os.umask(0o077)
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for limit, most in LIMITS.items():
        _limit(limit, most)
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in range(CAPABILITIES):
        libc.prctl(CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0)  # refused unless root
    if spec["uid"] is not None:
        os.setgroups([])
        os.setresgid(spec["uid"], spec["uid"], spec["uid"])
        os.setresuid(spec["uid"], spec["uid"], spec["uid"])
    libc.prctl(AMBIENT, ctypes.c_ulong(CLEAR_ALL), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0))
    libc.capset((ctypes.c_uint32 * 2)(CAPABILITIES_VERSION, 0), (ctypes.c_uint32 * 6)())
    if spec["processes"]:
        _limit(resource.RLIMIT_NPROC, _running(spec["running"]) + spec["processes"])
    if libc.prctl(NO_NEW_PRIVS, ctypes.c_ulong(1), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), "no_new_privs")
    if spec["landlock"] is not None:
        landlock.restrict(spec["landlock"]["abi"], spec["landlock"]["allowed"])
    if spec["seccomp"]:
        filter_.install()


def _limit(limit: int, most: int) -> None:
    hard = resource.getrlimit(limit)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(limit, (most, most))


def _running(seen: int) -> int:
    """Tasks of this user, at least `seen`: those in other containers count too, and can't be seen."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    running = max(seen, 1)
    while hard == resource.RLIM_INFINITY or running < hard:
        resource.setrlimit(resource.RLIMIT_NPROC, (running + 1, hard))
        try:
            child = os.fork()
        except BlockingIOError:
            running *= 2
            continue
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
        break
    resource.setrlimit(resource.RLIMIT_NPROC, (soft, hard))
    return running


def probe(spec: Mapping[str, Any], landlock: ModuleType, filter_: ModuleType) -> int:
    """Gives up what a supervisor does, and prints as JSON what works then and must not, or the reverse."""
    wrong: list[str] = []
    parent = os.getppid()
    outside, inside = spec["probe"], os.path.join(spec["tmp"], "probe")
    try:
        restrict(spec, landlock, filter_)
    except OSError as error:
        print(json.dumps([f"{error.filename or error.strerror}: {error.strerror}"]))
        return 0
    inet, unix, stream, datagram = 2, 1, 1, 2
    forbidden: dict[str, Callable[[], Any]] = {
        "a file can be written": lambda: os.open(outside, os.O_WRONLY),
        "a file can be read": lambda: os.open(outside, os.O_RDONLY),
        "a file can be made": lambda: os.open(outside + "-new", os.O_WRONLY | os.O_CREAT),
        "a file's mode can be changed": lambda: os.chmod(outside, 0o600),
        "a file's times can be changed": lambda: os.utime(outside),
        "a connection can be made": lambda: _socket(inet, stream),
        "a datagram can be sent": lambda: _socket(inet, datagram),
        "a named socket can be opened": lambda: _socket(unix, stream),
        "a process can be signalled": lambda: os.kill(parent, 0),
        "a process can be found by its number": lambda: os.kill(os.getpid(), 0),
        "another's open file can be opened": lambda: os.readlink(f"/proc/{parent}/fd/0"),
        "another's memory can be read": lambda: os.open(f"/proc/{parent}/mem", os.O_RDONLY),
    }
    for what, attempt in forbidden.items():
        with contextlib.suppress(OSError):
            attempt()
            wrong.append(what)
    try:
        os.close(os.open(inside, os.O_WRONLY | os.O_CREAT, 0o600))
        os.unlink(inside)
    except OSError as error:
        wrong.append(f"the temporary folder can't be used: {error.strerror}")
    for path in spec["needed"]:
        if not os.access(path, os.R_OK | (os.X_OK if os.path.isdir(path) else 0)):
            wrong.append(f"{path} can't be read")
    print(json.dumps(wrong))
    return 0


def _socket(family: int, kind: int) -> None:
    # The module socket can't be loaded any more.
    if ctypes.CDLL(None).socket(family, kind, 0) < 0:
        raise OSError("refused")
