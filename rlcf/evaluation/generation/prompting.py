"""What a model reads of a problem: its prompt, examples before it, or a conversation for a chat model.

A chat model gets the prompt in a fence below an instruction, and its examples as turns before. What it
replies is a text with a program in it; a base model goes on where the prompt ends. Not covered: the template
that makes a text of a conversation, which is the tokenizer's or the server's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rlcf.errors import BadInput
from rlcf.javasource.tokens import texts
from rlcf.problems import load_problems
from rlcf.problems.problem import Problem

INSTRUCTION = (
    "Complete the Java program below: write the body of its last method, and close the method and the class. "
    "Reply with the whole program, the given lines included and unchanged, in one ```java block. "
    "Do not write a main method and do not write tests."
)
PROGRAM = (
    "Write a Java program that solves the problem below. It reads standard input and prints to standard "
    "output; its main method is in a class Main. Reply with the whole program in one ```java block."
)
"""Where the prompt has no code and the description all there is: programs that read standard input."""
Message = dict[str, str]


@dataclass(frozen=True)
class Prompting:
    """How problems are put."""

    examples: tuple[Problem, ...] = ()
    """Solved problems that stand before; each has a reference."""
    system: str | None = None
    """The system message of a conversation."""

    def text(self, problem: Problem) -> str:
        """What a base model goes on from: the examples, solved, and the prompt."""
        solved = [f"{begun(one)}{one.reference}".rstrip() + "\n\n" for one in self.examples]
        return "".join(solved) + begun(problem)

    def messages(self, problem: Problem) -> list[Message]:
        """The conversation that a chat model answers."""
        found = [{"role": "system", "content": self.system}] if self.system is not None else []
        for one in self.examples:
            reply = f"```java\n{one.prompt}{one.reference}".rstrip() + "\n```"
            found += [{"role": "user", "content": request(one)}, {"role": "assistant", "content": reply}]
        return [*found, {"role": "user", "content": request(problem)}]


def request(problem: Problem) -> str:
    """The user's message about a problem."""
    if not texts(problem.prompt):
        return f"{PROGRAM}\n\n{problem.description}"
    return f"{INSTRUCTION}\n\n```java\n{problem.prompt.rstrip()}\n```"


def begun(problem: Problem) -> str:
    """The prompt, or the description as a comment where the prompt is empty."""
    if problem.prompt.strip():
        return problem.prompt
    # javac reads `\u` in comments too.
    statement = problem.description.replace("*/", "* /").replace("\\u", "\\ u")
    return f"/*\n{statement}\n*/\n"


def load_examples(
    count: int, problems: str, source: str | None, asked: Sequence[Problem]
) -> tuple[Problem, ...]:
    """The first `count` problems with a reference of the file `source`, or of the prompt split of the data
    set `problems`. Raises BadInput where there are fewer, or one of them is asked too."""
    if not count:
        return ()
    try:
        found = load_problems(problems, "prompt") if source is None else load_problems(source)
    except BadInput as missing:
        if source is not None:
            raise
        raise BadInput(f"{missing}; --shots-from FILE names a file with examples", field="shots") from missing
    solved = [problem for problem in found if problem.reference][:count]
    where = Path(source).name if source is not None else f"the prompt split of {problems}"
    if len(solved) < count:
        raise BadInput(
            f"{where} has {len(solved)} problems with a reference, {count} are wanted", field="shots"
        )
    prompts = {problem.prompt for problem in asked}
    if both := [problem.task_id for problem in solved if problem.prompt in prompts]:
        raise BadInput(f"{both[0]} of {where} is asked too: an example would tell its answer", field="shots")
    return tuple(solved)
