"""The supervisor on this machine, kept from it by what the machine permits: its floor.

namespaces (`unshare`, of util-linux): no network, processes of its own that all die with it, a read-only root
that holds the system's libraries and the JDK but no home, no data, no writable folder beside a small /tmp, no
capabilities, and user `nobody` when started by root. landlock: where namespaces are forbidden (inside most
containers, some distributions), Landlock and a filter of system calls together (restricted/). none:
programs run as this user with nothing but the JVM around them, where the user says so and nowhere else.

Not covered: limits on memory of the group; the docker engine has them.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from javabox.engines import jars, jvm
from javabox.engines.folder import hold, private_folder
from javabox.engines.jdk import Jdk, jdk_in
from javabox.engines.restricted import floor, seccomp
from javabox.engines.restricted.floor import DEBIAN_JDKS, DEVICES, SYSTEM
from javabox.errors import JudgeUnavailable
from javabox.protocol.channel import give_up

log = logging.getLogger("javabox")

SCRIPT = Path(__file__).parent / "sandbox.sh"
NOBODY = 65534
CHUNK_BYTES = 1 << 16
CLOSE_SECONDS = 15.0
NONE_MEANS = "programs run as this user: they can read and delete your files and reach the network"
WAYS_OUT = (
    "use the docker engine (--engine docker, Judge(engine='docker')), or say that nothing need keep programs"
    f" from this machine (--isolation none, Judge(isolation='none')): {NONE_MEANS}"
)


class Ground(NamedTuple):
    """What keeps programs from this machine under the local engine, and why nothing better does."""

    floor: Literal["namespaces", "landlock", "none"]
    reason: str


def best_floor(home: Path | None = None) -> Ground:
    """The best that this machine permits, tried once with harmless processes; `home` is that of the JDK."""
    if not (why_no_namespaces := _why_no_namespaces()):
        return Ground("namespaces", "")
    if why_no_landlock := _why_no_landlock(floor.version(), home):
        return Ground("none", f"no namespaces: {why_no_namespaces}; no Landlock floor: {why_no_landlock}")
    return Ground("landlock", f"no namespaces: {why_no_namespaces}")


def choose(isolation: Literal["auto", "namespaces", "landlock", "none"], home: Path) -> Ground:
    """The floor to use where `isolation` is asked for. Raises JudgeUnavailable, saying the ways out."""
    if isolation == "none":
        return Ground("none", "it was asked for")
    if isolation == "auto":
        best = best_floor(home)
        if best.floor == "none":
            raise JudgeUnavailable(
                f"nothing keeps programs from this machine here ({best.reason}): {WAYS_OUT}"
            )
        return best
    namespaces = isolation == "namespaces"
    reason = _why_no_namespaces() if namespaces else _why_no_landlock(floor.version(), home)
    if reason:
        raise JudgeUnavailable(f"no isolation by {isolation} here ({reason}): {WAYS_OUT}")
    return Ground(isolation, "it was asked for")


_permitted: set[tuple[object, ...]] = set()
"""Where the Landlock floor was tried and holds: it depends on which folders programs must be able to read."""


def _why_no_landlock(version: int, home: Path | None) -> str:
    names = ("XDG_CACHE_HOME", "HOME", "JAVA_HOME", "PATH", "TMPDIR")
    where = (version, home, *map(os.environ.get, names))
    reason = "" if where in _permitted else floor.why_not(version, home)
    if not reason:
        _permitted.add(where)
    return reason


def namespaces_untried() -> bool:
    """Whether there are the tools for namespaces, and nothing is known yet of whether they are permitted."""
    return not _missing_tools() and _why_no_namespaces.cache_info().currsize == 0


def _missing_tools() -> list[str]:
    return [tool for tool in ("unshare", "setpriv", "chroot", "mount") if not shutil.which(tool)]


@functools.cache
def _why_no_namespaces() -> str:
    if missing := _missing_tools():
        return f"{', '.join(missing)} not installed (apt-get install util-linux)"
    with private_folder() as root:
        command = [*_sandboxed(str(root), [], []), "/usr/bin/true"]
        tried = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
        root.rmdir()
    if tried.returncode == 0:
        return ""
    return (tried.stderr.strip().splitlines() or ["they are not permitted"])[0]


def start(
    settings: jvm.Settings, isolation: Literal["namespaces", "landlock", "none"], home: Path
) -> LocalChannel:
    """Start a supervisor on that floor, with the JDK in `home`. Raises JudgeUnavailable."""
    jdk = jdk_in(home)  # asked again for each supervisor: an upgrade replaces it where it is
    folder = jvm.build(jdk, verify=isolation == "none")  # a program may have been at it
    shown = jars.keep(settings.classpath, jvm.cache_folder()) if settings.classpath else None
    command = jvm.supervisor_command(jdk.home, folder, settings, jdk.feature, shown)
    # Nothing of the user's environment (tokens, JAVA_TOOL_OPTIONS) reaches programs.
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "2"}
    with private_folder() as root:
        if isolation == "namespaces":
            return _start_in_namespaces(command, root, jdk, folder, environment, shown)
        warden = isolation == "landlock"
        if warden:
            command = floor.command(command, floor.version(), jdk, folder, settings.workers, root, shown)
        else:
            log.warning("nothing keeps programs from this machine: %s", NONE_MEANS)
            command.insert(1, f"-Djavabox.tmp={root}")
        return LocalChannel(command, str(root), environment, holds_files=True, warden=warden)


def _start_in_namespaces(
    command: list[str],
    root: Path,
    jdk: Jdk,
    folder: Path,
    environment: dict[str, str],
    jars: Path | None,
) -> LocalChannel:
    launchers = [jdk.home / "bin" / "java", jvm.image(jdk.home, folder) / "bin" / "java"]
    shown = [jdk.home, folder, *([jars] if jars else [])]
    # A file system at /tmp would hide a JDK or a cache that lies below.
    scratch = "/scratch" if any(one.is_relative_to("/tmp") for one in shown) else "/tmp"
    sandboxed = _sandboxed(str(root), shown, launchers, scratch)
    command = [*sandboxed, command[0], f"-Djavabox.tmp={scratch}", *command[1:]]
    # Alone in its process namespace: what escapes a program is seen.
    return LocalChannel(command, str(root), environment | {"JAVABOX_ALONE": "1"})


def _sandboxed(root: str, folders: list[Path], launchers: list[Path], scratch: str = "/tmp") -> list[str]:
    super_user = os.geteuid() == 0
    namespaces = ["--net", "--ipc", "--uts", "--mount", "--pid", "--fork", "--kill-child"]
    if not super_user:
        namespaces.append("--map-root-user")
    own = [folder for folder in folders if not folder.is_relative_to("/usr")]
    shown = [*SYSTEM, *DEVICES, *map(str, Path("/etc").glob(DEBIAN_JDKS)), *map(str, own)]
    shown += sorted({str(launcher) for launcher in launchers})
    uid = NOBODY if super_user else 0
    filtered = [sys.executable, "-I", "-S", seccomp.__file__] if seccomp.supported() else []
    return [*filtered, "unshare", *namespaces, "sh", str(SCRIPT), root, str(uid), scratch, *shown, "--"]


class LocalChannel:
    """Pipes to a supervisor process (see protocol/channel.py).

    `root`: a folder that goes with it, and what is in it where it `holds_files`: a sandbox's has other
    folders mounted in it. `warden`: whether the command is a warden, which ends all below it.
    """

    def __init__(
        self,
        command: Sequence[str],
        root: str,
        environment: dict[str, str],
        *,
        holds_files: bool = False,
        warden: bool = False,
    ) -> None:
        self._root, self._holds_files = root, holds_files
        self._warden = warden
        self._owner = os.getpid()
        self._stderr: deque[str] = deque(maxlen=20)
        self._pending = bytearray()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,  # a buffer's lock would be held for ever, and flushed once more, in a forked child
            env=environment,
            cwd=root,  # not the user's folder: a program may write where nothing isolates it
            start_new_session=True,
        )
        self._held = contextlib.ExitStack()
        self._held.enter_context(hold(root))
        threading.Thread(target=self._drain, daemon=True).start()
        self._closing = threading.Lock()

    def _drain(self) -> None:
        assert self._process.stderr is not None
        last = b""
        while data := self._process.stderr.read(CHUNK_BYTES):
            *lines, last = (last + data).split(b"\n")
            self._stderr.extend(line.decode(errors="replace").rstrip() for line in lines)
            last = last[-CHUNK_BYTES:]
        if last:
            self._stderr.append(last.decode(errors="replace").rstrip())

    def write(self, data: bytes) -> None:
        assert self._process.stdin is not None
        rest = memoryview(data)
        while rest:
            rest = rest[self._process.stdin.write(rest) :]

    def read(self, n: int) -> bytes:
        assert self._process.stdout is not None
        while len(self._pending) < n:
            data = self._process.stdout.read(CHUNK_BYTES)
            if not data:
                raise EOFError("the supervisor ended")
            self._pending += data
        read = bytes(self._pending[:n])
        del self._pending[:n]
        return read

    def stderr_tail(self) -> str:
        text = "\n".join(self._stderr)
        return "".join(c for c in text if c.isprintable() or c == "\n")  # programs may write there

    def let_go(self) -> None:
        pipes = (self._process.stdin, self._process.stdout, self._process.stderr)
        give_up(pipe.fileno() for pipe in pipes if pipe is not None)

    def close(self) -> None:
        if os.getpid() != self._owner:
            return
        with self._closing:
            if self._process.returncode is None and self._warden:
                self._process.terminate()
                try:
                    self._process.wait(CLOSE_SECONDS)
                except subprocess.TimeoutExpired:
                    log.warning("the judge's guard did not end in time; killing it")
                    self._process.kill()
                    self._process.wait()
            elif self._process.returncode is None:
                # The group is the supervisor (or the sandbox's first process, whose end ends all in it);
                # programs without a sandbox notice the end of their stdin and halt.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
            with contextlib.suppress(OSError):
                os.rmdir(self._root)
            end = time.monotonic() + CLOSE_SECONDS
            while self._holds_files and os.path.exists(self._root) and time.monotonic() < end:
                # What rm deletes may be as deep as it likes; it follows no links. Again where the guard was
                # killed with the warden: programs that end a little later may have written meanwhile.
                subprocess.run(["rm", "-rf", "--", self._root], check=False)
            self._held.close()
