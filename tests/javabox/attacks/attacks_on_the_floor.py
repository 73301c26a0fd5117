"""Programs that attack the clock, the folder for temporary files and what isolates them.

Completions as in attacks.py. Those in FLOOR return what they have achieved, `denied` where that is nothing. None
does harm where it succeeds: it signals with signal 0, opens without writing, writes files of its own mark and deletes
them, and touches only what the besieger has put there (BYSTANDER).
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from javabox import Job
from tests.javabox.attacks.attacks_on_tests import LIMITS, Attack
from tests.javabox.attacks.corpus import MARK, PORT, SUPERVISOR, shell
from tests.javabox.programs import DOUBLE, PROMPT

PATIENT = replace(LIMITS, idle_seconds=10.0, wall_seconds=60.0)
"""For those that end by themselves: their shells wait for the disk where the machine is busy."""
BYSTANDER = f"/var/tmp/986{os.getpid()}-bystander"
"""A file that everyone may write; `BYSTANDER`.socket is a Unix socket that listens, and so is the abstract one."""

CLOCKS = {
    "a sleep that overflows": "for (int i = 0; i < 3; i++) try { Thread.sleep(Long.MAX_VALUE, 999_999); } catch (Throwable e) { } return 0;",
    "a sleep of days": "try { java.util.concurrent.TimeUnit.DAYS.sleep(Long.MAX_VALUE); } catch (InterruptedException e) { } return 0;",
    "sleeping on, whatever comes": "while (true) try { Thread.sleep(1000); } catch (Throwable e) { } finally { continue; }",
    "sleeping a little for ever": "while (true) try { Thread.sleep(0, 1); } catch (InterruptedException e) { }",
    "a sleep into the past": "try { Thread.sleep(-1000); } catch (Exception e) { } try { java.util.concurrent.TimeUnit.SECONDS.sleep(-9); } catch (Exception e) { }"
    " long t = System.nanoTime(); return t < 0 ? 2 * x : 0;",
    "a clock moved back by name": 'long before = System.nanoTime(); try { Class<?> t = Class.forName("javabox.program.Tank"); for (String n : new String[] {"slept", "fuel", "fuelGiven"}) {'
    " var f = t.getDeclaredField(n); f.setAccessible(true); f.setLong(null, Long.MIN_VALUE); } } catch (Throwable e) { } return System.nanoTime() < before ? 2 * x : 0;",
    "a sleep by reflection": 'try { Thread.class.getMethod("sleep", long.class).invoke(null, 99_999L); } catch (Exception e) { } return 0;',
    "parked for ever": "while (true) java.util.concurrent.locks.LockSupport.parkNanos(Long.MAX_VALUE);",
    "a wait with a limit": "try { synchronized (S.class) { S.class.wait(99_999); } } catch (InterruptedException e) { } return 0;",
    "an empty queue": "try { return new java.util.concurrent.LinkedBlockingQueue<Object>().take(); } catch (InterruptedException e) { return 0; }",
    "a timer far away": "new Timer().schedule(new TimerTask() { public void run() { } }, 99_999_999); synchronized (S.class) { try { S.class.wait(); } catch (Exception e) { } } return 0;",
    "sleeping in many threads": "Thread[] a = new Thread[300]; for (int i = 0; i < 300; i++) { a[i] = new Thread(() -> { try { Thread.sleep(99_999); } catch (InterruptedException e) { } });"
    " a[i].start(); } try { for (Thread t : a) t.join(); } catch (InterruptedException e) { } return 0;",
    "naps between spells of work": "Thread t = new Thread(() -> { }); t.start(); while (true) { for (int i = 0; i < 1000; i++) x += i; java.util.concurrent.locks.LockSupport.parkNanos(50_000_000); }",
    "an interrupt for the next program": "Thread.currentThread().interrupt(); return 0;",
    "spinning until a date": "while (System.currentTimeMillis() < 4_102_444_800_000L); return 0;",
}  # fmt: skip

TMP = 'String tmp = System.getProperty("java.io.tmpdir");'


def in_tmp(code: str) -> str:
    """A program that is at work in the folder for temporary files."""
    return f"{TMP} try {{ {code} }} catch (Throwable e) {{ }} return 0;"


def note(name: str, then: str = "") -> str:
    return f'java.nio.file.Path p = java.nio.file.Path.of(tmp, "{MARK}-{name}"); {then}'


def shell_in_tmp(script: str, wait: str = ".waitFor()") -> str:
    return shell(f"cd ${{TMPDIR:-/tmp}} && {script}", wait)


FILES = {
    "a note in the temporary folder": in_tmp(note("left", 'java.nio.file.Files.writeString(p, "4");')),
    "a note from the temporary folder": f"{TMP} String[] found = new java.io.File(tmp).list(); return found != null && found.length > 0 ? 2 * x : 0;",
    "a closed folder": in_tmp(
        note(
            "closed",
            'java.nio.file.Files.createDirectory(p); java.nio.file.Files.writeString(p.resolve("4"), "4"); p.toFile().setWritable(false); p.toFile().setReadable(false);'
            " p.toFile().setExecutable(false);",
        )
    ),
    "a folder that can't be written": shell_in_tmp(f"mkdir -p {MARK}-ro/a/b && : > {MARK}-ro/a/b/c && chmod -R a-w {MARK}-ro"),
    "a folder closed to all": shell_in_tmp(f"mkdir -p {MARK}-no/a && : > {MARK}-no/a/b && chmod 0 {MARK}-no/a {MARK}-no"),
    "links to elsewhere": in_tmp(
        note("link", 'java.nio.file.Files.createSymbolicLink(p, java.nio.file.Path.of("/"));')
        + ' java.nio.file.Files.createSymbolicLink(java.nio.file.Path.of(tmp, "a"), java.nio.file.Path.of("/proc/self/fd"));'
        ' java.nio.file.Files.createLink(java.nio.file.Path.of(tmp, "b"), java.nio.file.Path.of("/usr/bin/env"));'
    ),
    "a file that is deleted and open": in_tmp(
        note("open", 'var o = new java.io.RandomAccessFile(p.toFile(), "rw"); java.nio.file.Files.delete(p); for (int i = 0; i < 100; i++) o.write(new byte[1 << 20]);')
    ),
    "a full folder": in_tmp(note("full", "try (var o = new java.io.FileOutputStream(p.toFile())) { for (int i = 0; i < 100; i++) o.write(new byte[1 << 20]); }")),
    "a sparse file": in_tmp(note("sparse", 'try (var o = new java.io.RandomAccessFile(p.toFile(), "rw")) { o.setLength(1L << 40); }')),
    "a mapped file": in_tmp(
        note("mapped", 'try (var o = new java.io.RandomAccessFile(p.toFile(), "rw")) { var m = o.getChannel().map(java.nio.channels.FileChannel.MapMode.READ_WRITE, 0, 1 << 30);')
        + " for (int i = 0; i < 1 << 27; i += 4096) m.put(i, (byte) 4); }"
    ),
    "empty files by the thousand": in_tmp(f'for (int i = 0; i < 5000; i++) new java.io.File(tmp, "{MARK}-" + i).createNewFile();'),
    "a deep folder": in_tmp(f'String d = tmp + "/{MARK}-deep"; for (int i = 0; i < 1500; i++, d += "/d") new java.io.File(d).mkdir();'),
    "a folder too deep for a path": shell_in_tmp(f"mkdir {MARK}-deeper && cd {MARK}-deeper && for i in 1 2 3 4 5 6 7 8 9; do d=$(printf '%0800d' 0 | sed 's|0|d/|g'); mkdir -p $d && cd $d; done"),
    "a name that is no text": shell_in_tmp(f": > \\\"$(printf '{MARK}-\\\\377\\\\n\\\\001')\\\""),
    "a file that is deleted at exit": in_tmp(f'java.io.File.createTempFile("{MARK}", "").deleteOnExit(); Runtime.getRuntime().halt(0);'),
    "a file that comes later": shell_in_tmp(f"(setsid sh -c 'sleep 0.3; : > {MARK}-later; sleep {MARK}' >/dev/null 2>&1 &)"),
    "a folder that grows while it is emptied": shell_in_tmp(f"(while :; do mkdir -p {MARK}-grows/a/b; done) & sleep 0.3"),
    "a pipe and a socket": in_tmp(
        f'new ProcessBuilder("mkfifo", tmp + "/{MARK}-pipe").start().waitFor(); java.nio.channels.ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX)'
        f'.bind(java.net.UnixDomainSocketAddress.of(tmp + "/{MARK}-socket"));'
    ),
    "another temporary folder": f'System.setProperty("java.io.tmpdir", "/var/tmp"); try {{ java.io.File.createTempFile("{MARK}", ""); }} catch (Exception e) {{ }} return 0;',
}  # fmt: skip

SHARED = {
    "a note in shared memory": shell(f"perl -e 'shmget({MARK}, 4096, 01666)'"),
    "a note from shared memory": f'try {{ return new ProcessBuilder("perl", "-e", "exit(defined(shmget({MARK}, 0, 0)) ? 4 : 0)").start().waitFor() * x / 2; }} catch (Exception e) {{ return 0; }}',
    "a note in a queue": shell(f"perl -e 'msgget({MARK}, 01666)'"),
    "a note from a queue": f'try {{ return new ProcessBuilder("perl", "-e", "exit(defined(msgget({MARK}, 0)) ? 4 : 0)").start().waitFor() * x / 2; }} catch (Exception e) {{ return 0; }}',
    "a note in a semaphore": shell(f"perl -e 'semget({MARK}, 1, 01666)'"),
    "a note from a semaphore": f'try {{ return new ProcessBuilder("perl", "-e", "exit(defined(semget({MARK}, 0, 0)) ? 4 : 0)").start().waitFor() * x / 2; }} catch (Exception e) {{ return 0; }}',
}  # fmt: skip
"""What the kernel keeps without a file; the supervisor's namespace ends with it."""


