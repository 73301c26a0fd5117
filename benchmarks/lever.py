"""LEVER's choice among a policy's programs, against choosing one at random, by likelihood, or by majority.

    rlcf train quickstart --objective.steps 0 --run base          # or the `base` of an ablation
    python -m benchmarks.lever runs/base/checkpoints/step-000000

The verifier learns on 300 of the atomic training problems, 8 samples each with the reference; the choice is
among 10 samples of each of the 350 test problems. Nothing that it reads says whether a case passed
(rlcf/evaluation/rerank.py).

Not covered: encoders other than the policy's own, other data sets (`rlcf verifier` has both).
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence

from javabox import Judge
from rlcf.evaluation import evaluate
from rlcf.evaluation.rerank import choice_rates
from rlcf.grounding.signal import Answer
from rlcf.policy import Policy, load_policy
from rlcf.problems import Problem, atomic
from rlcf.training.verifier import accuracy, candidates, examples, policy_verifier, train_verifier

TRAIN_PROBLEMS, TRAIN_SAMPLES, SAMPLES = 300, 8, 10
MAX_NEW_TOKENS = 128
TEMPERATURE = 0.8


def main() -> None:
    parser = argparse.ArgumentParser(description="Reranks a policy's programs with LEVER.")
    parser.add_argument("policy", help="a checkpoint of the quickstart")
    parser.add_argument("--steps", type=int, default=400, help="of the verifier's training")
    parser.add_argument("--lr", type=float, default=1e-3)
    options = parser.parse_args()
    policy = load_policy(options.policy, trained=False)
    with Judge("local") as judge:
        data = atomic.build(0, judge)
        chosen = random.Random(1).sample(list(data.train), TRAIN_PROBLEMS)
        verdicts = judge.grade([problem.job(str(problem.reference)) for problem in chosen])
        references = [Answer(p, str(p.reference), v) for p, v in zip(chosen, verdicts, strict=True)]
        learnt = answers(policy, chosen, TRAIN_SAMPLES, 1, judge)
        asked = answers(policy, data.test, SAMPLES, 2, judge)
    verifier = policy_verifier(policy, 0)
    train_verifier(verifier, examples([*references, *learnt]), steps=options.steps, lr=options.lr, seed=0)
    print(f"right of the test problems' programs: {accuracy(verifier, examples(asked)):.3f}")
    for name, rate in choice_rates(candidates(policy, verifier, asked, SAMPLES)).items():
        print(f"{name:<12}{rate.percent()}")


def answers(policy: Policy, problems: Sequence[Problem], n: int, seed: int, judge: Judge) -> list[Answer]:
    """`n` judged samples of each problem."""

    def sample(prompts: Sequence[str], temperature: float, seed: int) -> list[str]:
        return policy.sample(prompts, temperature=temperature, max_new_tokens=MAX_NEW_TOKENS, seed=seed)

    return evaluate(problems, sample, judge, temperature=TEMPERATURE, n=n, seed=seed)[1]


if __name__ == "__main__":
    main()
