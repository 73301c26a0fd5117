"""An episode: a problem that is answered in turns, each program judged, and what was wrong with it told.

    episode = Episode(problem, judge)
    turn = episode.step(reply)                  # turn.reward, turn.feedback, turn.done
    turns = step_all(episodes, replies)         # the same, judged in one batch

Every turn has its program's reward. That of the episode is its last program's: whoever trains on one number
an episode takes `Episode.reward` (as RLEF does, arXiv 2410.02089). It is no sum, in which a wrong first
program would count twice, and there is no discount: nothing here shows what later turns should be worth less.

An episode ends with a pass, with its last turn, or where the tests themselves are broken. A judge error is no
turn: it has no reward, nothing is told, and the same is asked again.

Not covered: what a reply refers to in earlier ones (a diff of the program before); replies are read alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

from javabox import AnyJudge, Job, Judge, Outcome, Verdict
from rlcf.environment.feedback import feedback_on
from rlcf.environment.setting import Setting
from rlcf.errors import BadInput
from rlcf.evaluation.extraction import Extraction, extract
from rlcf.evaluation.generation.prompting import Exchange, Message, request
from rlcf.grounding import own
from rlcf.grounding.signal import Answer, Grounding, Signal
from rlcf.grounding.table import Entry, check_needs, entry_of, grounding_entry
from rlcf.problems.problem import Problem

DEFAULT = "tests"
"""The grounding of episodes that name none."""
Named = str | Grounding


@dataclass(frozen=True, slots=True)
class Turn:
    """What came of one reply."""

    reward: float | None
    """The grounding's score of its program. None: the judge failed, or the tests are broken."""
    feedback: str | None
    """The user's message that follows in a conversation. None where nothing is asked, or, after a judge
    error, the same again."""
    done: bool
    """Whether the episode is over."""
    verdict: Verdict
    """Its lines, columns and positions count in the reply."""
    answer: Answer
    """The reply with that verdict."""
    signal: Signal
    """All that the grounding said, its places in the reply: the score, its position, spans, a mask."""


class Episode:
    """See the module.

    `judge`: a `Judge` or a `SharedJudge`. `grounding`: the name of one (default `tests`), or a function
    `list[Answer] -> list[Signal]`; it sees each turn's program by itself. It can be pickled between turns,
    where its grounding can: by name, or a function of a module. A `Judge` is left out then, and set again
    (`episode.judge = judge`). A copy (`copy.copy`) is a branch: both go on from here by themselves.

    Raises BadInput where there is no such grounding, or it needs what the problem lacks, or a discriminator.
    """

    def __init__(
        self,
        problem: Problem,
        judge: AnyJudge | None,
        setting: Setting | None = None,
        grounding: Named | None = None,
    ) -> None:
        self.problem, self.judge, self.setting = problem, judge, setting or Setting()
        self.grounding: Named = grounding or DEFAULT
        self.turns: tuple[Turn, ...] = ()
        """Those that were judged."""
        self._exchanges: tuple[Exchange, ...] = ()
        _entry(self.grounding, problem)

    @property
    def prompt(self) -> str:
        """The question, as a user asks it in a conversation; further turns ask with `Turn.feedback`."""
        return request(self.problem)

    @property
    def messages(self) -> list[Message]:
        """The conversation that a chat model is to answer at this turn."""
        return self.setting.prompting.messages(self.problem, self._exchanges)

    @property
    def text(self) -> str:
        """What a model that is no chat model is to go on from at this turn."""
        return self.setting.prompting.text(self.problem, self._exchanges)

    @property
    def done(self) -> bool:
        """Whether it is over."""
        return bool(self.turns) and self.turns[-1].done

    @property
    def reward(self) -> float | None:
        """The last program's; None before the first, or where the tests are broken."""
        return self.turns[-1].reward if self.turns else None

    def job(self, reply: str) -> Job:
        """The program that a reply means, with the problem's tests, for a judge of one's own. Raises BadInput
        where the episode is over."""
        return self._job(self._read(reply))

    def judged(self, reply: str, verdict: Verdict) -> Turn:
        """The turn of a reply whose `job` has got `verdict`. Raises BadInput where the episode is over."""
        return _settled([self], [self._read(reply)], [verdict])[0]

    def step(self, reply: str) -> Turn:
        """Judges the model's reply. Raises BadInput where the episode is over or has no judge, and what the
        judge raises."""
        return step_all([self], [reply])[0]

    async def step_async(self, reply: str) -> Turn:
        """`step` in asyncio; cancelling it ends the program, and the turn has not been."""
        return (await step_all_async([self], [reply]))[0]

    def _read(self, reply: str) -> Extraction:
        if self.done:
            message = f"the episode is over after {len(self.turns)} turns: begin another, Episode(problem, …)"
            raise BadInput(message, field="reply")
        return extract(reply, self.problem, self.setting.extract)

    def _job(self, found: Extraction) -> Job:
        # Tests are always run: a pass ends the episode.
        return found.job(self.problem, coverage=_entry(self.grounding, self.problem).covers)

    def _taken(self, found: Extraction, verdict: Verdict, signal: Signal) -> Turn:
        """The turn, and the state after it."""
        told = found.verdict(verdict)
        facts = feedback_on(self.problem, found, told, self.setting)
        failed = verdict.outcome is Outcome.JUDGE_ERROR
        said = None
        if facts is not None and len(self.turns) + 1 < self.setting.turns:
            said = self.setting.prompting.asked_again(facts)
            self._exchanges += (Exchange(found.reply, facts),)
        done = said is None and not failed
        answer = Answer(self.problem, found.reply, told)
        turn = Turn(signal.score, said, done, told, answer, found.signal(signal))
        if not failed:
            self.turns += (turn,)
        return turn

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        if isinstance(self.judge, Judge):  # one process's
            state["judge"] = None
        return state

    def __copy__(self) -> Self:
        made = object.__new__(type(self))
        made.__dict__.update(self.__dict__)
        return made

    def __deepcopy__(self, _memo: dict[int, Any]) -> Self:
        return self.__copy__()  # problem, setting and turns never change


