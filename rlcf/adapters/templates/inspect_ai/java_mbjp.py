"""The task `java_mbjp` for inspect_ai: MBJP's problems, replies judged by javabox."""

from inspect_ai import Task, task
from inspect_ai.solver import generate

from rlcf.adapters.inspect_ai import java, samples


@task
def java_mbjp(problems: str = "mbjp", split: str = "test", grounding: str = "pass") -> Task:
    """Compile, exec and pass rates of a model's replies."""
    return Task(dataset=samples(problems, split), solver=generate(), scorer=java(problems, grounding))
