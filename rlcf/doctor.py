"""What works on this machine of all that judging and training need, and the command that mends the rest.

Each check looks at the real thing (javac answers, the engine pings, a namespace is made) and changes nothing.
torch is imported only where it is installed. Not covered: whether a data file has the right bytes
(`rlcf data verify` does that), or whether the GPU has memory enough for a model.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
from collections.abc import Sequence
from dataclasses import dataclass

from javabox import JudgeUnavailable
from javabox.engines import docker, jvm, local
from rlcf.problems.fetch import place
from rlcf.problems.load import NAMED


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor."""

    name: str
    ok: bool
    found: str
    """What is there, or what is missing."""
    mend: str | None = None
    """The command that mends it; None where all is well or nothing can be done."""


def examine() -> list[Finding]:
    """All findings, in the order they are shown."""
    return [_jdk(), _docker(), _sandbox(), _training(), _gpu(), *_data()]


def can_judge(findings: Sequence[Finding]) -> bool:
    """Whether an engine can be started: a JDK for the local one, or Docker."""
    return any(finding.ok for finding in findings if finding.name in ("JDK", "Docker"))


def _jdk() -> Finding:
    try:
        jdk = jvm.find_jdk()
    except JudgeUnavailable as missing:
        return Finding("JDK", False, str(missing), _as_root("apt-get install -y openjdk-17-jdk-headless"))
    if not jvm.is_bundle(jdk):
        return Finding("JDK", True, f"javac {jdk.version} in {jdk.home}")
    try:
        jvm.check_bundle(jdk)
    except JudgeUnavailable as stale:
        return Finding("JDK", False, str(stale), "rlcf doctor --bundle-jdk DIR")
    return Finding("JDK", True, f"javac {jdk.version} in {jdk.home}, a bundle")


def _docker() -> Finding:
    try:
        client = docker.find_engine()
    except JudgeUnavailable as missing:
        start = _as_root("apt-get install -y docker.io") + " && " + _as_root("systemctl start docker")
        return Finding("Docker", False, str(missing), start)
    version = client.version()["Version"]
    client.close()
    return Finding("Docker", True, f"engine {version}")


def _sandbox() -> Finding:
    ground = local.floor()
    if ground.floor != "none":
        return Finding("sandbox", True, f"the local engine isolates programs by {ground.floor}")
    return Finding("sandbox", False, f"{ground.reason}: {local.WAYS_OUT}", "rlcf grade … --engine docker")


def _training() -> Finding:
    names = ("torch", "transformers", "accelerate", "peft")
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if missing:
        return Finding("training", False, f"not installed: {', '.join(missing)}", "pip install 'rlcf[train]'")
    return Finding(
        "training", True, ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    )


def _gpu() -> Finding:
    if importlib.util.find_spec("torch") is None:
        return Finding("GPU", False, "unknown without torch; grading needs none", "pip install 'rlcf[train]'")
    import torch

    if not torch.cuda.is_available():
        return Finding("GPU", False, "none that torch can use; small models train on the CPU")
    return Finding("GPU", True, torch.cuda.get_device_name(0))


def _data() -> list[Finding]:
    findings = []
    for name, file in NAMED.items():
        path = place(file)
        if path.is_file():
            findings.append(Finding(name, True, str(path)))
        else:
            # `rlcf data fetch` writes into the cache only: a folder that RLCF_DATA names is the user's own
            own = f"curl -fL --create-dirs -o {path} {file.url}"
            mend = own if os.environ.get("RLCF_DATA") else f"rlcf data fetch {name}"
            findings.append(Finding(name, False, f"{path} is not there", mend))
    return findings


def _as_root(command: str) -> str:
    return command if os.geteuid() == 0 else f"sudo {command}"
