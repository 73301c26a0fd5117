"""The command `rlcf`: finds the command, runs it, and turns what went wrong into an exit code.

    0    done
    1    `data check` found a problem that can't be learned from
    2    bad input: one line on stderr that names file, line and field
    3    no judge could be started: one line with the command that mends it
    4    the training's rails stopped it: one line that names the alarms
    130  ended by Ctrl-C

A command is a dataclass in `rlcf/commands/`; tyro makes its options and its help from the fields and their
docstrings. Commands import what is heavy (the judge, torch) only once they run, so help is quick.
"""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Sequence
from typing import Annotated

from tyro.conf import subcommand

from javabox import JudgeUnavailable
from rlcf.commands.ablate import Ablate
from rlcf.commands.bench import Bench
from rlcf.commands.data import Data
from rlcf.commands.doctor import Doctor
from rlcf.commands.grade import Grade
from rlcf.commands.init import Init
from rlcf.commands.model.merge import Merge
from rlcf.commands.model.push import Push
from rlcf.commands.parse import parse
from rlcf.commands.report import Report, Runs
from rlcf.commands.serve import Serve
from rlcf.commands.study import Study
from rlcf.commands.train import Resume, Train
from rlcf.commands.verifier import Verifier
from rlcf.errors import BadInput
from rlcf.training.runtime.rails import TrainingStopped
from rlcf.version import commit, release

Command = (
    Annotated[Grade, subcommand("grade")]
    | Annotated[Train, subcommand("train")]
    | Annotated[Ablate, subcommand("ablate")]
    | Annotated[Study, subcommand("study")]
    | Annotated[Bench, subcommand("bench")]
    | Annotated[Verifier, subcommand("verifier")]
    | Annotated[Data, subcommand("data")]
    | Annotated[Merge, subcommand("merge")]
    | Annotated[Push, subcommand("push")]
    | Annotated[Report, subcommand("report")]
    | Annotated[Runs, subcommand("runs")]
    | Annotated[Serve, subcommand("serve")]
    | Annotated[Doctor, subcommand("doctor")]
    | Annotated[Init, subcommand("init")]
)

NAMES = (
    *("grade", "train", "ablate", "study", "bench", "verifier", "data", "merge", "report", "serve", "doctor"),
    *("runs", "init", "push"),
)
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
    except TrainingStopped as error:
        return _fail(4, error)
    except PermissionError as error:
        return _fail(2, f"{error.filename}: {error.strerror}; name another, or run as who may use it")
    except KeyboardInterrupt:
        return _fail(130, "interrupted")
    except BrokenPipeError:
        # whoever read our output has gone (`| head`); Python would complain once more when it flushes stdout
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _print_anything() -> None:
    """What the terminal's encoding lacks is shown as an escape: no character may end a run."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def parse_command(argv: Sequence[str]) -> Command | Resume:
    """The command that a command line means, not yet run. Raises BadInput, and SystemExit after a --help."""
    if argv[:1] == ["train"]:
        return Train.parse(argv[1:])
    if argv[:1] == ["ablate"]:
        return Ablate.parse(argv[1:])
    see = f"rlcf {argv[0]}" if argv and argv[0] in NAMES else "rlcf"
    command: Command = parse(Command, "rlcf", argv, see=see, description=DESCRIPTION)
    return command


def _fail(code: int, reason: object) -> int:
    line = " ".join(str(reason).split())
    print(f"rlcf: {line}", file=sys.stderr)
    return code
