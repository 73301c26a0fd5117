"""What RL adds to supervised training on MathQA-Java, from scratch: arms side by side on the test split.

For every seed a small policy is trained on the templates of the split `sft`; each arm goes on from it.

| arm | learns from |
| --- | --- |
| `sft` | nothing more: where all others begin |
| `more-sft` | the same problems again, `--more` steps |
| `rejection` | its own completions that pass, on problems withheld from `sft` |
| `rl` | what passes, as the recipe `mathqa` |
| `ppo` | the same with a critic in the place of the other completions' mean |
| `rlcf` | the paper's grounding, compiler and discriminator; no program is run |
| `rlcf-likelihood` | the same, with the policy's own likelihood as the discriminator |
| `compiler` | what compiles alone |

Every arm is evaluated greedily and at T = 1, on all test problems, on those whose template the split `sft`
has, on those that RL saw, and on the disjoint ones. On validation problems, of which the formulas are known,
what passes is run once more with other numbers: a program that is right by coincidence is not right there.

    python -m benchmarks.mathqa --seeds 0 1 2 --out runs/mathqa

All arms but `more-sft` have the references of `sft` as an anchor. Finished runs and evaluations in `--out`
are read and not repeated. Needs `rlcf data build mathqa-named --sft-share 0.5 --keep-references`: `rlcf` and
`rlcf-likelihood` compare with the references of the withheld part, which the others are not shown. Not
covered: the copy baselines (`rlcf data baselines mathqa`).
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.quickstart_seeds import run_one
from javabox import Judge
from rlcf.errors import BadInput
from rlcf.evaluation import evaluate
from rlcf.files import write_lines
from rlcf.grounding.signal import Answer
from rlcf.jsonl import Row
from rlcf.problems import load_problems
from rlcf.problems.formats.mxeval import mxeval_problem
from rlcf.problems.mathqa.form import form_of
from rlcf.problems.mathqa.formula import read_formula
from rlcf.problems.mathqa.questions import numbers, read_questions, template, training_file
from rlcf.recipes import load_recipe, override
from rlcf.training.runtime.checkpoint import checkpoint_folder

DATA = "mathqa-named"
SFT = "sft"
POLICY_GRADIENT_ALONE: dict[str, Any] = {"ppo.own_passes_coef": 0.0, "ppo.negative_weight": 1.0}
CRITIC: dict[str, Any] = {
    "ppo.advantage": "gae",
    "ppo.gae_lambda": 1.0,
    "critic.trunk": "own",
    "critic.lr": 3e-4,
    "critic.epochs": 4,
    "critic.warmup_steps": 4,
}
"""Of the recipe `quickstart-ppo`."""
ARMS: dict[str, dict[str, Any]] = {
    "more-sft": {"objective.steps": 0},
    "rejection": {"objective.name": "kept"},
    "rl": {},
    "ppo": CRITIC,
    "rlcf": {"objective.grounding": "rlcf", **POLICY_GRADIENT_ALONE},
    "rlcf-likelihood": {
        "objective.grounding": "rlcf",
        "discriminator.kind": "likelihood",
        **POLICY_GRADIENT_ALONE,
    },
    "compiler": {"objective.grounding": "compiler", **POLICY_GRADIENT_ALONE},
}
PARTS = ("all", "templates of sft", "templates of rl", "disjoint")
DECODINGS = ((0.0, 1), (1.0, 4))
"""Temperature, and completions a problem."""
CHECKED = 1000
"""Validation problems that are run with other numbers."""
Rates = dict[str, float]


def run_all(arms: Sequence[str], seeds: Sequence[int], fields: dict[str, Any], more: int, out: Path) -> None:
    """Trains and evaluates what is not there yet."""
    with Judge() as judge:
        for seed in seeds:
            # The benchmark evaluates on test itself; what a run says of itself is on validation.
            brief = {"evaluation.split": "validation", "evaluation.problems": 200}
            shared = override(load_recipe("mathqa"), {**brief, **fields, "seed": seed})
            base = out / f"seed-{seed}-{SFT}"
            run_one(override(shared, {"objective.steps": 0}), base, judge)
            measure(base, judge)
            for arm in arms:
                own = dict(ARMS[arm])
                if arm == "more-sft":  # a run of its own, since a start leaves supervised training out
                    own |= {"model.name": str(checkpoint_folder(base, 0)), "supervised.steps": more}
                    own |= {"supervised.lr": shared.supervised.lr / 4}
                else:
                    own["start"] = str(base)
                folder = out / f"seed-{seed}-{arm}"
                run_one(override(shared, own), folder, judge)
                measure(folder, judge)
                print(f"{folder} is there", file=sys.stderr, flush=True)


def measure(run: Path, judge: Judge) -> None:
    """Evaluates the last policy of a run: RUN/mathqa.json, rates by decoding and part."""
    from rlcf.policy import load_policy

    if (run / "mathqa.json").exists():
        return
    last = max((run / "checkpoints").iterdir())
    policy = load_policy(last, trained=False)

    def sample(prompts: Sequence[str], temperature: float, seed: int) -> list[str]:
        return policy.sample(prompts, temperature=temperature, max_new_tokens=96, seed=seed)

    problems, parts = load_problems(DATA, "test"), parts_of()
    found: dict[str, dict[str, Rates]] = {}
    for temperature, n in DECODINGS:
        _, answers = evaluate(problems, sample, judge, temperature=temperature, n=n)
        found[str(temperature)] = {
            part: rates_of([one for one in answers if part in ("all", parts[one.problem.task_id])])
            for part in PARTS
        }
    known = load_problems(DATA, "validation")[:CHECKED]
    _, answers = evaluate(known, sample, judge, temperature=1.0)
    passed = [one for one in answers if one.verdict.passed]
    found["other numbers"] = {"validation": coincidences(passed, judge)}
    write_lines(run / "mathqa.json", iter([json.dumps(found, indent=1) + "\n"]))


def parts_of() -> dict[str, str]:
    """Which templates' part each test problem is of."""
    templates = {
        split: {template(one.description) for one in load_problems(DATA, split)} for split in ("sft", "rl")
    }
    parts = {}
    for problem in load_problems(DATA, "test"):
        own = template(problem.description)
        seen = [f"templates of {split}" for split, known in templates.items() if own in known]
        parts[problem.task_id] = seen[0] if seen else "disjoint"
    return parts


