"""How commands start their judge and bound what it runs: options that are the same in each of them."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from tyro.conf import arg

from javabox.remote.client import is_url
from rlcf.errors import BadInput
from rlcf.problems import Problem
from rlcf.problems.limits import memory_limit_fault, time_limit_fault
from rlcf.problems.problem import with_limits
from rlcf.recipes.renamed import RENAMED

if TYPE_CHECKING:
    from javabox import AnyJudge


FLAT = arg(name="")
"""Marks a field whose own fields are options by their names alone: `--engine`, and not `--judging.engine`."""


SHORT = {"--grounding": "--objective.grounding"}
"""Short forms of options that name a field of the recipe."""


def spelled_out(argv: Sequence[str]) -> list[str]:
    """The arguments, short forms of options in full: `--grounding X` is `--objective.grounding X`."""
    parts = (option.partition("=") for option in argv)
    return ["".join((SHORT.get(name, name), equals, value)) for name, equals, value in parts]


def refuse_renamed(argv: Sequence[str]) -> None:
    """Raises BadInput where an option is a field of the flat recipes of before, with its name now."""
    for option in argv:
        name = option.partition("=")[0].removeprefix("--").replace("-", "_")
        if option.startswith("--") and name in RENAMED:
            now = " and ".join(f"--{new.replace('_', '-')}" for new in RENAMED[name])
            raise BadInput(f"recipes have tables now: use {now}", field=option.partition("=")[0])


LINGER_SECONDS = 5.0
"""So long a judge that processes of one command shared stays after them."""


@dataclass(frozen=True)
class Judging:
    """Where and beside how many others programs run."""

    engine: Annotated[str, arg(metavar="auto|local|docker|ray|URL")] = "auto"
    """Where programs run: auto is docker where an engine answers, else local; ray is the cluster of
    RAY_ADDRESS, or one of this machine, with a judge a machine; a URL is that of an `rlcf serve`, whose key
    is in JAVABOX_API_KEY."""
    isolation: Literal["auto", "namespaces", "landlock", "none"] = "auto"
    """What keeps programs from the machine in the local engine; auto is the best that it permits, and where
    nothing isolates nothing runs. none: programs may do all that you may, with your files and your network:
    for programs that you trust alone."""
    jdk: Annotated[str | None, arg(metavar="RELEASE|FOLDER")] = None
    """The JDK that compiles and runs programs: a release that is found on this machine, such as 21, or the
    folder of one; docker has 17, 21 and 25. By default JAVA_HOME's, else the PATH's, and in docker 17."""
    workers: Annotated[int, arg(metavar="N")] = 0
    """Programs judged at a time; 0 is one a core. On Ray: by each actor, of which there are as many as CPUs
    are free for."""
    classpath: Annotated[str, arg(metavar="A.jar:B.jar")] = ""
    """Jars that programs and tests see, with colons between; programs that use them have a JVM of their
    own."""

    def check(self) -> None:
        """Raises BadInput."""
        if self.engine not in ("auto", "local", "docker", "ray") and not is_url(self.engine):
            raise BadInput(f"must be auto, local, docker, ray or a URL, is {self.engine!r}", field="engine")
        if self.workers < 0:
            raise BadInput(f"must not be negative, is {self.workers}", field="workers")
        for jar in self.jars():
            if not zipfile.is_zipfile(jar):
                raise BadInput("is no jar" if jar.exists() else "does not exist", file=jar, field="classpath")

    def jars(self) -> list[Path]:
        """The class path's."""
        return [Path(path) for path in self.classpath.split(os.pathsep) if path]

    def judge(self, *, shared: bool = False, **settings: Any) -> AnyJudge:
        """A new judge, or one that is `shared` by processes of this machine; `settings` are more arguments of
        it. Raises JudgeUnavailable."""
        from javabox import Judge, SharedJudge

        if is_url(self.engine):
            settings.pop("workers", None)  # what a command would choose here is the server's to choose
        settings = {
            "isolation": self.isolation,
            "jdk": self.jdk,
            "workers": self.workers or None,
            "classpath": self.jars(),
            **settings,
        }
        if self.engine == "ray":
            from javabox.cluster import RayJudge

            return RayJudge(**settings)
        if shared and not is_url(self.engine):
            return SharedJudge(engine=self.engine, linger=LINGER_SECONDS, **settings)
        return Judge(engine=self.engine, **settings)


@dataclass(frozen=True)
class Limiting:
    """What each program may use; what is given here holds in the place of the problem file's own limits."""

    time_limit: Annotated[float | None, arg(metavar="SECONDS")] = None
    """Seconds for a whole suite, counted in executed bytecode and so the same on every machine; by default
    the problem's own `time_limit`, else 4."""
    memory_limit: Annotated[int | None, arg(metavar="MB")] = None
    """Megabytes of heap; by default the problem's own `memory_limit`, else 256."""

    def check(self) -> None:
        """Raises BadInput."""
        if self.time_limit is not None and (wrong := time_limit_fault(self.time_limit)):
            raise BadInput(wrong, field="time-limit")
        if self.memory_limit is not None and (wrong := memory_limit_fault(self.memory_limit)):
            raise BadInput(wrong, field="memory-limit")

    def limited(self, problems: Iterable[Problem]) -> list[Problem]:
        """The problems with these limits."""
        return with_limits(problems, self.time_limit, self.memory_limit)
