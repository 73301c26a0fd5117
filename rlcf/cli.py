"""The command `rlcf`: finds the command, runs it, and turns what went wrong into an exit code.

    0    done
    1    `data check` found a problem that can't be learned from
    2    bad input: one line on stderr that names file, line and field
    3    no judge could be started: one line with the command that mends it
    4    the training's rails stopped it: one line that names the alarms
    130  ended by Ctrl-C

A command is a dataclass in `rlcf/commands/`; tyro makes its options and its help from the fields and their
docstrings. Only the one that was named is imported, and what is heavy (torch) only once it runs, so help is
quick.
"""

from __future__ import annotations

import functools
import importlib
import io
import logging
import operator
import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any, Protocol

from tyro.conf import subcommand

from javabox import JudgeUnavailable
from rlcf.commands.parse import parse
from rlcf.errors import BadInput
from rlcf.version import commit, release

COMMANDS = {
    "grade": "rlcf.commands.grade:Grade",
    "train": "rlcf.commands.train:Train",
    "ablate": "rlcf.commands.ablate:Ablate",
    "study": "rlcf.commands.study:Study",
    "bench": "rlcf.commands.bench:Bench",
    "verifier": "rlcf.commands.verifier:Verifier",
    "data": "rlcf.commands.data:Data",
    "merge": "rlcf.commands.model.merge:Merge",
    "push": "rlcf.commands.model.push:Push",
    "report": "rlcf.commands.report:Report",
    "runs": "rlcf.commands.report:Runs",
    "serve": "rlcf.commands.serve:Serve",
    "doctor": "rlcf.commands.doctor:Doctor",
    "init": "rlcf.commands.init:Init",
}
"""Where the dataclass of each is."""


class Command(Protocol):
    """What a command line means."""

    def run(self) -> int:
        """Does it; the exit code."""


DESCRIPTION = (
    "Train, grade and benchmark Java code models from compiler feedback. `rlcf --version` says which release"
    " and commit this is; `rlcf --tyro-print-completion bash` (or zsh, tcsh) is what completes it in a shell."
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    logging.basicConfig(format="rlcf: %(message)s", level=logging.WARNING)
    argv = sys.argv[1:] if argv is None else list(argv)
    _print_anything()
    if argv == ["--version"]:
        at = commit()
        print(f"rlcf {release()}" + (f" (commit {at})" if at else ""))
        return 0
    try:
        return parse_command(argv).run()
    except BadInput as error:
        return _fail(2, error)
    except JudgeUnavailable as error:
        return _fail(3, error)
    except PermissionError as error:
        return _fail(2, f"{error.filename}: {error.strerror}; name another, or run as who may use it")
    except KeyboardInterrupt:
        return _fail(130, "interrupted")
    except BrokenPipeError:
        # whoever read our output has gone (`| head`); Python would complain once more when it flushes stdout
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except _training_stopped() as error:
        return _fail(4, error)


def _training_stopped() -> type[Exception]:
    from rlcf.training.runtime.rails import TrainingStopped

    return TrainingStopped


def _print_anything() -> None:
    """What the terminal's encoding lacks is shown as an escape: no character may end a run."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def parse_command(argv: Sequence[str]) -> Command:
    """The command that a command line means, not yet run. Raises BadInput, and SystemExit after a --help."""
    name = argv[0] if argv else ""
    if name in COMMANDS:
        kind = _kind(name)
        own: Command = (
            kind.parse(argv[1:])
            if hasattr(kind, "parse")
            else parse(kind, f"rlcf {name}", argv[1:], see=f"rlcf {name}")
        )
        return own
    kinds = [Annotated[_kind(name), subcommand(name)] for name in COMMANDS]
    every = functools.reduce(operator.or_, kinds)
    command: Command = parse(every, "rlcf", argv, see="rlcf", description=DESCRIPTION)
    return command


def _kind(name: str) -> Any:
    module, _, kind = COMMANDS[name].partition(":")
    return getattr(importlib.import_module(module), kind)


def _fail(code: int, reason: object) -> int:
    line = " ".join(str(reason).split())
    print(f"rlcf: {line}", file=sys.stderr)
    return code
