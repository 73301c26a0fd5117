"""What works on this machine of all that judging and training need, and the command that mends the rest.

Whether programs can be judged is found out by judging: each engine that answers is started as `rlcf grade`
starts it and judges two programs, of which one must pass and one fail. What grading would build first (the
JVM side, Docker's image) is built. torch is imported only where it is installed. Not covered: whether a data
file has the right bytes (`rlcf data verify` does that), whether the GPU has memory enough for a model, or
machines that nothing has been run on (arm64, macOS), of which it says so.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shlex
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from javabox import Job, Judge, JudgeUnavailable, Suite, SuiteCase
from javabox.engines import docker, jvm, local
from javabox.engines.jdk import Wanted, all_jdks, find_jdk, is_bundle
from javabox.engines.jvm import check_bundle
from javabox.engines.opening import Isolation
from rlcf.errors import BadInput
from rlcf.problems.fetch import place
from rlcf.problems.load import NAMED

SUITE = Suite((SuiteCase("two", "Object r = S.f(2);", "r", "4", "int"),))
TRIALS = {"return 2 * x;": "passed", "return x;": "failed"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor."""

    name: str
    ok: bool
    found: str
    """What is there, or what is missing."""
    mend: str | None = None
    """The command that mends it; None where all is well or nothing can be done."""
    decides: bool = False
    """Whether this is the engine that grading would take."""


def examine(isolation: Isolation = "auto", jdk: Wanted | None = None) -> list[Finding]:
    """All findings, in the order they are shown; `isolation` and `jdk` as grading would be given them."""
    return [_jdk(jdk), _platform(), *_judges(isolation, jdk), _training(), _gpu(), *_data()]


def can_judge(findings: Sequence[Finding]) -> bool:
    """Whether the engine that grading would take judges right."""
    return any(finding.ok for finding in findings if finding.decides)


def _jdk(wanted: Wanted | None) -> Finding:
    try:
        jdk = find_jdk(wanted)
        if is_bundle(jdk):
            check_bundle(jdk)
    except JudgeUnavailable as missing:
        return Finding("JDK", False, missing.found, missing.mend)
    bundle = ", a bundle" if is_bundle(jdk) else ""
    others = [other for other in all_jdks() if other.home.resolve() != jdk.home.resolve()]
    also = "; --jdk may also name " + ", ".join(f"{other.feature} ({other.home})" for other in others)
    return Finding("JDK", True, f"javac {jdk.version} in {jdk.home}{bundle}{also if others else ''}")


def _platform() -> Finding:
    """Whether this is a kind of machine that javabox was run on, and what should hold where it was not."""
    system, machine = platform.system(), platform.machine()
    return Finding("platform", system == "Linux", platform_note(system, machine))


def platform_note(system: str, machine: str) -> str:
    """What holds on such a machine: measured where the tests run, said to be unmeasured elsewhere."""
    if (system, machine) == ("Linux", "x86_64"):
        return "Linux on x86_64, where all tests run"
    should = "docker should hold, with a Linux of its own for programs; the local engine isolates nothing"
    if system == "Linux":
        should = "docker and namespaces should hold, the Landlock floor has no list of its system calls"
    if (system, machine) == ("Linux", "aarch64"):
        should = "all of it should hold, and the filter of the Landlock floor has its system calls"
    return f"{system} on {machine}: nothing has been run on one; {should}"


def _judges(isolation: Isolation, jdk: Wanted | None) -> list[Finding]:
    """Docker, the local engine, and what keeps programs from the machine where grading takes its choice."""
    in_docker, locally = _docker(jdk), _trial("local", isolation, jdk)
    # `auto` takes Docker where it can be started, and the local engine else, not where it judges wrong.
    chosen = in_docker if in_docker.decides and isolation == "auto" else locally
    found = [Finding(f.name, f.ok, f.found, f.mend, decides=f is chosen) for f in (in_docker, locally)]
    return [*found, _floor(found, isolation)]


def _docker(jdk: Wanted | None) -> Finding:
    try:
        docker.find_engine().close()
    except JudgeUnavailable as missing:
        return Finding("Docker", False, missing.found, missing.mend)
    return _trial("docker", "auto", jdk)


def _trial(engine: Literal["docker", "local"], isolation: Isolation, wanted: Wanted | None) -> Finding:
    """Starts the engine and judges. `decides` says that it could be started."""
    name = "Docker" if engine == "docker" else "local judge"
    try:
        with Judge(engine, workers=1, isolation=isolation, jdk=wanted) as judge:
            jobs = [Job(f"class S {{ static Object f(int x) {{ {body} }} }}", SUITE) for body in TRIALS]
            verdicts, floor, jdk = judge.grade(jobs), judge.isolation, judge.jdk
    except JudgeUnavailable as error:
        return Finding(name, False, error.found, error.mend)
    wrong = [
        f"a program that should be {wanted} was {verdict.outcome}: {verdict.detail}"
        for verdict, wanted in zip(verdicts, TRIALS.values(), strict=True)
        if verdict.outcome != wanted
    ]
    if wrong:
        return Finding(name, False, "; ".join(wrong), decides=True)
    return Finding(name, True, f"judges right with JDK {jdk}; isolation: {floor}", decides=True)


def _floor(judges: Sequence[Finding], isolation: Isolation) -> Finding:
    """What keeps programs from the machine where grading takes its choice, and why it is nothing better."""
    chosen = next(finding for finding in judges if finding.decides)
    floor, lacks = _local_floor()
    if chosen.name == "Docker":
        return Finding("isolation", True, "docker: programs run in a container that reaches nothing")
    if isolation != "auto":
        return Finding("isolation", isolation != "none", f"{isolation}, as was asked for")
    above = "; ".join(["Docker can't be used", *lacks])
    return Finding("isolation", floor != "none", f"{floor} ({above})")


def _local_floor() -> tuple[str, list[str]]:
    """The local engine's floor, and for each better one why it is not had."""
    ground = local.best_floor()
    return ground.floor, [ground.reason] * bool(ground.reason)


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


def _rlcf() -> str:
    """The command as a shell finds it: a virtual environment need not be active."""
    beside = Path(sys.executable).with_name("rlcf")
    if shutil.which("rlcf"):
        return "rlcf"
    return shlex.quote(str(beside)) if beside.exists() else f"{shlex.quote(sys.executable)} -m rlcf"


def _data() -> list[Finding]:
    findings = []
    for name, file in NAMED.items():
        try:
            path = place(file)
        except BadInput as error:
            findings.append(Finding(name, False, str(error), jvm.ANOTHER_CACHE))
            continue
        if os.path.isfile(path):  # False where a folder on the way can't be searched
            findings.append(Finding(name, True, str(path)))
        else:
            # `rlcf data fetch` writes into the cache only: a folder that RLCF_DATA names is the user's own
            own = f"curl -fL --create-dirs -o {shlex.quote(str(path))} {file.url}"
            if file.url.endswith(".gz"):
                folder, kept = shlex.quote(str(path.parent)), shlex.quote(str(path))
                own = f"mkdir -p {folder} && curl -fL {file.url} | gunzip > {kept}"
            mend = own if os.environ.get("RLCF_DATA") else f"{_rlcf()} data fetch {name}"
            findings.append(Finding(name, False, f"{path} is not there", mend))
    return findings
