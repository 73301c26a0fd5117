"""The supervisor on this machine, in a sandbox of Linux namespaces where the machine allows it.

The sandbox (`unshare`, of util-linux): no network, processes of its own that all die with it, a read-only
root that holds the system's libraries and the JDK but no home, no data, no writable folder, no capabilities,
and user `nobody` when started by root. Where unprivileged namespaces are forbidden (inside most containers,
some distributions) programs run as this user with nothing but the JVM around them: `isolation()` says so.

Not covered in either case: limits on memory and processes of the group; the docker engine has them.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections import deque
from pathlib import Path

from javabox.engines import jvm
from javabox.engines.jdk import find_jdk

SCRIPT = Path(__file__).parent / "sandbox.sh"
SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache")
DEBIAN_JDKS = "java-*-openjdk"
"""In /etc: where the files of a Debian JDK's `conf` are."""
DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
NOBODY = 65534
NOT_ISOLATED = (
    "programs are not isolated on this machine: namespaces are not permitted here, so they can"
    " read this user's files and reach the network; use the docker engine for programs that nobody trusts"
)


@functools.cache
def isolation() -> bool:
    """Whether the sandbox can be started here (tried once, with a harmless command)."""
    if not all(shutil.which(tool) for tool in ("unshare", "setpriv", "chroot", "mount")):
        return False
    with tempfile.TemporaryDirectory(prefix="javabox-") as root:
        command = [*_sandboxed(root, [], []), "/usr/bin/test", "!", "-w", "/usr"]
        tried = subprocess.run(command, capture_output=True, check=False, timeout=30)
    return tried.returncode == 0


def start(settings: jvm.Settings) -> LocalChannel:
    """Start a supervisor. Raises JudgeUnavailable without a JDK."""
    jdk = find_jdk()
    folder = jvm.build(jdk)
    command = jvm.supervisor_command(jdk.home, folder, settings, jdk.feature)
    root = tempfile.mkdtemp(prefix="javabox-")
    # Nothing of the user's environment (tokens, JAVA_TOOL_OPTIONS) reaches programs.
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "2"}
    if isolation():
        launchers = [jdk.home / "bin" / "java", jvm.image(jdk.home, folder) / "bin" / "java"]
        command = [*_sandboxed(root, [jdk.home, folder], launchers), *command]
        environment["JAVABOX_ALONE"] = "1"  # in its process namespace: what escapes a program is seen
    return LocalChannel(command, root, environment)


def _sandboxed(root: str, folders: list[Path], launchers: list[Path]) -> list[str]:
    super_user = os.geteuid() == 0
    namespaces = ["--net", "--ipc", "--uts", "--mount", "--pid", "--fork", "--kill-child"]
    if not super_user:
        namespaces.append("--map-root-user")
    own = [folder for folder in folders if not folder.is_relative_to("/usr")]
    shown = [*SYSTEM, *DEVICES, *map(str, Path("/etc").glob(DEBIAN_JDKS)), *map(str, own)]
    shown += sorted({str(launcher) for launcher in launchers})
    uid = NOBODY if super_user else 0
    return ["unshare", *namespaces, "sh", str(SCRIPT), root, str(uid), *shown, "--"]


class LocalChannel:
    """Pipes to a supervisor process (see engines/channel.py)."""

    def __init__(self, command: list[str], root: str, environment: dict[str, str]) -> None:
        self._root = root
        self._stderr: deque[str] = deque(maxlen=20)
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
        threading.Thread(target=self._drain, daemon=True).start()
        self._closing = threading.Lock()

    def _drain(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._stderr.append(line.decode(errors="replace").rstrip())

    def write(self, data: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def read(self, n: int) -> bytes:
        assert self._process.stdout is not None
        data = self._process.stdout.read(n)
        if len(data) < n:
            raise EOFError("the supervisor ended")
        return data

    def stderr_tail(self) -> str:
        text = "\n".join(self._stderr)
        return "".join(c for c in text if c.isprintable() or c == "\n")  # programs may write there

    def close(self) -> None:
        with self._closing:
            if self._process.returncode is None:
                # The group is the supervisor (or the sandbox's first process, whose end ends all in it);
                # programs without a sandbox notice the end of their stdin and halt.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
            with contextlib.suppress(OSError):
                os.rmdir(self._root)
