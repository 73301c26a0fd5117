"""The filter of system calls: what it forbids, and its program for the kernel (seccomp(2), classic BPF).

It denies what Landlock does not see, or not on older kernels: sockets, a file's rights, owner, times and
attributes, signals to other processes, tracing, what is counted for all processes of a user, namespaces and
mounts. It is a list of what is denied (EPERM), since a JVM and the shells and tools that programs may start
use most of the rest; what is newer than the list does not exist (ENOSYS), nor do clone3 and openat2, whose
arguments a filter can't read and for which the C library has older calls. Calls of another processor's kind
end the process.

As a script it puts a command under a part of it: what the kernel keeps for other processes to find without
any file (LASTING), which namespaces leave to programs, and so to the next one.

Not covered: processors beside x86_64 and aarch64; paths, which Landlock holds; locks on files that a program
may read (fcntl), which it may take as any reader may.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterable

DENIED = """
socket 41 198, bind 49 200, listen 50 201, accept 43 202, accept4 288 242,
connect 42 203, getsockname 51 204, getpeername 52 205, sendto 44 206, recvfrom 45 207, sendmsg 46 211,
recvmsg 47 212, sendmmsg 307 269, recvmmsg 299 243, shutdown 48 210, setsockopt 54 208,
getsockopt 55 209, io_uring_setup 425 425, io_uring_enter 426 426, io_uring_register 427 427,
io_setup 206 0,

chmod 90 -, fchmod 91 52, fchmodat 268 53, chown 92 -, fchown 93 55, lchown 94 -, fchownat 260 54,
utime 132 -, utimes 235 -, futimesat 261 -, utimensat 280 88, setxattr 188 5, lsetxattr 189 6,
fsetxattr 190 7, removexattr 197 14, lremovexattr 198 15, fremovexattr 199 16, truncate 76 45,
mknod 133 -, mknodat 259 33, link 86 -, linkat 265 37, flock 73 32, memfd_create 319 279,
memfd_secret 447 447, open_by_handle_at 304 265, name_to_handle_at 303 264,

ptrace 101 117, process_vm_readv 310 270, process_vm_writev 311 271, kcmp 312 272, pidfd_open 434 434,
pidfd_getfd 438 438, pidfd_send_signal 424 424, process_madvise 440 440, process_mrelease 448 448,
tkill 200 130, tgkill 234 131, rt_sigqueueinfo 129 138, rt_tgsigqueueinfo 297 240,

shmget 29 194, shmat 30 196, shmctl 31 195, shmdt 67 197, semget 64 190, semop 65 193, semctl 66 191,
semtimedop 220 192, msgget 68 186, msgsnd 69 189, msgrcv 70 188, msgctl 71 187, mq_open 240 180,
mq_unlink 241 181, mq_timedsend 242 182, mq_timedreceive 243 183, mq_notify 244 184,
mq_getsetattr 245 185, bpf 321 280, perf_event_open 298 241, userfaultfd 323 282, add_key 248 217,
request_key 249 218, keyctl 250 219, inotify_init 253 -, inotify_init1 294 26, inotify_add_watch 254 27,
fanotify_init 300 262, fanotify_mark 301 263,

