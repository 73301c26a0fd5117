"""Claim: the quickstart's supervised training is at least 1.3 times as fast as that of e71889a.

The same rows, the same number of steps, in turns, each in a process of its own that loads rlcf from a
checkout. Seconds are those of `train_supervised` after a few steps of warming up: rows are turned into tokens
within them. The loss of the last step shows that all learnt the same.

    git worktree add /tmp/before e71889a
    python -m benchmarks.supervised . /tmp/before

Not covered: a GPU (`benchmarks.gpu`), checkouts from before `rlcf/training/pretrain.py`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from javabox import Judge
from rlcf.recipes import load_recipe
from rlcf.training.data import load_data

WARM_UP = 5
RUN = """
import json, sys, time
import rlcf  # its environment comes before torch
import torch
from rlcf.training.pretrain import train_supervised
from rlcf.training.run import tiny_policy
from rlcf.training.runtime.distributed import Parallel

rows, steps = json.load(open(sys.argv[1])), int(sys.argv[2])
parallel = Parallel()
if hasattr(parallel, "half_of_the_cores"):
    parallel.half_of_the_cores()
else:
    torch.set_num_threads(1)
for count in (int(sys.argv[3]), steps):
    policy = tiny_policy([text for row in rows[:2000] for text in row], 0)
    begun = time.perf_counter()
    _, losses = train_supervised(policy, rows, steps=count, lr=2e-3, seed=0, parallel=parallel)
    seconds = time.perf_counter() - begun
print(json.dumps([steps / seconds, losses[-1]]))
"""
"""What a checkout is asked to do; with half of the cores for the judge, as `rlcf train` begins."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkouts", nargs="+", type=Path)
    parser.add_argument("--steps", type=int, default=80)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with Judge() as judge:
        data = load_data(load_recipe("quickstart"), judge, references=False)
    rates: dict[Path, list[float]] = {checkout.resolve(): [] for checkout in options.checkouts}
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "rows.json"
        rows.write_text(json.dumps([(problem.prompt, completion) for problem, completion in data.corpus]))
        for _ in range(options.rounds):
            for checkout, found in rates.items():
                rate, loss = run(checkout, rows, options.steps)
                found.append(rate)
                print(f"{checkout.name}: {rate:.2f} steps/s, loss {loss:.6f}", flush=True)
    first = statistics.median(next(iter(rates.values())))
    for checkout, found in rates.items():
        median = statistics.median(found)
        print(
            f"{checkout.name}: median {median:.2f} steps/s; the first is {first / median:.2f} times as fast"
        )


def run(checkout: Path, rows: Path, steps: int) -> tuple[float, float]:
    """Steps a second of the rlcf in `checkout`, and the last loss."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, rows, str(steps), str(WARM_UP)],
        cwd=checkout,
        env=os.environ | {"PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        check=True,
    )
    rate, loss = json.loads(done.stdout.splitlines()[-1])
    return float(rate), float(loss)


if __name__ == "__main__":
    main()
