"""What a program on the Landlock floor tries on the machine around it, in words that say what came of it.

A program of Java that starts perl (part of every Debian), which makes the calls and prints for each its name
and the error's number, or DONE. They are chosen to do no harm to the machine where they succeed: what they
reach for belongs to the test, or the arguments are none.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from javabox import Judge, Limits, Suite, SuiteCase
from javabox.engines.restricted import seccomp
from tests.javabox.programs import program

ASKED = Suite(cases=(SuiteCase("what came of it", "Object r = S.f(0);", "r", None),))
PRELUDE = """
my ($file, $pair) = ("/usr/bin/perl", "\\0" x 8);
sub t { my ($n, $r) = @_; print "$n=", ($r ? "DONE" : $! + 0), ";" }
sub c { my $n = shift; my $r = syscall($_[0], @_[1 .. 6]); print "$n=", ($r == -1 ? $! + 0 : "DONE"), ";" }
sub reach { my ($n, $f, $k, $a) = @_; socket(my $s, $f, $k, 0) or return t($n, 0); t($n, connect($s, $a)) }
"""


def attempts(judge: Judge, script: str) -> dict[str, str]:
    """The name of each attempt in a perl script, with the number of its error or DONE."""
    packed = base64.b64encode((PRELUDE + script).encode()).decode()
    body = (
        'try { Process p = new ProcessBuilder("perl", "-e", new String(Base64.getDecoder().decode("'
        + packed
        + '"))).redirectErrorStream(true).start(); return new String(p.getInputStream().readAllBytes()); }'
        " catch (java.io.IOException e) { return e.toString(); }"
    )
    verdict = judge.grade([program(body, ASKED, fuel=Limits().fuel, wall_seconds=20.0)])[0]
    assert verdict.cases[0].value is not None, verdict
    words = json.loads(verdict.cases[0].value)
    return dict(entry.split("=", 1) for entry in words.split(";") if "=" in entry)


def denied_calls(machine: str) -> str:
    """A script that makes every call which the filter always denies, with arguments that mean nothing."""
    column = seccomp.ARCHITECTURES[machine][1]
    numbers = seccomp._numbers(seccomp.DENIED, column) | seccomp._numbers(seccomp.MISSING, column)
    newer = {"fchmodat2": 452, "setxattrat": 463, "file_setattr": 469, "a call to come": 999}
    return "".join(f'c("{n}", {k}, -1, -1, -1, -1, -1, -1);' for n, k in (numbers | newer).items())


def checked_calls(machine: str, other: int) -> str:
    """A script of calls that the filter denies for what they ask; `other`: a process of the test's."""
    n = seccomp._numbers(seccomp.CHECKED, seccomp.ARCHITECTURES[machine][1])
    calls = {
        **{f"{name} of another": f"{n[name]}, {other}, 0, 0, 0" for name in OF_PROCESSES},
        "kill of all": f"{n['kill']}, -1, 0",
        "kill of itself": f"{n['kill']}, $$, 0",
        "kill of another group": f"{n['kill']}, -{other}, 0",
        "setpriority of another": f"{n['setpriority']}, 0, {other}, 5",
        "setpriority of a user": f"{n['setpriority']}, 2, 0, 5",
        "ioprio_set of another": f"{n['ioprio_set']}, 1, {other}, 0",
        "ioprio_set of a user": f"{n['ioprio_set']}, 3, 0, 0",
        **{f"clone with {1 << bit:x}": f"{n['clone']}, {1 << bit | 17}, 0, 0, 0, 0" for bit in CLONE_BITS},
        **{f"ioctl {k:x}": f"{n['ioctl']}, 0, {k}, 0" for k in IOCTLS},
        **{f"fcntl {k}": f"{n['fcntl']}, 0, {k}, {other}" for k in seccomp.FOREIGN_FCNTLS},
        "truncating while reading": f"{n['openat']}, -100, $file, {seccomp.O_TRUNC}, 0",
        "opening for neither": f"{n['openat']}, -100, $file, 3, 0",
    }
    return "".join(f'c("{name}", {call});' for name, call in calls.items())