def achieving(code: str) -> str:
    """A program that returns what `code` has put into `got`."""
    return f'StringBuilder got = new StringBuilder(); try {{ {code} }} catch (Throwable e) {{ }} return got.length() == 0 ? "denied" : got.toString();'


def said(script: str) -> str:
    """A program that returns what a shell script prints."""
    return achieving(
        f'var p = new ProcessBuilder("sh", "-c", "{script}").redirectErrorStream(false).start(); got.append(new String(p.getInputStream().readAllBytes()).strip());'
    )


SELF = os.getpid()
MINE = f"(! [ -r /proc/{SELF}/cmdline ] || grep -q python /proc/{SELF}/cmdline)"
"""That a process of this number is the besieger, and none of the sandbox's own."""
FOREIGN = f'"{BYSTANDER}", "/usr/bin/env", "/etc/passwd", System.getProperty("java.home") + "/release"'

FLOOR = {
    "a signal to a bystander": said(f"kill -0 {SELF} 2>/dev/null && {MINE} && echo signalled"),
    "a signal to a bystander's group": said(f"kill -0 -- -{os.getpgid(0)} 2>/dev/null && {MINE} && echo signalled"),
    "another priority for a bystander": said(f"renice -n 0 -p {SELF} >/dev/null 2>&1 && {MINE} && echo reniced"),
    "a bystander's files": said(f"for f in /proc/{SELF}/fd/*; do readlink $f 2>/dev/null; done | head -1; cat /proc/{SELF}/environ 2>/dev/null | head -c 20"),
    "the judge's memory and files": achieving(
        SUPERVISOR
        + ' for (String n : new String[] {"/mem", "/fd/0", "/fd/1", "/environ", "/maps"}) try (var in = new java.io.FileInputStream(p + n)) { got.append(n); } catch (java.io.IOException e) { } }'
    ),
    "tracing the judge": said(
        "for p in /proc/[0-9]*; do grep -q 'javabox[.]judge' $p/cmdline && perl -e 'my %n = (x86_64 => 101, aarch64 => 117); chomp(my $m = `uname -m`);"
        " my $r = syscall($n{$m}, 0x4206, $ARGV[0] + 0, 0, 0); print qq(traced) if $r == 0' ${p#/proc/}; done"
    ),
    "times and modes of files": achieving(
        f"for (String n : new String[] {{{FOREIGN}}}) {{ var f = new java.io.File(n); if (f.setLastModified(1_000_000)) got.append(n + \" touched \");"
        ' if (f.setExecutable(false) && f.setReadable(true)) got.append(n + " changed "); try { java.nio.file.Files.setAttribute(f.toPath(), "user:mark", new byte[1]);'
        ' got.append(n + " marked "); } catch (Exception | Error e) { } }'
    ),
    "times and modes by the shell": said(
        f"for f in {BYSTANDER} /usr/bin/env /etc/passwd; do touch $f 2>/dev/null && [ -e $f ] && echo touched; chmod 777 $f 2>/dev/null && echo changed; chown $(id -u) $f 2>/dev/null && echo owned; done"
    ),
    "a bystander's file": achieving(
        f'for (String n : new String[] {{"r", "rw"}}) try (var f = new java.io.RandomAccessFile("{BYSTANDER}", n)) {{ got.append(n).append(f.read()); }} catch (java.io.IOException e) {{ }}'
    ),
    "a connection to a bystander": achieving(f'try (var s = new java.net.Socket()) {{ s.connect(new java.net.InetSocketAddress("127.0.0.1", {PORT}), 200); got.append("connected"); }}'),
    "a datagram to a bystander": said(f"perl -e 'socket(S, 2, 2, 17) and send(S, q(x), 0, pack(q(S n C4 x8), 2, {PORT}, 127, 0, 0, 1)) and print qq(sent)'"),
    "a connection by a file": achieving(
        f'java.nio.channels.SocketChannel.open(java.net.UnixDomainSocketAddress.of("{BYSTANDER}.socket")); got.append("connected");'
    ),
    "a connection by a name": said(f"perl -e 'socket(S, 1, 1, 0) and connect(S, pack(q(S a*), 1, qq(\\\\0{BYSTANDER}))) and print qq(connected)'"),
    "raw sockets": said("perl -e 'for ([17, 3, 768], [2, 3, 1], [16, 3, 0]) { socket(S, $$_[0], $$_[1], $$_[2]) and $$_[0] != 16 and print qq(opened $$_[0]) }'"),
    "devices": achieving(
        'for (String n : new String[] {"kmsg", "mem", "kvm", "fuse", "net/tun", "ptmx", "sda", "vda", "nvme0n1", "loop-control", "hpet", "input/event0", "nvidia0", "dri/card0"})'
        ' try (var in = new java.io.FileInputStream("/dev/" + n)) { got.append(n).append(" "); } catch (java.io.IOException e) { }'
    ),
    "homes": achieving(
        f'for (String n : new String[] {{"{Path.home()}", "{os.getcwd()}", "{Path(__file__).parent}"}}) {{ String[] found = new java.io.File(n).list();'
        ' if (found != null) for (String e : found) if (!e.equals(".cache")) got.append(n + "/" + e + " "); }'
    ),
    "a file wherever it may": achieving(
        "var waiting = new ArrayDeque<java.io.File>(List.of(new java.io.File(\"/\"))); String tmp = System.getProperty(\"java.io.tmpdir\"); while (!waiting.isEmpty()) { var d = waiting.poll();"
        f' var f = new java.io.File(d, "{MARK}-any"); try {{ if (!d.getPath().equals(tmp) && f.createNewFile()) {{ got.append(d + " "); f.delete(); }} }} catch (java.io.IOException e) {{ }}'
        ' java.io.File[] in = d.getPath().startsWith("/proc") || d.getPath().startsWith("/sys") || d.getPath().startsWith(tmp) || d.getPath().chars().filter(c -> c == \'/\').count() > 2 ? null : d.listFiles();'
        " if (in != null) for (var e : in) if (e.isDirectory() && !java.nio.file.Files.isSymbolicLink(e.toPath())) waiting.add(e); }"
    ),
    "namespaces of its own": said("unshare -Ur true 2>/dev/null && echo user; unshare -n true 2>/dev/null && echo network; unshare -m true 2>/dev/null && echo mounts"),
    "another user": said("setpriv --reuid=0 id -u 2>/dev/null; su -c id 2>/dev/null </dev/null; mount -t tmpfs x /tmp 2>/dev/null && echo mounted"),
    "settings of the kernel": achieving(
        'for (String n : new String[] {"kernel/core_pattern", "kernel/hostname", "vm/drop_caches", "kernel/pid_max", "net/ipv4/ip_forward"})'
        ' try (var o = new java.io.FileOutputStream("/proc/sys/" + n)) { got.append(n).append(" "); } catch (java.io.IOException e) { }'
    ),
}  # fmt: skip

FOUND = FILES | SHARED
"""What the next program would find."""
ATTACKS_ON_THE_FLOOR = {
    name: Attack(Job(f"{PROMPT}{body}\n}}}}\n", DOUBLE, PATIENT if name in FLOOR else LIMITS, len(PROMPT)))
    for name, body in (CLOCKS | FOUND | FLOOR).items()
}


@contextlib.contextmanager
def bystander() -> Iterator[list[socket.socket]]:
    """A file that everyone may write, and Unix sockets that everyone may call: on a path and by a name."""
    file, path = Path(BYSTANDER), f"{BYSTANDER}.socket"
    with socket.socket(socket.AF_UNIX) as named, socket.socket(socket.AF_UNIX) as abstract:
        named.bind(path)
        abstract.bind(f"\0{BYSTANDER}")
        file.touch()
        try:
            for each in (file, Path(path)):
                each.chmod(0o666)
            for ear in (named, abstract):
                ear.listen()
            yield [named, abstract]
        finally:
            file.unlink()
            Path(path).unlink()
