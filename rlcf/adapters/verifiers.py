"""Java problems for verifiers (v1), and so for prime-rl: a taskset whose reward is the judge's.

A package that exports `JavaTaskset` is a taskset; `rlcf init verifiers` writes one. The model sees a task's
`prompt` alone; its problem, tests and all, rides in the task's data. Where the judge failed the task has an
error (a TaskError on the trace), and no reward. Not covered: tools, several turns.
"""

from __future__ import annotations

import verifiers.v1 as vf

from rlcf.adapters.rewards import cached_rewards
from rlcf.adapters.rows import carried, problem_of_row
from rlcf.evaluation.generation.prompting import request
from rlcf.problems import load_problems


class JavaData(vf.TaskData):
    """A task: what is asked, and the problem as JSON."""

    problem: str


class JavaTaskConfig(vf.TaskConfig):
    """`--env.taskset.task.*`"""

    grounding: str = "pass"


class JavaTask(vf.Task[JavaData, vf.State, JavaTaskConfig]):
    """A problem; it holds no judge, so it can be copied and sent."""

    @vf.reward(weight=1.0)
    async def java(self, trace: vf.Trace) -> float:
        """What the last reply is worth; how it did goes to the metrics."""
        rewards = cached_rewards(self.config.grounding)
        (one,) = await rewards.score_async([self.data.problem], [trace.last_reply])
        if one.score is None:
            raise vf.TaskError(f"no verdict ({one.outcome}): {one.answer.verdict.detail}")
        trace.record_metrics(one.facts)
        return one.score

    async def validate(self, runtime: vf.Runtime) -> bool | None:  # noqa: ARG002
        """Whether the reference passes; None where there is none."""
        reference = problem_of_row(self.data.problem, "").reference
        if reference is None:
            return None
        (one,) = await cached_rewards("pass").score_async([self.data.problem], [reference])
        return one.answer.verdict.passed


class JavaConfig(vf.TasksetConfig):
    """`--env.taskset.*`"""

    problems: str = "mbjp"
    split: str = "train"
    task: JavaTaskConfig = JavaTaskConfig()


class JavaTaskset(vf.Taskset[JavaTask, JavaConfig]):
    """The problems of a named data set or a file."""

    def load(self) -> list[JavaTask]:
        """A task a problem. Raises BadInput."""
        return [
            JavaTask(JavaData(id=one.task_id, prompt=request(one), problem=carried(one)), self.config.task)
            for one in load_problems(self.config.problems, self.config.split)
        ]
