"""The Landlock floor: which user, which files and which limits a supervisor gets that has no namespaces.

The supervisor and its programs may read and run the system's libraries, the JDK and the JVM side, read /proc
and a few devices, and write into one private folder. They have no sockets, signal nobody, and change no
file's rights (landlock.py, seccomp.py). Started by root they are another user, one that nobody else is. Both
JVMs start from copies of their launchers that may be run and not read: the kernel then gives no other
process, of the same user or not, their memory and their files (ptrace(2), "dumpable").

`JAVABOX_LANDLOCK_ABI=N` in the environment takes the kernel for an older one, with Landlock's version N (0:
none), for tests.

Not covered: disk space that a program hides in deleted files (64 MiB a file); pipes and locks of other
processes of the same user that slow down, and do not stop, where programs use up what is counted for a user.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import pwd
import random
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from javabox.engines import jvm
from javabox.engines.docker import SUPERVISOR_PIDS, WORKER_PIDS
from javabox.engines.folder import private_folder
from javabox.engines.jdk import Jdk, find_jdk
from javabox.engines.restricted import landlock, seccomp
from javabox.errors import JudgeUnavailable

SCRIPT = Path(__file__).parent / "warden.py"
ABI = "JAVABOX_LANDLOCK_ABI"
SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache")
DEBIAN_JDKS = "java-*-openjdk"
"""In /etc: where the files of a Debian JDK's `conf` are."""
DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
USERS = range(61184, 65520)
"""From where systemd takes its passing users as well; one that has a process or a name is not taken."""
USER_CAPABILITIES = (0, 1, 5, 6, 7)
"""CHOWN, DAC_OVERRIDE, KILL, SETGID, SETUID: what it takes to start, end and clear up after another user."""
MEANWHILE = 1024
"""Tasks that an ordinary user may start beside the judge before its programs can't start any."""
TRIAL_SECONDS = 30


def why_not(version: int, home: Path | None = None) -> str:
    """What forbids this floor here, tried with a harmless process; empty where nothing does.

    `home` is that of the JDK, by default of the one that would be taken.
    """
    if version < 1:
        return "the kernel has no Landlock (5.13 or later, with `landlock` among its `lsm`)"
    if not seccomp.supported():
        return f"no list of system calls for {os.uname().machine}"
    wrong = trial({"needed": _needed(home)}, version)
    return "; ".join(wrong[:3]) + _mend(wrong) if wrong else ""


def trial(changes: dict[str, Any], version: int) -> list[str]:
    """What a restricted process can do and must not, or the reverse; `changes` to what the warden is told."""
    user = other_user()
    with private_folder() as root:
        prepare(root, user)
        outside = root / "outside" / "file"
        outside.parent.mkdir()
        outside.touch()
        outside.chmod(0o666)
        outside.parent.chmod(0o777)
        if user is not None:
            os.chown(outside, user, user)
        spec = specification(version, root, user, [], 0) | {"probe": str(outside)} | changes
        tried = subprocess.run(
            warden(spec), capture_output=True, text=True, check=False, env={}, timeout=TRIAL_SECONDS
        )
    shutil.rmtree(root, ignore_errors=True)
    if tried.returncode != 0:
        return [f"the trial failed: {(tried.stderr.strip().splitlines() or ['it was ended'])[-1]}"]
    found = json.loads(tried.stdout)
    assert isinstance(found, list)
    return found


def _mend(wrong: Sequence[str]) -> str:
    if any(path.endswith("can't be read") for path in wrong):
        return (
            ": programs run as another user than root, who must be able to read it; let JAVA_HOME and"
            " XDG_CACHE_HOME name folders that all may read, such as /opt/jdk and /var/cache"
        )
    if any(path.startswith("the temporary folder") for path in wrong):
        return ": let TMPDIR name a folder that all may write, such as /tmp"
    return ""


def _needed(home: Path | None) -> list[str]:
    """What programs' user must be able to read, as far as it is there and the judge itself can read it.

    Where it can't, there will be no JVM side, and who looks for that says so.
    """
    needed: list[Path] = []
    with contextlib.suppress(JudgeUnavailable):
        cache = jvm.cache_folder()
        # os.path: Path.exists raises where a folder on the way can't be searched
        there = next(folder for folder in (cache, *cache.parents) if os.path.exists(folder))
        needed += [there] if os.access(there, os.R_OK | os.X_OK, effective_ids=True) else []
    with contextlib.suppress(JudgeUnavailable):
        home = home or find_jdk().home
        needed += [home, home / "lib" / "modules"]
    return [str(path) for path in needed]


def version() -> int:
    """Landlock's version here, 0 where there is none."""
    if platform.system() != "Linux":
        return 0  # another system has other calls under the same numbers
    try:
        found = landlock.abi()
    except OSError:
        return 0
    return min(found, int(os.environ.get(ABI) or found))


