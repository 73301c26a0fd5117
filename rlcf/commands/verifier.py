"""`rlcf verifier`: trains the verifier that `rlcf bench --rerank lever` chooses with."""

from __future__ import annotations

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg

from rlcf.commands.bench import load_model
from rlcf.commands.grade import check_folder
from rlcf.commands.options import FLAT, Judging
from rlcf.errors import BadInput
from rlcf.evaluation.bench import check_decoding, evaluate
from rlcf.grounding.signal import Answer
from rlcf.problems import Problem, load_problems

if TYPE_CHECKING:
    from javabox import AnyJudge
    from rlcf.policy import Policy

log = logging.getLogger("rlcf")

HELD_OUT = 10
"""One problem in so many is held out to measure accuracy."""


@dataclass(frozen=True)
class Verifier:
    """Train a verifier of programs on what a model wrote: generate, judge, learn.

    Example: rlcf verifier runs/mine/checkpoints/step-000000 --problems mbjp --out verifier
    """

    model: Positional[Annotated[str, arg(metavar="MODEL")]]
    """A checkpoint's folder, or a model on the Hugging Face hub."""
    problems: Annotated[str, arg(metavar="P")]
    """mbjp, mathqa, humaneval-java, humaneval-x, multipl-e, or a file of problems in the format of one."""
    out: Annotated[str, arg(metavar="DIR")]
    """The folder to write, which must be new."""
    split: Annotated[str, arg(metavar="SPLIT")] = "train"
    """The part of the problems that is asked; a tenth of them is held out to measure accuracy."""
    n: int = 20
    """Completions a problem."""
    temperature: float = 0.8
    """Of sampling."""
    max_new_tokens: int = 256
    """Longest completion."""
    encoder: Annotated[str, arg(metavar="E")] = "policy"
    """What reads: policy is a copy of the model, else an encoder's folder or name on the hub."""
    steps: int = 1000
    """Of training, four problems each; LEVER's has 10,000."""
    lr: float = 5e-5
    """Learning rate; encoders of a million weights want 1e-3."""
    seed: int = 0
    """Of sampling, of what is held out and of training."""
    judging: Annotated[Judging, FLAT] = field(default_factory=Judging)

    def run(self) -> int:
        problems, out = self._checked(), Path(self.out)
        policy = load_model(self.model)
        from rlcf.training.verifier import (
            accuracy,
            encoder_verifier,
            examples,
            policy_verifier,
            save_verifier,
            train_verifier,
        )

        if self.encoder == "policy":
            verifier = policy_verifier(policy, self.seed)
        else:
            verifier = encoder_verifier(self.encoder, self.seed, policy.device)
        random.Random(f"held out {self.seed}").shuffle(problems)
        held_out = {problem.task_id for problem in problems[::HELD_OUT]}
        with self.judging.judge() as judge:
            found = examples(self._answers(policy, problems, judge))
        used = [programs for programs in found if programs[0].problem.task_id not in held_out]
        kept = [programs for programs in found if programs[0].problem.task_id in held_out]
        if not used or not kept:
            raise BadInput("the judge failed on every program: nothing can be learnt", field="problems")
        rate = _rate(used)
        if rate in (0, 1):
            log.warning("every program %s: there is nothing to tell apart", "passed" if rate else "failed")
        losses = train_verifier(verifier, used, steps=self.steps, lr=self.lr, seed=self.seed)
        save_verifier(verifier, out)
        print(f"learnt from {_count(used)}, {rate:.1%} pass; loss {losses[0]:.3f}, then {losses[-1]:.3f}")
        commoner = max(_rate(kept), 1 - _rate(kept))
        print(
            f"held out {_count(kept)}: accuracy {accuracy(verifier, kept):.1%}, "
            f"the commoner answer alone {commoner:.1%}"
        )
        print(f"verifier: {out}")
        return 0

    def _checked(self) -> list[Problem]:
        """The problems, once everything that can be wrong before the model answers was looked at."""
        self.judging.check()
        check_decoding(self.temperature, self.n)
        for name in ("max_new_tokens", "steps"):
            if getattr(self, name) < 1:
                raise BadInput(f"must be at least 1, is {getattr(self, name)}", field=name)
        if not 0 < self.lr < float("inf"):
            raise BadInput(f"must be positive, is {self.lr}", field="lr")
        if Path(self.out).exists():
            raise BadInput("exists already", file=self.out, field="out")
        check_folder(Path(self.out))
        problems = load_problems(self.problems, self.split)
        if len(problems) < 2:
            raise BadInput("needs two problems at least, as one is held out", file=self.problems)
        return problems

    def _answers(self, policy: Policy, problems: Sequence[Problem], judge: AnyJudge) -> list[Answer]:
        """References that pass, and what the model wrote."""

        def sample(prompts: Sequence[str], temperature: float, seed: int) -> list[str]:
            tokens = self.max_new_tokens
            return policy.sample(prompts, temperature=temperature, max_new_tokens=tokens, seed=seed)

        known = [problem for problem in problems if problem.reference is not None]
        verdicts = judge.grade([problem.job(str(problem.reference)) for problem in known])
        right = [
            Answer(problem, str(problem.reference), verdict)
            for problem, verdict in zip(known, verdicts, strict=True)
            if verdict.passed
        ]
        _, sampled = evaluate(
            problems, sample, judge, temperature=self.temperature, n=self.n, seed=self.seed, what="sampling"
        )
        return [*right, *sampled]


def _rate(problems: Sequence[Sequence[Answer]]) -> float:
    """Share of the programs that pass."""
    passed = [bool(answer.verdict.passed) for programs in problems for answer in programs]
    return sum(passed) / len(passed)


def _count(problems: Sequence[Sequence[Answer]]) -> str:
    return f"{sum(map(len, problems))} programs of {len(problems)} problems"
