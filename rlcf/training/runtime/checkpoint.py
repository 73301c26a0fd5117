"""Checkpoints: all that a run needs to go on as if it had never stopped.

    step-000000/   the policy as the first step found it, a plain model, and the discriminator
    step-000040/   policy (a plain model, or LoRA adapters on step-000000), discriminator.pt, trainer.pt;
                   critic.pt of `advantage = "coderl"`, for `rlcf bench --refine`

A checkpoint is written aside, flushed to the disk and renamed: a folder of this name is whole, whatever
killed the run. trainer.pt holds what the policy's files do not: the critic, optimisers, random states, the
KL coefficient, best scores, pairs that wait for the discriminator, what the rails remember. There is no
learning-rate scheduler and no data cursor to save: both are functions of the step. A `judge:MODEL` has no
file either: the recipe names it. Not covered: checkpoints of the supervised training, writing while the
training goes on.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy
import torch

TRAINER, DISCRIMINATOR = "trainer.pt", "discriminator.pt"


def checkpoint_folder(run: Path, step: int) -> Path:
    return run / "checkpoints" / f"step-{step:06d}"


def steps_saved(run: Path) -> list[int]:
    """List the steps of the checkpoints that a run has, in order."""
    matches = (re.fullmatch(r"step-(\d{6,})", path.name) for path in (run / "checkpoints").glob("step-*"))
    return sorted(int(match[1]) for match in matches if match)


def write_checkpoint(folder: Path, write: Callable[[Path], None]) -> None:
    """Make `folder` with what `write` puts into the folder that it is given: wholly or not at all."""
    aside = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    write(aside)
    for path in [*aside.rglob("*"), aside]:
        _flush(path)
    if folder.exists():  # a run that was resumed before this step writes it once more
        remove_checkpoint(folder)
    os.rename(aside, folder)
    _flush(folder.parent)


def remove_checkpoint(folder: Path) -> None:
    """Remove a checkpoint; one that is half removed no longer has its name."""
    gone = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(gone, ignore_errors=True)
    os.rename(folder, gone)
    shutil.rmtree(gone)


def prune(run: Path, keep: int, spared: Iterable[int]) -> None:
    """Remove all checkpoints but the last `keep`, the first and those of the steps `spared`."""
    steps = steps_saved(run)
    kept = {0, *spared, *steps[len(steps) - keep :]}
    for step in steps:
        if step not in kept:
            remove_checkpoint(checkpoint_folder(run, step))


def random_states() -> dict[str, Any]:
    """Gather the states of every generator that anything here, or a model's code, may draw from."""
    kind, keys, position, has_gauss, gauss = numpy.random.get_state()
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "numpy": [kind, torch.from_numpy(numpy.asarray(keys, dtype="int64")), position, has_gauss, gauss],
        "python": random.getstate(),
    }


def set_random_states(states: dict[str, Any]) -> None:
    """Restore what `random_states` returned."""
    torch.set_rng_state(states["torch"])
    with contextlib.suppress(RuntimeError):  # fewer GPUs than before: those that are left are set
        torch.cuda.set_rng_state_all(states["cuda"])
    kind, keys, *rest = states["numpy"]
    numpy.random.set_state((kind, keys.numpy().astype("uint32"), *rest))
    version, internal, gauss = states["python"]
    random.setstate((version, tuple(internal), gauss))


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