mount 165 40, umount2 166 39, pivot_root 155 41, chroot 161 51, unshare 272 97, setns 308 268,
move_mount 429 429, open_tree 428 428, fsopen 430 430, fsconfig 431 431, fsmount 432 432,
fspick 433 433, mount_setattr 442 442, init_module 175 105, finit_module 313 273, delete_module 176 106,
kexec_load 246 104, kexec_file_load 320 294, reboot 169 142, swapon 167 224, swapoff 168 225,
acct 163 89, syslog 103 116, vhangup 153 58, quotactl 179 60, quotactl_fd 443 443, sethostname 170 161,
setdomainname 171 162, settimeofday 164 170, clock_settime 227 112, adjtimex 159 171,
clock_adjtime 305 266, personality 135 92, modify_ldt 154 -, iopl 172 -, ioperm 173 -, uselib 134 -,
ustat 136 -, sysfs 139 -, _sysctl 156 -, nfsservctl 180 42, lookup_dcookie 212 18, sync 162 81,
syncfs 306 267
"""
"""Denied whatever their arguments: name, number on x86_64, number on aarch64 (`-`: there is none)."""

LASTING = (
    *("shmget", "shmat", "shmctl", "semget", "semop", "semctl", "semtimedop"),
    *("msgget", "msgsnd", "msgrcv", "msgctl", "mq_open", "mq_unlink", "add_key", "request_key", "keyctl"),
)
"""Of those above: shared memory, semaphores, queues, keys."""

CHECKED = """
socketpair 53 199, kill 62 129, clone 56 220, open 2 -, openat 257 56, ioctl 16 29, fcntl 72 25,
prlimit64 302 261, sched_setparam 142 118, sched_setscheduler 144 119, sched_setaffinity 203 122,
sched_setattr 314 274, setpriority 141 140, ioprio_set 251 30, migrate_pages 256 238,
move_pages 279 239
"""
"""Denied for some arguments (`TESTS`)."""
MISSING = "clone3 435 435, openat2 437 437"
LAST = 450
"""Numbers above are of calls that were new when this list was made; Linux 6.1 ends here."""

EVERY, O_TRUNC, O_ACCMODE = 0xFFFFFFFF, 0o1000, 3
NAMESPACES, CLONE_PARENT = 0x7E020000, 0x8000
# TCGETS, TIOCGPGRP, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX: others change what is not the program's
# own, by way of a file that it may only read (file attributes, verity, subvolumes), or who is signalled.
HARMLESS_IOCTLS = (0x5401, 0x540F, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
# F_SETOWN, F_SETSIG, F_SETOWN_EX: signals by way of a file; F_SETLEASE and F_NOTIFY: other processes' files;
# F_SETPIPE_SZ: counted for all of a user.
FOREIGN_FCNTLS = (8, 10, 15, 1024, 1026, 1031)

Test = tuple[int, int, tuple[int, ...], bool]
"""Number of an argument, a mask, values, and whether the masked argument must be one of them or none."""
OWN: Test = (0, EVERY, (0,), True)
"""The process that is named is the caller; for kill, its process group."""
# Truncating while opening for reading is no writing to Landlock before its third version; the fourth way to
# open (neither reading nor writing, but ioctl) is no access at all to any.
TRUNCATED = (O_TRUNC, O_ACCMODE, O_TRUNC | O_ACCMODE)
TESTS: dict[str, tuple[Test, ...]] = {
    "socketpair": (
        (0, EVERY, (1,), True),
    ),  # AF_UNIX, a pipe: the JDK's file channels make one to begin with
    "kill": (OWN,),
    "clone": ((0, NAMESPACES | CLONE_PARENT, (0,), True),),
    "open": ((1, O_TRUNC | O_ACCMODE, TRUNCATED, False),),
    "openat": ((2, O_TRUNC | O_ACCMODE, TRUNCATED, False),),
    "ioctl": ((1, EVERY, HARMLESS_IOCTLS, True),),
    "fcntl": ((1, EVERY, FOREIGN_FCNTLS, False),),
    "prlimit64": (OWN,),
    "sched_setparam": (OWN,),
    "sched_setscheduler": (OWN,),
    "sched_setaffinity": (OWN,),
    "sched_setattr": (OWN,),
    "setpriority": (OWN, (1, EVERY, (0,), True)),  # PRIO_PROCESS, this one
    "ioprio_set": ((0, EVERY, (1,), True), (1, EVERY, (0,), True)),  # IOPRIO_WHO_PROCESS, this one
    "migrate_pages": (OWN,),
    "move_pages": (OWN,),
}

ARCHITECTURES = {"x86_64": (0xC000003E, 0, 317), "aarch64": (0xC00000B7, 1, 277)}
"""The kernel's number for it, the column of the tables above, and the number of seccomp(2)."""
X32 = 0x40000000
LOAD, AND, JUMP, EQUAL, AT_LEAST, ABOVE, RETURN = 0x20, 0x54, 0x05, 0x15, 0x35, 0x25, 0x06
KILL, ALLOW, FAIL = 0x80000000, 0x7FFF0000, 0x00050000
EPERM, ENOSYS = 1, 38
SET_MODE_FILTER, SPEC_ALLOW = 1, 4

