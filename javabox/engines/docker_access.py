"""Why no Docker engine answers, and the command that mends it.

The socket may be there and closed to this user, which another group mends and no installation does. Not
covered: engines that DOCKER_HOST names on other machines, and rootless ones that are not running.
"""

from __future__ import annotations

import grp
import os
import pwd
import shlex
from pathlib import Path

from javabox.engines.jdk import as_root
from javabox.errors import JudgeUnavailable

SOCKET = "/var/run/docker.sock"


def no_engine(words: str) -> JudgeUnavailable:
    """What to raise where the engine answers only with `words`, or not at all."""
    host = os.environ.get("DOCKER_HOST") or f"unix://{SOCKET}"
    socket = Path(host.removeprefix("unix://"))
    if host.startswith("unix://") and _is_closed(socket):
        user = _name(os.geteuid())
        found = (
            f"no Docker engine answers: user {user or os.geteuid()} may not write to {socket}, which is there"
        )
        return JudgeUnavailable(found, _join(socket, user) if user else None)
    install = as_root("apt-get update", "apt-get install -y docker.io", "systemctl start docker")
    return JudgeUnavailable(f"no Docker engine answers ({words}); `--engine local` needs none", install)


def _is_closed(socket: Path) -> bool:
    try:
        return socket.exists() and not os.access(socket, os.R_OK | os.W_OK)
    except PermissionError:  # not even its folder is open
        return True


def _name(uid: int) -> str | None:
    try:
        return shlex.quote(pwd.getpwuid(uid).pw_name)
    except KeyError:  # `docker run --user 1234`: it can't be put into a group
        return None


def _join(socket: Path, user: str) -> str:
    """The command that puts the user into the socket's group, which in a container may lack a name."""
    number = None
    try:
        number = socket.stat().st_gid
        group = shlex.quote(grp.getgrgid(number).gr_name)
        make = []
    except (KeyError, OSError):
        group = "docker"
        make = [f"groupadd --gid {number} docker"] if number is not None else []
    return as_root(*make, f"usermod --append --groups {group} {user}") + f" && newgrp {group}"
