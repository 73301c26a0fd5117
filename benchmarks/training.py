"""Claim: rlcf without a critic trains at least 1.5 times as fast as TRL's GRPO, and grading costs it nothing.

Same model (made on the spot), prompts, tokens, group size, learning rate and reward (does it compile, by the
same judge), one update a rollout batch, the same number of torch threads; each run in a fresh process, ours
and TRL's in turns. Reported are medians, over the steps but the first and over the turns; the factor is the
median of the turns' factors. Claimed are 1.5 times TRL's completions a second on a CPU, and less than 5 % of
a step spent waiting for the judge. The exit code is 1 where that is not so.

    python -m venv TRL && TRL/bin/pip install "trl[peft]" torch==2.13.0 transformers==5.23.0 docker rich
    python -m benchmarks.training --trl-python TRL/bin/python                    # tiny; about 6 minutes
    python -m benchmarks.training --trl-python TRL/bin/python --size small --kl 0.04
    python -m benchmarks.training --trl-python TRL/bin/python --before CHECKOUT  # of another commit
    python -m benchmarks.training --trl-python TRL/bin/python --gpu --peak-tflops 989

The package index decides whether that torch is the CPU build. docker and rich are what grading imports; rlcf
itself is found through PYTHONPATH. Without --trl-python there are our rows alone. --gpu only changes the
defaults: Qwen2.5-Coder-0.5B's shape, bf16, LoRA, 256 prompts, 256 new tokens; it wants the peak of the
device for the utilisation. What TRL is given, why, and what was tried for it is told in training_trl.py.
The checkout of --before takes --microbatch-tokens too, as its own benchmark did; ours chooses for itself.

`CPU` is the time of the training process's threads, nearly the same on a machine that others use too.

Utilisation is the model's own arithmetic in the update by the time that the update took and by the peak.
Every parameter of the trunk costs 2 operations a token forward and 2 backward through activations, over
prompt and completion, the head the same over completions alone; where weights are trained they cost 2 more,
and adapters 6. A prompt counts once a completion, though ours reads it once for all. Attention's own
products, old and reference log-probabilities and anything computed again count as time but not as work.

Not covered: models that write compiling Java (a random one does not, and javac is done with it sooner),
completions of unequal length, several GPUs, vLLM.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.training_setting import CRITIC_FREE, MODES, Facts, Result, Setting

ROOT = Path(__file__).parent.parent
TRL = "TRL, GRPO"
BEFORE = ", before"
"""Ends the name of a way of the checkout that is compared."""
FASTER, EXPOSED = 1.5, 0.05
CPU: dict[str, Any] = {
    "size": "tiny",
    "prompts": 32,
    "new_tokens": 64,
    "lora": 0,
    "microbatch_tokens": 12_288,
}
GPU: dict[str, Any] = {
    "size": "0.5b",
    "prompts": 256,
    "new_tokens": 256,
    "lora": 16,
    "microbatch_tokens": 32_768,
}
"""Defaults of the options."""


@dataclass(frozen=True)
class Row:
    """One way to train: the results of its turns."""

    way: str
    results: Sequence[Result]

    def median(self, number: str) -> float:
        """Of a step, by the name of its field."""
        return statistics.median(_median(result, number) for result in self.results)

    def factor(self, other: Row, number: str = "seconds") -> float:
        """How many times as fast as `other`, which took its turns beside these."""
        turns = zip(self.results, other.results, strict=True)
        return statistics.median(_median(theirs, number) / _median(own, number) for own, theirs in turns)

    @property
    def exposed(self) -> float:
        """Share of a step that waits for the judge."""
        return statistics.median(
            step.grading / step.seconds for result in self.results for step in result.steps
        )

    @property
    def tokens(self) -> set[int]:
        return {step.tokens for result in self.results for step in result.steps}


def _median(result: Result, number: str) -> float:
    return statistics.median(float(getattr(step, number)) for step in result.steps)


def work(setting: Setting, facts: Facts) -> float:
    """Operations of one update: forward and backward once over every rollout (see the docstring above)."""
    completion_tokens = setting.completions * setting.new_tokens
    through = facts.trunk * (facts.prompt_tokens + completion_tokens) + facts.head * completion_tokens
    if not setting.lora_rank:
        return 6.0 * through
    return 4.0 * through + 6.0 * facts.adapters * (facts.prompt_tokens + completion_tokens)


class Side:
    """Runs one way to train in a process of its own."""

    def __init__(
        self, folder: Path, trl_python: str, trl_config: str, trl_threads: int, own_microbatch: int
    ) -> None:
        self.folder, self.own_microbatch = folder, str(own_microbatch)
        self.setting, self.facts, self.result = (
            str(folder / f"{name}.json") for name in ("setting", "facts", "result")
        )
        self.trl_python, self.trl_config, self.trl_threads = trl_python, trl_config, trl_threads

    def make_model(self, size: str) -> Facts:
        self._python(sys.executable, "training_model", self.setting, size, self.facts)
        return Facts.read(Path(self.facts))

    def ours(self, mode: str) -> Result:
        self._python(sys.executable, "training_ours", self.setting, self.result, mode, self.own_microbatch)
        return Result.read(Path(self.result))

    def before(self, mode: str, checkout: Path) -> Result:
        """The mode in another checkout of ours, by its own `training_ours`."""
        self._python(sys.executable, "training_ours", self.setting, self.result, mode, checkout=checkout)
        return Result.read(Path(self.result))

    def trl(self, threads: int) -> Result:
        """With as many threads as ours took, unless another number is asked for."""
        threads = self.trl_threads or threads
        arguments = (self.setting, self.facts, self.result, str(threads), self.trl_config)
        self._python(self.trl_python, "training_trl", *arguments)
        return Result.read(Path(self.result))

    def _python(self, python: str, module: str, *arguments: str, checkout: Path = ROOT) -> None:
        command = [python, "-m", f"benchmarks.{module}", *arguments]
        environment = os.environ | {"PYTHONPATH": str(checkout)}
        done = subprocess.run(
            command, cwd=checkout, env=environment, text=True, capture_output=True, check=False
        )
        if done.returncode:
            sys.exit(f"{shlex.join(command)} failed:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")


def measure(side: Side, turns: int, before: Path | None) -> list[Row]:
    """All ways, in turns; `before` is a checkout of ours whose modes are measured too."""
    results: dict[str, list[Result]] = {}

    def note(way: str, result: Result) -> None:
        results.setdefault(way, []).append(result)
        print(f"{way}: {_median(result, 'seconds'):.2f} s a step", file=sys.stderr)

    for _ in range(turns):
        for mode in MODES:
            note(mode, side.ours(mode))
            if before:
                note(mode + BEFORE, side.before(mode, before))
        if side.trl_python:
            note(TRL, side.trl(next(iter(results.values()))[0].threads))
    return [Row(way, found) for way, found in results.items()]


def table(rows: Sequence[Row], setting: Setting, facts: Facts, peak_tflops: float) -> str:
    """Markdown, a row each way."""
    theirs = next((row for row in rows if row.way == TRL), None)
    lines = [
        "| way | completions/s | × TRL | × before | tokens/s | step | CPU | × TRL in CPU | generate "
        "| grading, waited for | update | utilisation of the update | peak RSS | peak on the GPU |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    before = {row.way.removesuffix(BEFORE): row for row in rows if row.way.endswith(BEFORE)}
    for row in rows:
        seconds, update = row.median("seconds"), row.median("update")
        rate = work(setting, facts) / update / 1e12
        on_gpu = max(result.peak_gpu_mb for result in row.results)
        cells = [
            row.way,
            f"{setting.completions / seconds:.1f}",
            f"{row.factor(theirs):.2f}" if theirs else "",
            f"{row.factor(before[row.way]):.2f}" if row.way in before else "",
            f"{row.median('tokens') / seconds:.0f}",
            f"{seconds:.2f} s",
            f"{row.median('cpu'):.2f} s",
            f"{row.factor(theirs, 'cpu'):.2f}" if theirs else "",
            f"{row.median('generate'):.2f} s",
            f"{row.median('grading'):.3f} s, {row.exposed:.1%}",
            f"{update:.2f} s",
            f"{rate:.3g} TFLOP/s" + (f", {rate / peak_tflops:.1%}" if peak_tflops else ""),
            f"{max(result.peak_mb for result in row.results):.0f} MiB",
            f"{on_gpu:.0f} MiB" if on_gpu else "",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def failures(rows: Sequence[Row], *, on_gpu: bool) -> list[str]:
    """What does not hold, in words."""
    failed = []
    if len(set.union(*(row.tokens for row in rows))) > 1:
        failed.append(f"the sides generated unequal numbers of tokens: {[row.tokens for row in rows]}")
    theirs = next((row for row in rows if row.way == TRL), None)
    for row in rows:
        if row.way == TRL or row.way.endswith(BEFORE):
            continue
        if row.exposed >= EXPOSED:
            failed.append(f"{row.way}: {row.exposed:.1%} of a step waits for the judge")
        if row.way == CRITIC_FREE and theirs and not on_gpu and row.factor(theirs) < FASTER:
            failed.append(f"{row.way}: {row.factor(theirs):.2f} times as fast as TRL, claimed are {FASTER}")
    return failed


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trl-python", default="", help="interpreter that has TRL; without, only our rows")
    parser.add_argument("--trl-config", default="{}", help="fields of GRPOConfig to try for TRL, as JSON")
    parser.add_argument("--trl-threads", type=int, default=0, help="torch threads of TRL; 0: as many as ours")
    parser.add_argument("--before", type=Path, help="checkout of another commit, whose rows stand beside")
    parser.add_argument("--gpu", action="store_true", help="other defaults: 0.5b, LoRA, 256 x 256")
    parser.add_argument("--size", choices=("tiny", "small", "0.5b"))
    parser.add_argument("--prompts", type=int, help="a step, of at most 371")
    parser.add_argument("--group", type=int, default=4, help="completions of a prompt")
    parser.add_argument("--new-tokens", type=int, help="length of every completion")
    parser.add_argument("--lora", type=int, help="rank; 0 trains all weights")
    parser.add_argument(
        "--microbatch-tokens", type=int, help="padded tokens in a pass of TRL's update, and of --before's"
    )
    parser.add_argument(
        "--own-microbatch-tokens", type=int, default=0, help="of ours; 0: as a user would get"
    )
    parser.add_argument("--kl", type=float, default=0.0, help="weight of the KL term on both sides")
    parser.add_argument("--steps", type=int, default=5, help="of a run; the first is dropped")
    parser.add_argument("--turns", type=int, default=3, help="runs of each side")
    parser.add_argument("--peak-tflops", type=float, default=0.0, help="of the device, for the utilisation")
    known, _ = parser.parse_known_args()
    parser.set_defaults(**(GPU if known.gpu else CPU))
    return parser.parse_args()


def main() -> int:
    chosen = options()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        setting = Setting(
            model=str(folder / "model"),
            prompts=chosen.prompts,
            group=chosen.group,
            new_tokens=chosen.new_tokens,
            steps=chosen.steps,
            temperature=1.0,
            learning_rate=1e-5,
            kl=chosen.kl,
            lora_rank=chosen.lora,
            microbatch_tokens=chosen.microbatch_tokens,
            seed=0,
        )
        side = Side(
            folder, chosen.trl_python, chosen.trl_config, chosen.trl_threads, chosen.own_microbatch_tokens
        )
        setting.write(Path(side.setting))
        facts = side.make_model(chosen.size)
        rows = measure(side, chosen.turns, chosen.before and chosen.before.resolve())
    show(rows, setting, facts, chosen)
    failed = failures(rows, on_gpu=chosen.gpu)
    for line in failed:
        print(f"NOT REACHED: {line}")
    return 1 if failed else 0


def show(rows: Sequence[Row], setting: Setting, facts: Facts, chosen: argparse.Namespace) -> None:
    """Prints what was run, where, and the table."""
    # Where TRL and the other checkout lie is this machine's affair.
    here = {chosen.trl_python: "TRL/bin/python", str(chosen.before): "CHECKOUT"}
    arguments = [here.get(argument, argument) for argument in sys.argv[1:]]
    print(f"`{shlex.join(['python', '-m', 'benchmarks.training', *arguments])}`\n")
    cores, load = len(os.sched_getaffinity(0)), os.getloadavg()[0]
    print(f"{cores} cores, {platform.machine()}, load {load:.1f}.", end=" ")
    print("; ".join(f"{row.way}: {row.results[0].versions}" for row in rows) + ".", end=" ")
    threads = {row.way: row.results[0].threads for row in rows}
    print(f"Threads: {json.dumps(threads)}.\n")
    tokens = sorted(set.union(*(row.tokens for row in rows)))
    print(
        f"{facts.trunk + facts.head:,} parameters; a step: {setting.prompts} prompts × {setting.group} "
        f"completions × {setting.new_tokens} tokens; generated on every side and step: {tokens} tokens.\n"
    )
    print(table(rows, setting, facts, chosen.peak_tflops))
    if not chosen.trl_python:
        print("\nNo --trl-python, so no row of TRL.")


if __name__ == "__main__":
    sys.exit(main())