def prepare(root: Path, user: int | None) -> None:
    """Makes `tmp` in a private folder, which belongs to `user`, and `launch`, which does not."""
    root.chmod(0o711)
    for name in ("tmp", "launch"):
        (root / name).mkdir()
        (root / name).chmod(0o700 if name == "tmp" else 0o755)
    if user is not None:
        os.chown(root / "tmp", user, user)


def command(
    supervisor: Sequence[str],
    version: int,
    jdk: Jdk,
    folder: Path,
    workers: int,
    root: Path,
    jars: Path | None = None,
) -> list[str]:
    """The command that starts a supervisor on this floor in a private folder, which is prepared for it.

    `jars` is one more folder that programs may read.
    """
    user = other_user()
    prepare(root, user)
    judge = _launcher(root / "launch" / "judge", jdk.home)
    program = _launcher(root / "launch" / "program", jvm.image(jdk.home, folder))
    spec = specification(version, root, user, [jdk.home, folder, *([jars] if jars else [])], workers)
    options = [f"-Djavabox.launcher={program}", f"-Djavabox.tmp={root / 'tmp'}"]
    return [*warden(spec), str(judge), *options, *supervisor[1:]]


def _launcher(place: Path, home: Path) -> Path:
    """A copy of a JVM's launcher that finds its JVM and can't be read by who starts it."""
    (place / "bin").mkdir(parents=True)
    (place / "lib").symlink_to(home / "lib")
    launcher = place / "bin" / "java"
    shutil.copyfile(home / "bin" / "java", launcher)
    for folder in (place, place / "bin"):
        folder.chmod(0o755)
    launcher.chmod(0o111)
    return launcher


def warden(spec: dict[str, Any]) -> list[str]:
    """The command line of the script, up to the command that it starts."""
    return [sys.executable, "-I", "-S", str(SCRIPT), json.dumps(spec), "--"]


def specification(
    version: int, root: Path, user: int | None, folders: Sequence[Path], workers: int
) -> dict[str, Any]:
    """What the warden is told (warden.py)."""
    run = [*SYSTEM, *map(str, Path("/etc").glob(DEBIAN_JDKS)), *map(str, folders), str(root / "launch")]
    allowed = [(path, landlock.RUN) for path in run]
    allowed += [(device, landlock.READ_FILE) for device in DEVICES]
    allowed += [("/dev/null", landlock.READ_FILE | landlock.WRITE), ("/proc", landlock.READ)]
    allowed += [(str(root / "tmp"), landlock.KEEP)]
    return {
        "judge": os.getpid(),
        "uid": user,
        "running": 1 if user is not None else _tasks(os.getuid()),
        "processes": SUPERVISOR_PIDS + WORKER_PIDS * workers + (MEANWHILE if user is None else 0),
        "landlock": {"abi": version, "allowed": allowed},
        "seccomp": True,
        "tmp": str(root / "tmp"),
        "remove": str(root),
        "probe": None,
        "needed": [],
    }


def other_user() -> int | None:
    """A user id for one supervisor alone, where root may use it; None where programs stay this user.

    Alone, since the kernel counts what a user runs: several judges would count each other's programs.
    """
    if os.geteuid() != 0 or not _may_use_others():
        return None
    taken = set(_users().values())
    for user in random.SystemRandom().sample(USERS, len(USERS)):
        if user not in taken and not _named(user):
            return user
    return None


def _may_use_others() -> bool:
    status = Path("/proc/self/status").read_text()
    held = int(status.split("CapEff:")[1].split()[0], 16)
    ranges = [list(map(int, line.split())) for line in Path("/proc/self/uid_map").read_text().splitlines()]
    mapped = any(first <= USERS[0] and USERS[-1] < first + count for first, _, count in ranges)
    return mapped and all(held >> capability & 1 for capability in USER_CAPABILITIES)


def _named(user: int) -> bool:
    try:
        pwd.getpwuid(user)
    except KeyError:
        return False
    return True


def _users() -> dict[int, int]:
    """The real user of every process that can be seen."""
    return {pid: int(status.split("\nUid:")[1].split()[0]) for pid, status in _statuses()}


def _tasks(user: int) -> int:
    """Threads that a user runs, as far as they can be seen."""
    mine = (s for _, s in _statuses() if int(s.split("\nUid:")[1].split()[0]) == user)
    return sum(int(status.split("\nThreads:")[1].split()[0]) for status in mine)


def _statuses() -> list[tuple[int, str]]:
    found = []
    # Not by a pattern for `*/status`: that looks at each file first, and fails where a process just ended.
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            text = Path("/proc", pid, "status").read_text(errors="replace")
        except OSError:
            continue  # it ended meanwhile
        if "\nThreads:" in text:
            found.append((int(pid), text))
    return found
