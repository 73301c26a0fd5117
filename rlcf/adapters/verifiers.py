"""Java problems for verifiers (v1), and so for prime-rl: a taskset whose reward is the judge's.

A taskset is a package that exports `JavaTaskset`: `rlcf init verifiers`. Not covered: tools, several turns.
"""

from __future__ import annotations

import verifiers.v1 as vf

from rlcf.adapters.rewards import cached_rewards
from rlcf.adapters.rows import carried
from rlcf.evaluation.generation.prompting import request
from rlcf.problems import load_problems


class JavaData(vf.TaskData):
    """A task: what is asked, and the problem as JSON."""

    row: str


class JavaTaskConfig(vf.TaskConfig):
    """`--env.taskset.task.*`"""

    grounding: str = "pass"


class JavaTask(vf.Task[JavaData, vf.State, JavaTaskConfig]):
    """A problem; it holds no judge, so it can be copied and sent."""

    @vf.reward(weight=1.0)
    async def java(self, trace: vf.Trace) -> float:
        """What the last reply is worth; facts go to the metrics. Raises TaskError where the judge failed."""
        (one,) = await cached_rewards(self.config.grounding).score_async([self.data.row], [trace.last_reply])
        if one.score is None:
            raise vf.TaskError(f"no verdict ({one.outcome}): {one.answer.verdict.detail}")
        trace.record_metrics(one.facts)
        return one.score

    async def validate(self, runtime: vf.Runtime) -> bool | None:  # noqa: ARG002
        """Whether the reference passes; None where there is none."""
        return await cached_rewards("pass").reference_passes(self.data.row)


class JavaConfig(vf.TasksetConfig):
    """`--env.taskset.*`"""

    problems: str = "mbjp"
    split: str = "train"
    task: JavaTaskConfig = JavaTaskConfig()


class JavaTaskset(vf.Taskset[JavaTask, JavaConfig]):
    """The problems of a named data set or a file."""

    def load(self) -> list[JavaTask]:
        """A task a problem. Raises BadInput."""
        found = load_problems(self.config.problems, self.config.split)
        rows = (JavaData(id=one.task_id, prompt=request(one), row=carried(one)) for one in found)
        return [JavaTask(row, self.config.task) for row in rows]
