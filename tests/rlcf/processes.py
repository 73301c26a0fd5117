"""`rlcf` in processes of their own that need not import torch first: each is forked from one that has.

The server is forked from before it has threads or a judge (multiprocessing's `forkserver`), so a child is as
fresh as one that was started, but for what `rlcf` imports. Not covered: Ctrl-C, and a start from a shell
(test_cli.py).
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from rlcf.cli import COMMANDS

SERVER = multiprocessing.get_context("forkserver")
MODULES = (
    *dict.fromkeys(place.partition(":")[0] for place in COMMANDS.values()),
    *("rlcf.training.run", "transformers.models.auto.modeling_auto", "rlcf.service.server"),
)
# The first is not found where the server is started from another folder; then the others are.
SERVER.set_forkserver_preload(["tests.rlcf.preload", *MODULES])
SECONDS = 300


def go(
    work: Path, *arguments: str, before: str = "", ranks: tuple[Mapping[str, str], ...] = ({},)
) -> subprocess.CompletedProcess[str]:
    """`rlcf` with `arguments` in the folder `work`, after some Python that may break it.

    `ranks`: variables of each of several processes. Their texts follow each other; any that fails counts.
    """
    with tempfile.TemporaryDirectory() as folder:
        files = [(Path(folder, f"out{rank}"), Path(folder, f"err{rank}")) for rank in range(len(ranks))]
        processes = [
            SERVER.Process(target=_main, args=(work, arguments, before, dict(more), *texts))
            for more, texts in zip(ranks, files, strict=True)
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join(SECONDS)
        if any(process.exitcode is None for process in processes):
            for process in processes:
                process.kill()
            raise TimeoutError(f"rlcf {' '.join(arguments)} took more than {SECONDS} s")
        code = next((process.exitcode for process in processes if process.exitcode), 0)
        out, err = ("".join(text.read_text() for text in texts) for texts in zip(*files, strict=True))
        return subprocess.CompletedProcess(arguments, code, out, err)


@dataclass(frozen=True)
class Running:
    """A process that `begin` has begun, and the files that it writes its output to."""

    process: BaseProcess
    out: Path
    err: Path

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def poll(self) -> int | None:
        """Its exit code, None while it runs."""
        return self.process.exitcode

    def kill(self) -> None:
        """SIGKILL, also to its children."""
        with contextlib.suppress(ProcessLookupError):  # it has no session yet
            os.killpg(self.pid, signal.SIGKILL)
        self.process.kill()
        self.process.join()

    def wait(self, seconds: float = SECONDS) -> int:
        """Its exit code, once it has ended."""
        self.process.join(seconds)
        if self.process.exitcode is None:
            raise TimeoutError(f"a process has not ended in {seconds:g} s")
        return self.process.exitcode


def begin(
    function: Callable[..., int | None],
    *arguments: object,
    folder: Path,
    more: Mapping[str, str] | None = None,
) -> Running:
    """Begins `function(*arguments)` in a session of its own, where the caller is and with more variables.

    What it returns is the exit code; its output goes to new files in `folder`.
    """
    out, err = (Path(tempfile.mkstemp(f".{name}", dir=folder)[1]) for name in ("out", "err"))
    process = SERVER.Process(
        target=_begun, args=(function, arguments, Path.cwd(), dict(more or {}), out, err)
    )
    process.start()
    return Running(process, out, err)


def _begun(
    function: Callable[..., int | None],
    arguments: tuple[object, ...],
    work: Path,
    more: Mapping[str, str],
    out: Path,
    err: Path,
) -> None:
    os.setsid()
    gc.freeze()
    _redirect(out, err)
    os.chdir(work)
    os.environ.update(more)
    sys.exit(function(*arguments))


def _redirect(out: Path, err: Path) -> None:
    for file, descriptor in ((out, 1), (err, 2)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), descriptor)


def _main(
    work: Path, arguments: tuple[str, ...], before: str, more: Mapping[str, str], out: Path, err: Path
) -> None:
    gc.freeze()  # it would copy all that was imported, to look at it
    _redirect(out, err)
    os.chdir(work)
    os.environ.update(more)
    if "OMP_NUM_THREADS" in more:  # too late for the library itself
        import torch

        torch.set_num_threads(int(more["OMP_NUM_THREADS"]))
    exec(before, {"os": os, "signal": signal, "sys": sys})
    from rlcf.cli import main

    sys.exit(main(list(arguments)))
