"""What is asked: a Java function to complete, and how its completion is judged."""

from __future__ import annotations

from dataclasses import dataclass, field

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
    split: str = "test"
    """train, validation or test; a file may divide its training problems into `sft`, for supervised training,
    and `rl`, withheld from it."""
    part: str = ""
    """A part of the data set whose rates are shown beside those of all, such as `template-disjoint`."""
    test: str = field(default="", repr=False)
    """The test program as it was released, for grading as others do."""

    def job(
        self,
        completion: str,
        limits: Limits | None = None,
        *,
        compile_only: bool = False,
        coverage: bool = False,
    ) -> Job:
        """The program made of the prompt and `completion`, with this problem's tests. With `coverage` the
        verdict names the lines of the completion that they executed."""
        return Job(
            source=self.prompt + completion,
            suite=Suite(imports=self.suite.imports) if compile_only else self.suite,
            limits=limits or Limits(),
            completion_start=len(self.prompt),
            coverage=coverage,
        )

    def released_job(self, completion: str, limits: Limits | None = None) -> Job:
        """Prompt, completion and test program as one file, which is what mxeval compiles and runs."""
        return Job(
            source=f"{self.prompt}{completion}\n{self.test}",
            suite=Suite(whole=""),
            limits=limits or Limits(),
            completion_start=len(self.prompt),
        )