OF_PROCESSES = (
    "kill",
    "prlimit64",
    "sched_setparam",
    "sched_setscheduler",
    "sched_setaffinity",
    "sched_setattr",
    "migrate_pages",
    "move_pages",
)
CLONE_BITS = (15, 17, 25, 26, 27, 28, 29, 30)
"""CLONE_PARENT and the namespaces."""
IOCTLS = (0x5412, 0x541C, 0x8901, 0x8902, 0x40086602, 0x40806685, 0x5000940E)
"""TIOCSTI, TIOCLINUX, FIOSETOWN, SIOCSPGRP, file flags, verity, a subvolume of btrfs."""


def own_calls(machine: str) -> str:
    """A script of the same calls for what is the program's own: all are allowed."""
    n = seccomp._numbers(seccomp.CHECKED, seccomp.ARCHITECTURES[machine][1])
    calls = {
        "kill": f"{n['kill']}, 0, 0",
        "setpriority": f"{n['setpriority']}, 0, 0, 5",
        "prlimit64": f"{n['prlimit64']}, 0, 7, 0, 0",
        "fcntl": f"{n['fcntl']}, 0, 1, 0",
        "socketpair": f"{n['socketpair']}, 1, 1, 0, $pair",
        "openat": f"{n['openat']}, -100, $file, 0, 0",
    }
    return "".join(f'c("{name}", {call});' for name, call in calls.items())


def on_files(folder: str, shown: Mapping[str, str]) -> str:
    """A script that tries what can be tried on a folder, and the file `note` in it, that all may write."""
    note = f"{folder}/note"
    tries = {
        "read": f'sysopen(my $f, "{note}", 0)',
        "write": f'sysopen(my $f, "{note}", 1)',
        "truncate on opening": f'sysopen(my $f, "{note}", 513)',
        "truncate": f'truncate("{note}", 0)',
        "delete": f'unlink("{note}")',
        "rename": f'rename("{note}", "{folder}/moved")',
        "chmod": f'chmod(0600, "{note}")',
        "chmod of the folder": f'chmod(0700, "{folder}")',
        "utime": f'utime(1, 1, "{note}")',
        "link": f'link("{note}", "{folder}/linked")',
        "link from within": f'link("/usr/bin/perl", "{folder}/linked")',
        "symlink": f'symlink("{note}", "{folder}/symlinked")',
        "mkdir": f'mkdir("{folder}/made")',
        "make": f'sysopen(my $f, "{folder}/made", 65)',
        "list": f'opendir(my $d, "{folder}")',
        "read the home": 'opendir(my $d, "/root")',
        "read passwords": 'sysopen(my $f, "/etc/passwd", 0)',
        "write to /tmp": 'sysopen(my $f, "/tmp/escaped", 65)',
        "write to /dev/shm": 'sysopen(my $f, "/dev/shm/escaped", 65)',
        "write to the terminal": 'sysopen(my $f, "/dev/tty", 1)',
        **{name: f'sysopen(my $f, "{path}", 1)' for name, path in shown.items()},
    }
    return "".join(f't("{name}", {attempt});' for name, attempt in tries.items())


def on_sockets(tcp: int, udp: int, path: str, abstract: str) -> str:
    """A script that calls on the listeners of the test."""
    here = '"\\x7f\\0\\0\\1" . "\\0" x 8'
    return (
        f'reach("tcp", 2, 1, pack("Sn", 2, {tcp}) . {here});'
        f'reach("udp", 2, 2, pack("Sn", 2, {udp}) . {here});'
        f'reach("named", 1, 1, pack("Sa108", 1, "{path}"));'
        f'reach("named datagram", 1, 2, pack("Sa108", 1, "{path}"));'
        f'reach("abstract", 1, 1, pack("S", 1) . "\\0{abstract}");'
        'reach("netlink", 16, 3, pack("SSLL", 16, 0, 0, 0)); t("pair", socketpair(my $a, my $b, 2, 1, 0));'
    )


