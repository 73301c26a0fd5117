"""Rollouts: the policy answers, the judge judges, the discriminator compares, all at the same time.

A completion goes to the judge as soon as it has ended, while others are generated: the JVMs have cores of
their own, and a thread waits for them and asks the discriminator. `begin` returns as soon as everything is
generated, so that the caller can compute log-probabilities while the last programs run; `finish` waits for
them. With several processes each has its share of the rows; a row's random numbers are its own, so the shares
decide nothing.

In several turns (`begin(turns=2)`) what does not pass is answered again, once the first answers are judged.
Each answer is a rollout of its own: what was said before it, feedback included, is its prompt, and prompts
carry no loss, no KL and no advantage. `paid` says what the turns are paid. Not covered: rollouts of one step
during the update of another.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from javabox import AnyJudge, Limits, Verdict
from rlcf.evaluation.generation.prompting import Exchange
from rlcf.grounding.reward_hacking import reward_hacking_flags
from rlcf.grounding.signal import Answer, Grounding, Signal
from rlcf.grounding.values import outcome_class
from rlcf.policy import Policy
from rlcf.policy.batch import Tokens
from rlcf.policy.generate import Finished, Sampled, stable_seed
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
    """Number of its prompt: completions of one prompt are a group. Second answers to a problem are one too,
    though each has been told something else."""
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
    exchanges: tuple[Exchange, ...] = ()
    """The programs before it, and what was told of them."""
    is_last: bool = True
    """Whether no further program follows it."""

    @property
    def turn(self) -> int:
        """Count from 1."""
        return len(self.exchanges) + 1


@dataclass(frozen=True, slots=True)
class Asked:
    """What a completion answers."""

    row: int
    problem: Problem
    prompt: list[int]
    exchanges: tuple[Exchange, ...] = ()


@dataclass(slots=True)
class Pending:
    """Completions that are generated and not all judged yet, in the order in which they ended."""

    asked: list[Asked] = field(default_factory=list)
    sampled: list[Sampled] = field(default_factory=list)
    graded: list[Future[tuple[list[Graded], float]]] = field(default_factory=list)
    """Of each group: its answers, and the seconds of the grounding, which runs beside generation."""
    samples: int = 1
    """Completions of each problem."""
    episodes: int = 0
    """Rows of the first turn, over all processes. An answer's row in the next turn is so many further on."""
    seconds: float = 0.0
    """That generating them took, waited for or not."""

    def answers(self, first: int = 0) -> list[Graded]:
        """Wait for the verdicts; all answers from the place `first` on."""
        return [one for future in self.graded for one in future.result()[0]][first:]


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
        turns: int = 1,
    ) -> Pending:
        """Generate `samples` completions of every problem and hand them to the judge; row r is of problem
        r // samples. `policy` answers, where it is another one; nobody does where this process's rows and
        their completions are `known`, all of one turn. With more `turns` what fails is asked again."""
        policy = policy or self.policy
        encoded = {id(problem): self.form.prompt_ids(policy, problem) for problem in problems}
        problems = [problem for problem in problems for _ in range(samples)]
        # Prompts of similar length, dealt to the processes so that all have about the same to do.
        order = sorted(range(len(problems)), key=lambda row: (len(encoded[id(problems[row])]), row))
        rows = order[self.rank :: self.world] if known is None else [row for row, _ in known]
        asks = [Asked(row, problems[row], encoded[id(problems[row])]) for row in rows]
        pending = Pending(samples=samples, episodes=len(problems))
        if known is not None:
            ended = self._receiver(policy, asks, pending)
            for number, (_, sampled) in enumerate(known):
                ended(number, sampled)
            return pending
        for turn in range(1, turns + 1):
            done = len(pending.asked)
            ended = self._receiver(policy, asks, pending)
            began = time.perf_counter()
            policy.sample_tokens(
                [ask.prompt for ask in asks],
                temperature,
                max_new_tokens,
                [stable_seed("rollout", seed, ask.row) for ask in asks],
                ended,
            )
            pending.seconds += time.perf_counter() - began
            asks = self._asked_again(policy, pending, done) if turn < turns else []
            if not asks:
                break
        return pending

    def _receiver(self, policy: Policy, asks: Sequence[Asked], pending: Pending) -> Finished:
        """Make what hands the completions of `asks` to the judge, and to the grounding in groups."""
        waiting: list[tuple[Reply, Future[Verdict]]] = []
        last = len(pending.asked) + len(asks)

        def ended(number: int, sampled: Sampled) -> None:
            reply = self.form.read(policy.decode(sampled.ids), asks[number].problem)
            job = reply.job(LIMITS, compile_only=not self.run_tests, coverage=self.coverage)
            pending.asked.append(asks[number])
            pending.sampled.append(sampled)
            waiting.append((reply, self.judge.submit(job)))
            if len(waiting) == GROUNDED_TOGETHER or len(pending.asked) == last:
                pending.graded.append(self._thread.submit(self._grade, waiting.copy()))
                waiting.clear()

        return ended

    def _asked_again(self, policy: Policy, pending: Pending, done: int) -> list[Asked]:
        """Wait for the verdicts on the answers from the place `done` on, and ask again for what does not
        pass."""
        again = []
        for ask, one in zip(pending.asked[done:], pending.answers(done), strict=True):
            said = self.form.exchange(policy, one.answer)
            if said is not None:
                exchanges = (*ask.exchanges, said)
                text = self.form.text(policy, ask.problem, exchanges=exchanges)
                row = ask.row + pending.episodes
                again.append(Asked(row, ask.problem, self.form.encode(policy, text), exchanges))
        return sorted(again, key=lambda ask: (len(ask.prompt), ask.row))

    def finish(self, pending: Pending) -> tuple[list[Rollout], float]:
        """Wait for the verdicts; returns this process's rollouts, and the seconds that grounding took."""
        rollouts = []
        for ask, sampled, one in zip(pending.asked, pending.sampled, pending.answers(), strict=True):
            feedback = feedback_of(
                self.policy, sampled.ids, one.signal, one.outcome_class, group=ask.row // pending.samples
            )
            rollouts.append(
                Rollout(
                    ask.row, ask.prompt, sampled, one.answer, one.signal, feedback, one.program,
                    one.reward_hacking_flags, ask.exchanges,
                )
            )  # fmt: skip
        seconds = sum(future.result()[1] for future in pending.graded)
        return paid(rollouts, pending.episodes), seconds

    def _grade(self, judged: Sequence[tuple[Reply, Future[Verdict]]]) -> tuple[list[Graded], float]:
        replies, verdicts = [reply for reply, _ in judged], [future.result() for _, future in judged]
        for reply, verdict in zip(replies, verdicts, strict=True):
            self._broken.seen(reply.problem, verdict)
        programs = [reply.program(verdict) for reply, verdict in zip(replies, verdicts, strict=True)]
        began = time.perf_counter()
        signals = self.grounding(programs)
        seconds = time.perf_counter() - began
        return [_graded(*one) for one in zip(replies, programs, signals, strict=True)], seconds


def paid(rollouts: Sequence[Rollout], episodes: int) -> list[Rollout]:
    """Pay every turn what the last program of its answer is worth, at the turn's end: a first program is good
    as far as something right comes of it, as in RLEF (arXiv 2410.02089), and no sum, in which a wrong one
    would count beside the right one. What was said of places stays with the program that it was said of.
    `episodes`: rows of the first turn, and what lies between an answer's rows."""
    last: dict[int, Rollout] = {}
    for one in sorted(rollouts, key=lambda one: one.row):
        last[one.row % episodes] = one
    found = []
    for one in rollouts:
        end = last[one.row % episodes]
        if end is not one:
            at = len(one.sampled.ids) - 1
            feedback = replace(one.feedback, score=end.signal.score, reward_position=at)
            one = replace(one, feedback=feedback, is_last=False)
        found.append(one)
    return found


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
