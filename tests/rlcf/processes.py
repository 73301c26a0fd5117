"""`rlcf` in processes of their own that need not import torch first: each is forked from one that has.

The server is forked from before it has threads or a judge (multiprocessing's `forkserver`), so a child is as
fresh as one that was started, but for what `rlcf` imports. Not covered: Ctrl-C, and a start from a shell
(test_cli.py).
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["rlcf.cli", "rlcf.training.run", "transformers.models.auto.modeling_auto"])
SECONDS = 300


def go(work: Path, *arguments: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """`rlcf` with `arguments` in the folder `work`, after some Python that may break it."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = SERVER.Process(target=_main, args=(work, arguments, before, out, err))
        process.start()
        process.join(SECONDS)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(f"rlcf {' '.join(arguments)} took more than {SECONDS} s")
        return subprocess.CompletedProcess(arguments, process.exitcode, out.read_text(), err.read_text())


def _main(work: Path, arguments: tuple[str, ...], before: str, out: Path, err: Path) -> None:
    for file, descriptor in ((out, 1), (err, 2)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), descriptor)
    os.chdir(work)
    exec(before, {"os": os, "signal": signal, "sys": sys})
    from rlcf.cli import main

    sys.exit(main(list(arguments)))