def step_all(episodes: Sequence[Episode], replies: Sequence[str]) -> list[Turn]:
    """A reply to each episode, judged in one batch; the turns in that order. A grounding that looks at
    answers side by side sees those of all episodes that have it. Raises BadInput as `Episode.step` does, for
    an episode that is there twice, and where there are not as many replies; then no episode has changed."""
    found = _all_read(episodes, replies)
    verdicts: dict[int, Verdict] = {}
    for judge, places in _judges(episodes):
        jobs = [episodes[place]._job(found[place]) for place in places]
        verdicts |= dict(zip(places, judge.grade(jobs), strict=True))
    return _settled(episodes, found, [verdicts[place] for place in range(len(episodes))])


async def step_all_async(episodes: Sequence[Episode], replies: Sequence[str]) -> list[Turn]:
    """`step_all` in asyncio."""
    found = _all_read(episodes, replies)
    judges = _judges(episodes)
    jobs = [[episodes[place]._job(found[place]) for place in places] for _, places in judges]
    asked = [judge.grade_async(some) for (judge, _), some in zip(judges, jobs, strict=True)]
    verdicts: dict[int, Verdict] = {}
    for (_, places), some in zip(judges, await asyncio.gather(*asked), strict=True):
        verdicts |= dict(zip(places, some, strict=True))
    return _settled(episodes, found, [verdicts[place] for place in range(len(episodes))])


def _all_read(episodes: Sequence[Episode], replies: Sequence[str]) -> list[Extraction]:
    if len(episodes) != len(replies):
        raise BadInput(f"{len(replies)} for {len(episodes)} episodes: one each", field="replies")
    if len({id(episode) for episode in episodes}) < len(episodes):
        raise BadInput(
            "one is there twice: a turn has one reply (copy.copy makes a branch)", field="episodes"
        )
    return [episode._read(reply) for episode, reply in zip(episodes, replies, strict=True)]


def _judges(episodes: Sequence[Episode]) -> list[tuple[AnyJudge, list[int]]]:
    """Each judge with the places of its episodes."""
    found: dict[int, tuple[AnyJudge, list[int]]] = {}
    for place, episode in enumerate(episodes):
        if episode.judge is None:
            message = "the episode has none, as after it was pickled: set episode.judge = Judge()"
            raise BadInput(message, field="judge")
        found.setdefault(id(episode.judge), (episode.judge, []))[1].append(place)
    return list(found.values())


def _settled(
    episodes: Sequence[Episode], found: Sequence[Extraction], verdicts: Sequence[Verdict]
) -> list[Turn]:
    """The turns, each grounding asked once."""
    groups: dict[str | int, list[int]] = {}
    for place, episode in enumerate(episodes):
        one = episode.grounding
        groups.setdefault(one if isinstance(one, str) else id(one), []).append(place)
    signals: dict[int, Signal] = {}
    for group in groups.values():
        ground = _function(episodes[group[0]].grounding)
        answers = [found[place].answer(episodes[place].problem, verdicts[place]) for place in group]
        signals |= dict(zip(group, ground(answers), strict=True))
    return [
        episode._taken(found[place], verdicts[place], signals[place])
        for place, episode in enumerate(episodes)
    ]


def _entry(grounding: Named, problem: Problem) -> Entry:
    """Raises BadInput."""
    entry = _named(grounding) if isinstance(grounding, str) else entry_of(grounding)
    if entry.compares(0.0):
        message = f"{_name(grounding)!r} needs the discriminator: give load_grounding(name, compare) instead"
        raise BadInput(message, field="grounding")
    check_needs(_name(grounding), entry, [problem])
    return entry


def _function(grounding: Named) -> Grounding:
    if isinstance(grounding, str):
        return _made(grounding)
    return own.checked(grounding, own.recorded_name(grounding))


def _name(grounding: Named) -> str:
    return grounding if isinstance(grounding, str) else own.recorded_name(grounding)


@lru_cache(maxsize=64)
def _named(name: str) -> Entry:
    return grounding_entry(name)


@lru_cache(maxsize=64)
def _made(name: str) -> Grounding:
    made = _named(name).make(None, 0.0)
    return own.checked(made, name) if own.names_a_file(name) else made
