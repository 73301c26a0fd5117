"""Rollouts: the policy answers, the judge judges, the discriminator compares, all at the same time.

A completion goes to the judge as soon as it has ended, while others are generated: the JVMs have cores of
their own, and a thread waits for them and asks the discriminator. `begin` returns as soon as everything is
generated, so that the caller can compute log-probabilities while the last programs run; `finish` waits for
them. With several processes each has its share of the rows; a row's random numbers are its own, so the shares
decide nothing. Not covered: rollouts of one step during the update of another.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from javabox import AnyJudge, Limits, Verdict
from rlcf.grounding.reward_hacking import reward_hacking_flags
from rlcf.grounding.signal import Answer, Grounding, Signal
from rlcf.grounding.values import outcome_class
from rlcf.policy import Policy
from rlcf.policy.batch import Tokens
from rlcf.policy.generate import Sampled, stable_seed
from rlcf.problems.broken import BrokenSuites
from rlcf.problems.problem import Problem
from rlcf.training.prompts import PLAIN, PromptFormat, Reply, continued

GROUNDED_TOGETHER = 64
"""Completions, in the order in which they end, that the grounding sees together: a discriminator reads them
in batches."""
LARGEST_ALPHA = 10.0
"""Of RLTF's alpha, the completion's length by the span's (docs/methods.md#rltf)."""
LIMITS = Limits(
    fuel=50_000_000, wall_seconds=10.0, idle_seconds=2.0, allocation_mb=8192, output_bytes=1 << 20
)
"""Rollouts end sooner than evaluations: endless loops are common in them. Also where a problem's file allows
more."""
EVALUATION_LIMITS = Limits(
    fuel=1_000_000_000, wall_seconds=30.0, idle_seconds=2.0, allocation_mb=8192, output_bytes=1 << 20
)
"""Of a run's own evaluations, for problems without limits of their own: an eighth of what `rlcf bench` gives,
since a small policy writes endless loops there too."""


@dataclass(frozen=True, slots=True)
class Graded:
    """A reply that was judged."""

    answer: Answer
    """The policy's own text, with the verdict's places in it."""
    program: Answer
    """What the grounding saw: the program that the text means, behind what it continues."""
    signal: Signal
    """Its places are those of `answer`."""
    outcome_class: int | None
    reward_hacking_flags: frozenset[str]


@dataclass(frozen=True, slots=True)
class Feedback:
    """The feedback on one rollout, in tokens: all that an update needs beside the tokens themselves. Plain
    values only, so that checkpoints can hold it."""

    score: float | None
    """None: the judge failed; nothing is learnt from the rollout."""
    reward_position: int
    """Index of the completion token that gets the score."""
    token_credits: tuple[float, ...]
    """What spans add to the advantage of each token."""
    loss_mask: tuple[bool, ...] | None
    """Of each token whether the policy learns from it; None: from all."""
    outcome_class: int | None
    """How the program ended, as an index in `rlcf.grounding.values.CLASSES`; None where that is unknown."""
    group: int
    """Number of its prompt: completions of one prompt are a group."""
    baseline: float = 0.0
    """What the score is measured against (baseline.py)."""


@dataclass(frozen=True, slots=True)
class Rollout:
    """A completion in tokens and text with its verdict, signal and feedback."""

    row: int
    """Index among all rows of its batch, over all processes."""
    prompt_ids: list[int]
    sampled: Sampled
    answer: Answer
    signal: Signal
    feedback: Feedback
    program: Answer
    """What the grounding saw; `answer` where nothing is extracted."""
    reward_hacking_flags: frozenset[str] = frozenset()


@dataclass(slots=True)
class Pending:
    """Completions that are generated and not all judged yet, in the order in which they ended."""

    rows: list[int] = field(default_factory=list)
    prompts: list[list[int]] = field(default_factory=list)
    sampled: list[Sampled] = field(default_factory=list)
    graded: list[Future[tuple[list[Graded], float]]] = field(default_factory=list)
    """Of each group: its answers, and the seconds of the grounding, which runs beside generation."""
    samples: int = 1
    """Completions of each problem."""
    seconds: float = 0.0
    """That generating them took, waited for or not."""