def rates_of(answers: Sequence[Answer]) -> Rates:
    """Shares that compile and pass, and how many answers there are."""
    return {
        "compile": statistics.fmean(one.verdict.compiled is True for one in answers),
        "pass": statistics.fmean(one.verdict.passed is True for one in answers),
        "answers": len(answers),
    }


def coincidences(passed: Sequence[Answer], judge: Judge) -> Rates:
    """Of programs that pass the share that fails with other numbers in the text."""
    questions = read_questions(training_file("dev"))
    form = form_of(load_problems("mathqa", "test")[0], named=True)
    jobs = []
    for answer in passed:
        question = questions[int(answer.problem.task_id.rpartition("/")[2])]
        others = [
            number + 3 + 2 * place if number.is_integer() else number * 1.25
            for place, number in enumerate(numbers(question.text))
        ]
        try:
            value = read_formula(question.formula, others).value
        except BadInput:
            continue  # the formula has no value there
        given = ", ".join(f"n{place} = {number!r}" for place, number in enumerate(numbers(question.text)))
        asked = answer.problem.prompt.replace(
            given, ", ".join(f"n{place} = {number!r}" for place, number in enumerate(others))
        )
        row = form.fields(answer.problem.task_id, question.text, value) | {"prompt": asked}
        jobs.append(mxeval_problem(Row(dict(row), question.file, question.line)).job(answer.completion))
    verdicts = judge.grade(jobs)
    return {
        "coincidence": statistics.fmean(verdict.passed is False for verdict in verdicts) if verdicts else 0.0,
        "answers": len(verdicts),
    }


def table(arms: Sequence[str], seeds: Sequence[int], out: Path) -> str:
    """Markdown: pass rates by part and decoding, the mean of the seeds with their spread."""
    found: dict[str, list[dict[str, dict[str, Rates]]]] = defaultdict(list)
    for arm in (SFT, *arms):
        for seed in seeds:
            if (file := out / f"seed-{seed}-{arm}" / "mathqa.json").exists():
                found[arm].append(json.loads(file.read_text()))
    lines = []
    for temperature, n in DECODINGS:
        how = "greedy" if temperature == 0 else f"T = {temperature:g}, {n} samples"
        head = "".join(f" {part} |" for part in PARTS)
        lines += [f"{how}, {{}}:", "", f"| arm | compile |{head} by coincidence | seeds |"]
        lines += ["|---|" + "---:|" * (len(PARTS) + 3)]
        sizes = dict.fromkeys(PARTS, 0)
        for arm, runs in found.items():
            cells = [cell([one[str(temperature)]["all"]["compile"] for one in runs])]
            for part in PARTS:
                cells.append(cell([one[str(temperature)][part]["pass"] for one in runs]))
                sizes[part] = int(runs[0][str(temperature)][part]["answers"]) // n
            cells.append(cell([one["other numbers"]["validation"]["coincidence"] for one in runs]))
            lines.append(f"| `{arm}` | {' | '.join(cells)} | {len(runs)} |")
        lines = [
            line.replace("{}", ", ".join(f"{size} {part}" for part, size in sizes.items())) for line in lines
        ] + [""]
    return "\n".join(lines)


def cell(rates: Sequence[float]) -> str:
    """Per cent, with the standard deviation between seeds."""
    spread = f" ± {100 * statistics.stdev(rates):.1f}" if len(rates) > 1 else ""
    return f"{100 * statistics.fmean(rates):.1f}{spread}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--arms", nargs="*", default=list(ARMS), choices=ARMS)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", type=int, help="RL steps; the recipe's")
    parser.add_argument(
        "--more", type=int, default=1000, help="supervised steps of more-sft; by default as long as rl"
    )
    parser.add_argument("--out", type=Path, default=Path("runs/mathqa"))
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    fields = {} if options.steps is None else {"objective.steps": options.steps}
    run_all(options.arms, options.seeds, fields, options.more, options.out)
    print(table(options.arms, options.seeds, options.out))


if __name__ == "__main__":
    main()
