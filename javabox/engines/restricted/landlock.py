"""Landlock by its three system calls: a process gives up all rights to files but those it names, for good.

It needs no privileges, holds for all that the process starts, and keeps them from tracing, and from opening
the memory and the files of, processes outside. What it knows depends on the kernel ("ABI"): from 2 on moving
between folders, from 3 truncating, from 4 TCP, from 5 ioctl on devices, from 6 signals and abstract sockets.
It never sees chmod, utime and the like, datagrams, or named sockets: those are the filter's (seccomp.py).

Not covered: what is open already when the process gives its rights up.
"""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Iterable

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""The same numbers on every processor."""
VERSION = 1
PATH_BENEATH = 1
O_PATH = 0o10000000

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = (1 << bit for bit in range(6))
MAKE_DIR, MAKE_REG, MAKE_SYM, REFER, TRUNCATE, IOCTL_DEV = (1 << bit for bit in (7, 8, 12, 13, 14, 15))
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
READ = READ_FILE | READ_DIR
RUN = READ | EXECUTE
WRITE = WRITE_FILE | TRUNCATE
KEEP = READ | WRITE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SYM | REFER
"""To use a folder for files of one's own."""
RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
"""All rights to files that an ABI knows."""
LATEST = 7
TCP, SCOPES = 0b11, 0b11


class _Attributes(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def abi() -> int:
    """The kernel's version of Landlock, at most the latest known here. Raises OSError where there is none."""
    return min(_call(CREATE_RULESET, None, ctypes.c_size_t(0), VERSION), LATEST)


def restrict(version: int, allowed: Iterable[tuple[str, int]]) -> None:
    """Leaves this thread, and all that it starts, the rights beneath those paths; needs no_new_privs.

    `version`: an ABI that the kernel has. Paths that are not there are left out. Raises OSError.
    """
    files = RIGHTS[min(version, max(RIGHTS))]
    attributes = _Attributes(files, TCP if version >= 4 else 0, SCOPES if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = _call(CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(size), 0)
    try:
        for path, rights in allowed:
            _allow(ruleset, path, rights & files)
        _call(RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        parent = os.open(path, O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(parent).st_mode):
            rights &= OF_FILES
        rule = _PathBeneath(rights, parent)
        _call(ADD_RULE, ruleset, PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(parent)


def _call(number: int, *arguments: object) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    answer = int(libc.syscall(number, *arguments))
    if answer < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), "Landlock")
    return answer
