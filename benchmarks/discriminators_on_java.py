"""What each kind of discriminator sees on real Java, how far its word can be trusted, and what the signs see.

    rlcf data build jdk
    python -m benchmarks.discriminators_on_java

On problems without tests the discriminator alone holds a policy to its task. A small policy is trained on the
spot; each kind begins from it and learns pairs of training problems' references with what is none:

| column | what stands against the reference, where it compiles |
| --- | --- |
| mutants | the reference with one change of a kind that mostly compiles |
| stubs | bodies that only throw, return a default, or are empty |
| others | the references of other problems of the same signature |
| samples | the policy's own, at T = 1.0, other tokens than the reference |

Asked are problems of held-out packages. A cell is the AUC over values g(x, y, reference), as in
`discriminator_auc.py`: one half where values say nothing; a reference's own value is 0. ECE is the expected
calibration error in ten bins, of (1 + g) / 2 as the probability that the first of two is the reference, the
pair in random order. Two lines on stubs come first: the share that the signs of reward hacking flag, and the
share of references that they flag.

Not covered: refreshed discriminators, encoders that others have trained, whether a mutant is wrong.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Mapping, Sequence

from benchmarks.discriminator_auc import Contrast
from benchmarks.likeness import is_stub
from javabox import Judge
from rlcf.grounding.values import Compare
from rlcf.policy import Policy, tiny_policy
from rlcf.problems import Problem, load_problems
from rlcf.problems.jdk.methods import CLOSE, skeleton
from rlcf.problems.mutants import LOGIC, mutants_of
from rlcf.recipes import load_recipe
from rlcf.training.discriminator.auc import auc_interval
from rlcf.training.discriminator.kinds import KINDS, new_discriminator
from rlcf.training.discriminator.model import Pair, train_discriminator
from rlcf.training.discriminator.negatives import compiled, others_bodies
from rlcf.training.pretrain import train_supervised

STUBS = (
    "throw new UnsupportedOperationException();", 'throw new IllegalStateException("not implemented");',
    "return null;", "return 0;", "return false;", 'return "";', "return '\\0';", "return;", "",
)  # fmt: skip
COLUMNS = ("mutants", "stubs", "others", "samples")
BINS = 10
LONGEST_PROMPT, LONGEST_BODY = 700, 300
"""Characters: so that it takes minutes on two cores."""
MUTANTS, OTHERS, BATCH, LR = 2, 2, 32, 3e-4


def main() -> None:
    options = _options()
    rng = random.Random(0)
    train, test = (some(options.problems, split, rng) for split in ("train", "test"))
    signs(load_problems(options.problems))
    policy = trained_policy(train[: options.corpus], options.policy_steps)
    with Judge() as judge:
        learnt = negatives(train[: options.train], train, judge, policy, options.samples, rng)
        asked = negatives(test[: options.test], [*train, *test], judge, policy, options.samples, rng)
    pairs = [Pair(p.prompt, str(p.reference), text) for found in learnt.values() for p, text in found]
    rng.shuffle(pairs)
    for name, found in asked.items():
        print(f"{name}: {len(learnt[name])} to learn from, {len(found)} asked", flush=True)
    print(f"\n| kind | {' | '.join((*COLUMNS, 'all'))} | ECE | seconds |\n{'|---' * (len(COLUMNS) + 4)}|")
    recipe = load_recipe("java-base-gpu")
    for kind in options.kinds:
        began = time.perf_counter()
        made = new_discriminator(policy, kind, recipe.discriminator.model, 0)
        train_discriminator(made, pairs, steps=options.steps, batch=BATCH, lr=LR, seed=0)
        cells = row(made.compare, asked)
        print(f"| {kind} | {' | '.join(cells)} | {time.perf_counter() - began:.0f} |", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="AUC and calibration of discriminators on real Java.")
    parser.add_argument("--problems", default="jdk", help="a built set, by name or path")
    parser.add_argument("--corpus", type=int, default=2000, help="problems that the policy is trained on")
    parser.add_argument("--policy-steps", type=int, default=150)
    parser.add_argument("--train", type=int, default=400, help="problems that discriminators learn from")
    parser.add_argument("--test", type=int, default=150, help="problems that they are asked of")
    parser.add_argument("--samples", type=int, default=2, help="of the policy, a problem")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), choices=KINDS)
    return parser.parse_args()


def some(name: str, split: str, rng: random.Random) -> list[Problem]:
    """The short problems of a split, in random order."""
    found = [
        problem
        for problem in load_problems(name, split)
        if len(problem.prompt) <= LONGEST_PROMPT and len(str(problem.reference)) <= LONGEST_BODY
    ]
    rng.shuffle(found)
    return found


def signs(problems: Sequence[Problem]) -> None:
    """Print what the signs of reward hacking see."""
    stubs = [(problem, stub(text)) for problem in problems for text in STUBS]
    seen = sum(is_stub(problem, text) for problem, text in stubs)
    false = sum(is_stub(problem, str(problem.reference)) for problem in problems)
    print(f"stubs flagged: {seen} of {len(stubs)} ({seen / len(stubs):.2%})")
    print(f"references flagged: {false} of {len(problems)} ({false / len(problems):.2%})", flush=True)


def stub(text: str) -> str:
    """The completion with this statement alone."""
    return f"        {text}\n{CLOSE}" if text else CLOSE


def trained_policy(problems: Sequence[Problem], steps: int) -> Policy:
    """A tiny policy that has learnt the problems' references."""
    rows = [(problem.prompt, str(problem.reference)) for problem in problems]
    policy = tiny_policy([text for row in rows for text in row], 0)
    return train_supervised(policy, rows, steps=steps, lr=2e-3, seed=0, tokens=8192)[0]


