"""What is asked: a Java function to complete, and how its completion is judged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from javabox import Job, Limits, Suite


@dataclass(frozen=True, slots=True)
class Problem:
    """A task: complete `prompt` so that the program passes `suite`."""

    task_id: str
    prompt: str
    """Java source up to the open body of the method."""
    suite: Suite = field(repr=False)
    description: str = ""
    entry_point: str = ""
    reference: str | None = None
    """A completion known to be right: the rest of the method and of the class."""
    alternatives: tuple[str, ...] = ()
    """Other completions known to be right, written otherwise; a corpus is drawn from them."""
    split: str = "test"
    """train, validation or test; a file may divide its training problems into `sft`, for supervised training,
    and `rl`, withheld from it."""
    part: str = ""
    """A part of the data set whose rates are shown beside those of all, such as `template-disjoint`."""
    test: str = field(default="", repr=False)
    """The tests as they were released, for grading as others do."""
    suffix: str = field(default="", repr=False)
    """Java that follows every completion, where completions end before the method is closed."""
    stop_tokens: tuple[str, ...] = ()
    """Strings at which its completions end, none of them part of one."""
    sample_id: str = ""
    """What samples call it, where that is not its task_id: another problem of the file had it first."""
    time_limit: float | None = None
    """Seconds of fuel that its suite may take, all cases together; None: the judge's default."""
    memory_limit: int | None = None
    """Megabytes of heap; None: the judge's default."""
    files: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Path and text of other source files that every program has beside it."""
    declared: tuple[str, ...] | None = field(default=None, repr=False)
    """The classes that its programs are meant to declare (`Job.declared`); None: those of `prompt`."""
    source: str = field(default="", repr=False, compare=False)
    """Where it was read, `file:line`."""

    @property
    def limits(self) -> Limits:
        """What its programs may use."""
        return Limits.of(self.time_limit, self.memory_limit)

    def limits_or(self, others: Limits) -> Limits:
        """Its own limits where it has some, else `others`."""
        return others if self.time_limit is None and self.memory_limit is None else self.limits

    def job(
        self,
        completion: str,
        limits: Limits | None = None,
        *,
        compile_only: bool = False,
        coverage: bool = False,
    ) -> Job:
        """The program made of the prompt and `completion`, with this problem's tests and limits, unless
        others are given. With `coverage` the verdict names the lines of the completion that they executed."""
        return Job(
            source=self.prompt + completion + self.suffix,
            suite=Suite(imports=self.suite.imports) if compile_only else self.suite,
            limits=limits or self.limits,
            completion_start=len(self.prompt),
            coverage=coverage,
            files=self.files,
            declared=self.declared,
        )

    def released_job(self, completion: str, limits: Limits | None = None) -> Job:
        """Prompt, completion and test program as one file, which is what mxeval compiles and runs."""
        ended = completion + self.suffix
        return Job(
            source=f"{self.prompt}{ended}\n{self.test}",
            suite=Suite(whole="", assertions=self.suite.assertions),
            limits=limits or self.limits,
            completion_start=len(self.prompt),
            tests_start=len(self.prompt) + len(ended) + 1,
            files=self.files,
            declared=self.declared,
        )


def with_limits(
    problems: Iterable[Problem], time_limit: float | None, memory_limit: int | None
) -> list[Problem]:
    """The problems with these limits where they are given, in the place of their own."""
    return [
        replace(
            one,
            time_limit=one.time_limit if time_limit is None else time_limit,
            memory_limit=one.memory_limit if memory_limit is None else memory_limit,
        )
        for one in problems
    ]