class RolloutCollector:
    """Generates completions and grades them in a thread of its own; a context, which ends the thread."""

    def __init__(
        self,
        policy: Policy,
        judge: AnyJudge,
        grounding: Grounding,
        *,
        run_tests: bool,
        coverage: bool = False,
        form: PromptFormat = PLAIN,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        """Without `run_tests` programs are only compiled; with `coverage` verdicts name the lines that the
        tests executed. `form`: of prompts and replies. Process `rank` of `world` has its share."""
        self.policy, self.judge, self.grounding = policy, judge, grounding
        self.run_tests, self.coverage = run_tests, coverage
        self.form, self.rank, self.world = form, rank, world
        self._broken = BrokenSuites()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="grader")

    def __enter__(self) -> RolloutCollector:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the grading thread; what has not begun is cancelled."""
        self._thread.shutdown(cancel_futures=True)

    def begin(
        self,
        problems: Sequence[Problem],
        *,
        samples: int = 1,
        temperature: float,
        max_new_tokens: int,
        seed: int,
        policy: Policy | None = None,
        known: Sequence[tuple[int, Sampled]] | None = None,
    ) -> Pending:
        """Generate `samples` completions of every problem and hand them to the judge; row r is of problem
        r // samples. `policy` answers, where it is another one; nobody does where this process's rows and
        their completions are `known`."""
        policy = policy or self.policy
        encoded = {id(problem): self.form.prompt_ids(policy, problem) for problem in problems}
        problems = [problem for problem in problems for _ in range(samples)]
        # Prompts of similar length, dealt to the processes so that all have about the same to do.
        order = sorted(range(len(problems)), key=lambda row: (len(encoded[id(problems[row])]), row))
        own, pending = order[self.rank :: self.world], Pending(samples=samples)
        waiting: list[tuple[Reply, Future[Verdict]]] = []

        def ended(row: int, sampled: Sampled) -> None:
            reply = self.form.read(policy.decode(sampled.ids), problems[row])
            job = reply.job(LIMITS, compile_only=not self.run_tests, coverage=self.coverage)
            pending.rows.append(row)
            pending.prompts.append(encoded[id(problems[row])])
            pending.sampled.append(sampled)
            waiting.append((reply, self.judge.submit(job)))
            if len(waiting) == GROUNDED_TOGETHER or len(pending.rows) == len(own):
                pending.graded.append(self._thread.submit(self._grade, waiting.copy()))
                waiting.clear()

        if known is not None:
            for row, sampled in known:
                ended(row, sampled)
            return pending
        began = time.perf_counter()
        policy.sample_tokens(
            [encoded[id(problems[row])] for row in own],
            temperature,
            max_new_tokens,
            [stable_seed("rollout", seed, row) for row in own],
            lambda number, sampled: ended(own[number], sampled),
        )
        pending.seconds = time.perf_counter() - began
        return pending

    def finish(self, pending: Pending) -> tuple[list[Rollout], float]:
        """Wait for the verdicts; returns this process's rollouts, and the seconds that grounding took."""
        chunks = [future.result() for future in pending.graded]
        graded = [one for chunk, _ in chunks for one in chunk]
        rollouts = []
        for row, prompt, sampled, one in zip(
            pending.rows, pending.prompts, pending.sampled, graded, strict=True
        ):
            feedback = feedback_of(
                self.policy, sampled.ids, one.signal, one.outcome_class, group=row // pending.samples
            )
            flags = one.reward_hacking_flags
            rollouts.append(
                Rollout(row, prompt, sampled, one.answer, one.signal, feedback, one.program, flags)
            )
        return rollouts, sum(seconds for _, seconds in chunks)

    def _grade(self, judged: Sequence[tuple[Reply, Future[Verdict]]]) -> tuple[list[Graded], float]:
        replies, verdicts = [reply for reply, _ in judged], [future.result() for _, future in judged]
        for reply, verdict in zip(replies, verdicts, strict=True):
            self._broken.seen(reply.problem, verdict)
        programs = [reply.program(verdict) for reply, verdict in zip(replies, verdicts, strict=True)]
        began = time.perf_counter()
        signals = self.grounding(programs)
        seconds = time.perf_counter() - began
        return [_graded(*one) for one in zip(replies, programs, signals, strict=True)], seconds


def _graded(reply: Reply, program: Answer, signal: Signal) -> Graded:
    verdict = program.verdict
    return Graded(
        reply.answer(verdict),
        program,
        reply.signal(signal),
        outcome_class(verdict),
        reward_hacking_flags(continued(reply.problem, program)),
    )


def feedback_of(
    policy: Policy, ids: Tokens, signal: Signal, outcome_class: int | None, group: int
) -> Feedback:
    """Translate a signal, whose places are characters, to the completion's tokens `ids`."""
    last = len(ids) - 1
    position = signal.reward_position
    return Feedback(
        score=signal.score,
        reward_position=last if position is None else policy.token_at(ids, position),
        token_credits=token_credits(policy, ids, signal),
        loss_mask=loss_mask(policy, ids, signal),
        outcome_class=outcome_class,
        group=group,
    )


def token_credits(policy: Policy, ids: Tokens, signal: Signal) -> tuple[float, ...]:
    """Sum the credits of the signal's spans for each token, lengths evened out as `Span` says."""
    credits = [0.0] * len(ids)
    for span in signal.spans:
        tokens = _tokens(policy, ids, span.start, span.end)
        for at in tokens:
            credits[at] += span.value * min(LARGEST_ALPHA, len(ids) / len(tokens))
    return tuple(credits)


def loss_mask(policy: Policy, ids: Tokens, signal: Signal) -> tuple[bool, ...] | None:
    """Mark the tokens that the policy learns from, always with the last; None: all."""
    if signal.loss_spans is None:
        return None
    mask = [False] * (len(ids) - 1) + [True]
    for start, end in signal.loss_spans:
        for at in _tokens(policy, ids, start, end):
            mask[at] = True
    return tuple(mask)


def _tokens(policy: Policy, ids: Tokens, start: int, end: int) -> range:
    """Find the tokens that write the characters from `start` to before `end`; none of an empty stretch."""
    if end <= start:
        return range(0)
    return range(policy.token_at(ids, start), policy.token_at(ids, end - 1) + 1)
