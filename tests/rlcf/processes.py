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
from collections.abc import Mapping
from pathlib import Path

SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["rlcf.cli", "rlcf.training.run", "transformers.models.auto.modeling_auto"])
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


def _main(
    work: Path, arguments: tuple[str, ...], before: str, more: Mapping[str, str], out: Path, err: Path
) -> None:
    for file, descriptor in ((out, 1), (err, 2)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), descriptor)
    os.chdir(work)
    os.environ.update(more)
    if "OMP_NUM_THREADS" in more:  # too late for the library itself
        import torch

        torch.set_num_threads(int(more["OMP_NUM_THREADS"]))
    exec(before, {"os": os, "signal": signal, "sys": sys})
    from rlcf.cli import main

    sys.exit(main(list(arguments)))
