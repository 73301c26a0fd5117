"""What is seen of a training while it runs: a line a step, a table of samples, and experiment trackers.

metrics.jsonl and completions.jsonl are the record; nothing here is needed to understand a run afterwards.

    check_trackers(names)                                       # before anything is loaded
    accelerator = Accelerator(log_with=list(names), project_dir=run_dir)
    trackers = Trackers(accelerator, names, "quickstart", config)
    with progress("ppo", total=steps) as advance:
        advance(1, **step_numbers(row)); show_step(row, steps); show_samples(step, 10, rollouts)
        trackers.log(row, step); trackers.completions(rollouts, step)
    trackers.close()

What a model wrote is shown as text: control characters and markup in it stay visible and do nothing.
Not covered: trackers beyond those that accelerate knows; images; completions in TensorBoard, which has no
tables.
"""

from __future__ import annotations

import importlib
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any

from accelerate.tracking import get_available_trackers
from rich import box
from rich.table import Table
from rich.text import Text

from rlcf.errors import BadInput
from rlcf.grounding.signal import Answer, Signal
from rlcf.progress import console

if TYPE_CHECKING:
    from accelerate import Accelerator

TIMES = {
    "generate time": "seconds_generate",
    "baseline time": "seconds_baseline",
    "judge-exposed time": "seconds_judge_exposed",
    "discriminator time": "seconds_discriminator",
    "log-probs time": "seconds_logps",
    "update time": "seconds_update",
}
"""Name in the live line, and in a row of metrics.jsonl, of the parts of a step's time. No part of a reward
has a name like these."""

PROJECT = "rlcf"
"""What trackers group runs under."""
TRACKERS = {
    "tensorboard": "pip install tensorboard",
    "wandb": "pip install wandb",
    "trackio": "pip install trackio",
}
"""The trackers that a recipe may ask for, and what makes them available."""

SHOWN_CHARACTERS = 2_000
"""Of a completion that are looked at for the table; it shows a few lines of them."""


def step_numbers(row: Mapping[str, float]) -> dict[str, float | str]:
    """Select what the live line shows of a row of metrics.jsonl, in order; what the row lacks is left out.

    Rates and the split of time are percentages; `kl` is in nats a rollout.
    """
    numbers: dict[str, float | str] = {}
    if "reward" in row:
        numbers["reward"] = float(row["reward"])
    numbers |= {name.removeprefix("part_"): float(row[name]) for name in row if name.startswith("part_")}
    numbers |= {name: f"{row[name]:.1%}" for name in ("compile", "exec", "pass") if name in row}
    if "kl" in row:
        numbers["kl"] = float(row["kl"])
    if "clip_fraction" in row:
        numbers["clip"] = f"{row['clip_fraction']:.1%}"
    if "explained_variance" in row:
        numbers["explained"] = float(row["explained_variance"])
    if "tokens_per_second" in row:
        numbers["tokens/s"] = float(row["tokens_per_second"])
    seconds = {name: row[key] for name, key in TIMES.items() if key in row}
    total = sum(seconds.values())
    if total > 0:
        numbers |= {name: f"{part / total:.0%}" for name, part in seconds.items()}
    return numbers


def step_line(row: Mapping[str, float], steps: int, width: int) -> str:
    """One line of a step in at most `width` columns: what matters most comes first, and what does not fit is
    left out whole."""
    line = f"step {row['step']:.0f}/{steps}"[:width]
    seconds = {"s": f"{row['seconds']:.3g}"} if "seconds" in row else {}
    for name, value in (step_numbers(row) | seconds).items():
        shown = f"{value:+.3g}" if name == "reward" else f"{value:.3g}" if isinstance(value, float) else value
        longer = f"{line}  {name} {shown}"
        if len(longer) > width:
            break
        line = longer
    return line


def show_step(row: Mapping[str, float], steps: int) -> None:
    """Print the line of a step to stderr, on a terminal only; elsewhere progress prints plain lines."""
    if console.is_terminal:
        console.print(Text(step_line(row, steps, console.width), no_wrap=True))