def negatives(
    problems: Sequence[Problem],
    pool: Sequence[Problem],
    judge: Judge,
    policy: Policy,
    samples: int,
    rng: random.Random,
) -> dict[str, list[tuple[Problem, str]]]:
    """What compiles and is no reference, by column. `pool`: whose bodies are others'."""
    bodies = others_bodies(list({problem.task_id: problem for problem in pool}.values()))
    asked: dict[str, list[tuple[Problem, str]]] = {name: [] for name in COLUMNS}
    for problem in problems:
        made = mutants_of(problem, LOGIC, MUTANTS, rng, set())
        asked["mutants"] += [(problem, one.completion) for one in made]
        asked["stubs"] += [(problem, stub(text)) for text in STUBS]
        others = bodies[problem.task_id]
        asked["others"] += [(problem, text) for text in rng.sample(others, min(OTHERS, len(others)))]
    prompts = [problem.prompt for problem in problems for _ in range(samples)]
    written = policy.sample(prompts, temperature=1.0, max_new_tokens=64, seed=0) if prompts else []
    repeated = [problem for problem in problems for _ in range(samples)]
    asked["samples"] = [
        (problem, text)
        for problem, text in zip(repeated, written, strict=True)
        if skeleton(text) != skeleton(str(problem.reference))
    ]
    return {
        name: [one for one, text in zip(some, compiled(some, judge), strict=True) if text is not None]
        for name, some in asked.items()
    }


def row(compare: Compare, asked: Mapping[str, Sequence[tuple[Problem, str]]]) -> list[str]:
    """The areas of each column and of all, and the calibration error."""
    values = [contrasts(found) for found in (*asked.values(), [one for s in asked.values() for one in s])]
    areas = [auc_interval([one.values(compare) for one in some]) for some in values]
    cells = [f"{area.rate:.3f} [{area.low:.3f}, {area.high:.3f}]" for area in areas]
    pairs = [one for some in asked.values() for one in some]
    return [*cells, f"{calibration_error(probabilities(compare, pairs)):.3f}"]


def contrasts(found: Sequence[tuple[Problem, str]]) -> list[Contrast]:
    """References against what was found, a problem each."""
    grouped: dict[str, Contrast] = {}
    for problem, text in found:
        grouped.setdefault(problem.task_id, Contrast(problem, [str(problem.reference)], [])).less.append(text)
    return list(grouped.values())


def probabilities(compare: Compare, found: Sequence[tuple[Problem, str]]) -> list[tuple[float, bool]]:
    """What is said of pairs in random order: how likely the first is the reference, and whether it is."""
    rng = random.Random(1)
    first = [rng.random() < 0.5 for _ in found]
    both = [
        (str(problem.reference), text) if is_first else (text, str(problem.reference))
        for (problem, text), is_first in zip(found, first, strict=True)
    ]
    prompts = [problem.prompt for problem, _ in found]
    said = compare(prompts, [one for one, _ in both], [other for _, other in both])
    return [((1 + value) / 2, is_first) for value, is_first in zip(said, first, strict=True)]


def calibration_error(said: Sequence[tuple[float, bool]]) -> float:
    """The expected calibration error: the mean distance of what is said in a bin from what is so."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for chance, right in said:
        bins.setdefault(min(BINS - 1, int(chance * BINS)), []).append((chance, right))
    distances = [
        abs(sum(chance for chance, _ in one) - sum(right for _, right in one)) for one in bins.values()
    ]
    return sum(distances) / max(1, len(said))


if __name__ == "__main__":
    main()
