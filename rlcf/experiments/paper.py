"""The numbers of RLCF's paper that are known, to stand beside ours, with what differs.

Its tables are in no source that we could read: one model's rows come from notes of a third party, one figure
from a review (docs/methods.md#rlcf). Rates are in percent, pass@1 and the share that compiles; how the paper
decoded is not known. Not covered: its other models, MathQA-Java.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rlcf.experiments.ablation_tables import Gains


@dataclass(frozen=True, slots=True)
class Told:
    """A row of the paper."""

    model: str
    metric: str
    before: str
    after: str
    gain: str
    source: str


PAPER = (
    Told("CodeGen-350M", "pass", "4.54", "5.08", "+0.54", "notes of a third party"),
    Told("CodeGen-350M", "compile", "60.68", "71.82", "+11.14", "notes of a third party"),
    Told("CodeT5-770M", "pass", "about 4", "6.6", "about +2.6", "a review of the paper"),
)
DIFFERS = """What differs: the paper's models are pre-trained on public code and have 350 M parameters and
more; they learn on references of CodeNet (Java) and are measured on MBJP. Its rates, KL, decoding and number
of seeds are not known. Its pattern, more gained in what compiles than in what passes, can be compared; its
heights can not."""


def paper_table(found: Sequence[Gains], model: str, data: str) -> str:
    """Markdown: the paper's rows, and ours of the arms of RLCF, or of all where there is none. `model` and
    `data` are ours."""
    lines = ["| model | on | arm | rate | before | after | gain |", "|---|---|---|---|---:|---:|---:|"]
    for told in PAPER:
        whose = f"{told.model} ({told.source})"
        cells = (whose, "MBJP", "RLCF", told.metric, told.before, told.after, told.gain)
        lines.append(f"| {' | '.join(cells)} |")
    ours = [gains for gains in found if gains.grounding.startswith("rlcf")]
    for gains in ours or found:
        for metric in ("compile", "pass"):
            before = 100 * gains.before(metric)
            gained = [100 * gain for gain in gains.of_seeds(metric)]
            mean = sum(gained) / len(gained)
            lines.append(
                f"| `{model}` | {data}, {gains.decoding} | `{gains.grounding}` | {metric} | {before:.1f} | "
                f"{before + mean:.1f} | {mean:+.1f} |"
            )
    return "\n".join([*lines, "", DIFFERS, ""])