def sample_table(rollouts: Sequence[tuple[Answer, Signal]], *, title: str = "", lines: int = 10) -> Table:
    """Tabulate the best, the median and the worst of `rollouts` by score, each once; ties in their order.

    Completions are cut to `lines` lines, and these to the width of the table. Rollouts without a score are
    left out.
    """
    table = Table(title=Text(title) if title else None, box=box.SIMPLE, expand=True, show_lines=True)
    table.add_column("reward, task, verdict", overflow="fold", ratio=2)
    table.add_column("completion", ratio=3)
    scored = [(answer, signal) for answer, signal in rollouts if signal.score is not None]
    scored.sort(key=lambda pair: -(pair[1].score or 0.0))
    at = dict.fromkeys((0, (len(scored) - 1) // 2, len(scored) - 1)) if scored else {}
    for answer, signal in (scored[index] for index in at):
        summary = "\n".join((_reward(signal), visible(answer.problem.task_id), _verdict(answer)))
        table.add_row(Text(summary), Text(_cut(answer.completion, lines), no_wrap=True, overflow="ellipsis"))
    return table


def show_samples(step: int, every: int, rollouts: Sequence[tuple[Answer, Signal]]) -> None:
    """Print the sample table to stderr at every `every`th step, on a terminal only; 0 is never."""
    if every and step % every == 0 and console.is_terminal:
        console.print(sample_table(rollouts, title=f"step {step}: best, median, worst"))


def visible(text: str) -> str:
    r"""Spell out everything in `text` that a terminal may act on: `\x1b` for an escape, and lone
    surrogates and invisible characters too. Line ends stay, tabs become four spaces."""
    return "".join(_visible(character) for character in text.replace("\r\n", "\n"))


def _visible(character: str) -> str:
    if character == "\n" or character == " ":
        return character
    if character == "\t":
        return "    "
    # Control, format (bidirectional overrides too), surrogates, unassigned, line and paragraph separators
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
        return character.encode("unicode_escape").decode("ascii")
    return character


def _cut(completion: str, lines: int) -> str:
    shown = visible(completion[:SHOWN_CHARACTERS]).split("\n")
    more = len(shown) > lines or len(completion) > SHOWN_CHARACTERS
    return "\n".join(shown[:lines] + ["…"] * more)


def _reward(signal: Signal) -> str:
    parts = [f"{visible(name)} {value:+.2f}" for name, value in signal.parts.items() if value]
    return "\n".join([f"{signal.score or 0.0:+.2f}", *parts])


def _verdict(answer: Answer) -> str:
    verdict = answer.verdict
    lines = [str(verdict.outcome)]
    if verdict.diagnostics:
        first = verdict.diagnostics[0]
        lines.append(f"line {first.line}: {first.message}")
    elif verdict.exception is not None:
        thrown = verdict.exception
        lines.append(f"line {thrown.line}: {thrown.type}: {thrown.message}")
    elif verdict.cases:
        lines.append(f"{verdict.pass_fraction:.0%} of {len(verdict.cases)} cases")
    return visible("\n".join(lines)[:200])


def completion_rows(rollouts: Sequence[tuple[Answer, Signal]]) -> list[tuple[Any, ...]]:
    """Rows of COLUMNS, one a completion: nothing in them tells what the tests expect. Lone surrogates, which
    trackers can't send, are spelled out."""

    def plain(text: str) -> str:
        return text.encode("utf-8", "backslashreplace").decode("utf-8")

    return [
        (
            plain(answer.problem.task_id),
            str(answer.verdict.outcome),
            signal.score,
            answer.verdict.diagnostics[0].code if answer.verdict.diagnostics else "",
            answer.verdict.exception.type if answer.verdict.exception else "",
            plain(answer.completion),
        )
        for answer, signal in rollouts
    ]


COLUMNS = ["problem", "outcome", "score", "javac code", "exception", "completion"]
TABLED_AS = "completions"


def _trackio_table(trackio: Any, rows: Sequence[tuple[Any, ...]]) -> Any:
    pandas = importlib.import_module("pandas")  # which trackio needs
    return trackio.Table(dataframe=pandas.DataFrame(rows, columns=COLUMNS))


TABLED: dict[str, Callable[[Any, Sequence[tuple[Any, ...]]], Any]] = {
    "wandb": lambda wandb, rows: wandb.Table(columns=COLUMNS, data=[list(row) for row in rows]),
    "trackio": _trackio_table,
}
"""How a tracker's package makes a table of rows."""


def check_trackers(names: Sequence[str]) -> None:
    """Raise BadInput where a tracker is unknown, or its package not installed."""
    available = {str(tracker) for tracker in get_available_trackers()}
    for name in names:
        if name not in TRACKERS:
            raise BadInput(f"'{name}' is no tracker; known are {', '.join(TRACKERS)}", field="trackers")
        if name not in available:
            raise BadInput(f"{name} is not installed; `{TRACKERS[name]}`, or leave it out", field="trackers")


class Trackers:
    """Rows of metrics, sent to the trackers of an accelerator; to none where it has none."""

    def __init__(
        self, accelerator: Accelerator | None, names: Sequence[str], run_name: str, config: Mapping[str, Any]
    ) -> None:
        """Starts the trackers `names` and those of the accelerator's own.

        The accelerator is made with `log_with=names` and a `project_dir`, where TensorBoard writes. `config`:
        the recipe's fields. Raises BadInput where a tracker is unknown or not installed; a ValueError where
        the accelerator was made without it.
        """
        check_trackers(names)
        self._accelerator = accelerator
        made = set() if accelerator is None else {_name(tracker) for tracker in accelerator.log_with}
        if missing := set(names) - made:
            raise ValueError(f"the accelerator must be made with log_with={sorted(missing)}")
        if accelerator is not None and made:
            accelerator.init_trackers(
                PROJECT,
                # TensorBoard takes no other types as hyperparameters.
                config={
                    key: v if isinstance(v, bool | int | float | str) else str(v) for key, v in config.items()
                },
                init_kwargs={"wandb": {"name": run_name}, "trackio": {"name": run_name}},
            )

    def log(self, row: Mapping[str, float], step: int) -> None:
        """Send the numbers of a row, but for its own `step`, as those of `step`."""
        if self._accelerator is not None and self._accelerator.trackers:
            numbers = {name: v for name, v in row.items() if isinstance(v, int | float) and name != "step"}
            self._accelerator.log(numbers, step=step)

    def completions(self, rollouts: Sequence[tuple[Answer, Signal]], step: int) -> None:
        """Send the completions of `step` as a table, to the trackers that have tables."""
        for tracker in self._accelerator.trackers if self._accelerator is not None else ():
            if tracker.name not in TABLED:
                continue
            module = importlib.import_module(tracker.name)
            tracker.log({TABLED_AS: TABLED[tracker.name](module, completion_rows(rollouts))}, step=step)

    def close(self) -> None:
        """End the trackers. The accelerator's own way would end its process group too."""
        if self._accelerator is not None:
            for tracker in self._accelerator.trackers:
                tracker.finish()


def _name(tracker: Any) -> str:
    """Return accelerate's name of one of its own trackers, or the name of a custom one."""
    return str(tracker) if isinstance(tracker, Enum) else str(tracker.name)