Instruction = tuple[int, int, int, int]
"""Code, how many instructions to skip where it holds and where not, operand."""


def supported() -> bool:
    """Whether there is a list for this processor."""
    return os.uname().machine in ARCHITECTURES


def install(*, lasting: bool = False) -> None:
    """Puts this thread and all that it starts under the filter, or with `lasting` that part of it.

    Needs no_new_privs. Raises OSError.
    """
    number = ARCHITECTURES[os.uname().machine][2]
    code = (lasting_program if lasting else program)(os.uname().machine)
    buffer = ctypes.create_string_buffer(code, len(code))
    filter_ = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    for flags in (
        SPEC_ALLOW,
        0,
    ):  # older kernels would slow all that is filtered down, or don't know the flag
        if libc.syscall(number, SET_MODE_FILTER, flags, filter_) == 0:
            return
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), "seccomp")


def program(machine: str) -> bytes:
    """The filter for a processor, as the kernel takes it."""
    architecture, column, _ = ARCHITECTURES[machine]
    fails, missing = (RETURN, 0, 0, FAIL | EPERM), (RETURN, 0, 0, FAIL | ENOSYS)
    code: list[Instruction] = [
        (LOAD, 0, 0, 4),
        (EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, 0),
        *([(AT_LEAST, 0, 1, X32), (RETURN, 0, 0, KILL)] if machine == "x86_64" else []),
        (ABOVE, 0, 1, LAST),
        missing,
    ]
    for number in _numbers(MISSING, column).values():
        code += [(EQUAL, 0, 1, number), missing]
    for name, number in _numbers(CHECKED, column).items():
        block = _tested(TESTS[name])
        code += [(EQUAL, 0, len(block), number), *block]
    for number in _numbers(DENIED, column).values():
        code += [(EQUAL, 0, 1, number), fails]
    code.append((RETURN, 0, 0, ALLOW))
    return b"".join(struct.pack("HBBI", *instruction) for instruction in code)


def lasting_program(machine: str) -> bytes:
    """The part of the filter that denies LASTING."""
    architecture, column, _ = ARCHITECTURES[machine]
    numbers = _numbers(DENIED, column)
    code: list[Instruction] = [
        (LOAD, 0, 0, 4),
        (EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, 0),
        *([(AT_LEAST, 0, 1, X32), (RETURN, 0, 0, KILL)] if machine == "x86_64" else []),
    ]
    for name in LASTING:
        code += [(EQUAL, 0, 1, numbers[name]), (RETURN, 0, 0, FAIL | EPERM)]
    code.append((RETURN, 0, 0, ALLOW))
    return b"".join(struct.pack("HBBI", *instruction) for instruction in code)


def _tested(tests: Iterable[Test]) -> list[Instruction]:
    """Allows where all tests hold. Arguments that matter here have 32 bits: the kernel ignores the others."""
    code: list[Instruction] = []
    for argument, mask, values, one_of_them in tests:
        count = len(values)
        code += [(LOAD, 0, 0, 16 + 8 * argument), (AND, 0, 0, mask)]
        code += [(EQUAL, count - i, 0, value) for i, value in enumerate(values)]
        code += [] if one_of_them else [(JUMP, 0, 0, 1)]
        code.append((RETURN, 0, 0, FAIL | EPERM))
    return [*code, (RETURN, 0, 0, ALLOW)]


def _numbers(table: str, column: int) -> dict[str, int]:
    entries = (entry.split() for entry in table.split(","))
    return {name: int(numbers[column]) for name, *numbers in entries if numbers[column] != "-"}


if __name__ == "__main__":
    ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    install(lasting=True)
    os.execvp(sys.argv[1], sys.argv[1:])