def on_processes(others: Mapping[str, int]) -> str:
    """A script that reaches for open files and memory of other processes, and signals them."""
    script = ""
    for name, pid in others.items():
        for number in range(6):
            script += f't("{name} fd {number}", sysopen(my $f, "/proc/{pid}/fd/{number}", 1));'
            script += f't("{name} fd {number} read", sysopen(my $f, "/proc/{pid}/fd/{number}", 0));'
        for file in ("mem", "environ", "maps", "auxv"):
            script += (
                f't("{name} {file}", (sysopen(my $f, "/proc/{pid}/{file}", 0) and sysread($f, my $b, 1)));'
            )
        for file in ("mem", "oom_score_adj", "comm", "clear_refs", "coredump_filter", "timerslack_ns"):
            script += f't("{name} {file} write", sysopen(my $f, "/proc/{pid}/{file}", 1));'
        script += f't("{name} cwd", opendir(my $d, "/proc/{pid}/cwd/"));'
        script += f't("{name} root", opendir(my $d, "/proc/{pid}/root/"));'
        script += f't("{name} signal", kill(19, {pid}));'
    return script


FILLS = """
    for (java.io.File p : new java.io.File("/proc").listFiles()) try {
      String c = java.nio.file.Files.readString(java.nio.file.Path.of(p + "/cmdline"));
      int at = c.indexOf("-Djavabox." + "tmp=");
      if (at < 0) continue;
      String folder = c.substring(at + 14, c.indexOf('\\0', at));
      for (int i = 0; i < 5; i++) try (var o = new java.io.FileOutputStream(folder + "/" + i)) {
        for (int k = 0; k < 30; k++) o.write(new byte[1 << 20]);
      }
      Thread.sleep(2000);
      return "it was let";
    } catch (java.io.IOException | InterruptedException e) { }
    return "no folder";"""
"""Looks for the judge's temporary folder, and finds one that it may write to."""

USES = """
    Path own = null;
    for (File p : new File("/proc").listFiles()) try {
      String c = Files.readString(Path.of(p + "/cmdline"));
      int at = c.indexOf("-Djavabox." + "tmp=");
      Path folder = Path.of(at < 0 ? "/" : c.substring(at + 14, c.indexOf('\\0', at)));
      if (at >= 0) { Files.delete(Files.createTempFile(folder, "a", "b")); own = folder; }
    } catch (IOException e) { }
    try {
      Path folder = Files.createTempDirectory(own, "of");
      Path file = Files.createTempFile(folder, "a", ".txt");
      Files.write(file, List.of("one", "two"));
      try (var w = new FileWriter(file.toFile(), true)) { w.write("three"); }
      try (var r = new BufferedReader(new FileReader(file.toFile()))) { if (!r.readLine().equals("one")) return 1; }
      try (var r = new RandomAccessFile(file.toFile(), "rw")) { r.seek(4); r.write('T'); r.setLength(8); }
      Files.move(file, folder.resolve("b"));
      Files.copy(folder.resolve("b"), folder.resolve("c"));
      try (var f = java.nio.channels.FileChannel.open(folder.resolve("c"), StandardOpenOption.READ)) {
        if (f.map(java.nio.channels.FileChannel.MapMode.READ_ONLY, 0, 8).get(4) != 'T') return 2;
      }
      File made = new File(folder.toFile(), "d");
      if (!made.mkdir() || !new File(made, "e").createNewFile() || !new File(made, "e").delete() || !made.delete()) return 3;
      try (var s = Files.walk(folder)) { if (s.count() != 3) return 4; }
      List<String> lines = Files.readAllLines(folder.resolve("c"));
      for (String name : new String[] {"b", "c"}) Files.delete(folder.resolve(name));
      Files.delete(folder);
      try (var open = java.nio.channels.Selector.open()) { open.selectNow(); }
      Process child = new ProcessBuilder("sh", "-c", "cat; exit 3").start();
      try (var out = child.getOutputStream()) { out.write(65); }
      return lines + " " + child.getInputStream().read() + " " + child.waitFor();
    } catch (IOException | InterruptedException e) { throw new RuntimeException(e); }"""
"""What honest programs do with files and processes, in the folder that is theirs."""
