"""What a model reads of a problem: its prompt, examples before it, or a conversation for a chat model.

A chat model gets the prompt in a fence below an instruction, and its examples as turns before. What it
replies is a text with a program in it; a base model goes on where the prompt ends.

Where it has answered before and is asked again, what was said about its answers stands there too: as messages
of the user, or, for a base model, as lines of comment behind the answer, with the prompt once more below. Not
covered: the template that makes a text of a conversation, which is the tokenizer's or the server's own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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
REPAIR = "{feedback}\n\nCorrect the program. Reply with the whole corrected program in one ```java block."
"""The user's message about an answer."""
AGAIN = "{reply}\n\n{feedback}\n{prompt}"
"""What follows a prompt that was gone on from and is asked again; the feedback is lines of comment."""
Message = dict[str, str]


@dataclass(frozen=True, slots=True)
class Exchange:
    """An answer of the model's, and what was said about it."""

    reply: str
    feedback: str
    """The facts alone, lines of text."""
    row: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """Its fields in a results line."""


@dataclass(frozen=True)
class Prompting:
    """How problems are put."""

    examples: tuple[Problem, ...] = ()
    """Solved problems that stand before; each has a reference."""
    system: str | None = None
    """The system message of a conversation."""
    repair: str = REPAIR
    """The user's message that asks for a better answer; it has `{feedback}` in it."""
    again: str = AGAIN
    """What a base model reads behind a prompt that it has gone on from; it has `{reply}`, `{feedback}` and,
    at its end, `{prompt}` in it."""

    def text(self, problem: Problem, exchanges: Sequence[Exchange] = ()) -> str:
        """What a base model goes on from: the examples, solved, the prompt, and each of its answers so far
        with what was said about it and the prompt again."""
        solved = [f"{begun(one)}{one.reference}".rstrip() + "\n\n" for one in self.examples]
        prompt = begun(problem)
        said = [
            _filled(self.again, reply=one.reply, feedback=commented(one.feedback), prompt=prompt)
            for one in exchanges
        ]
        return "".join([*solved, prompt, *said])

    def messages(self, problem: Problem, exchanges: Sequence[Exchange] = ()) -> list[Message]:
        """The conversation that a chat model answers, its answers so far and what was said about them
        included."""
        found = [{"role": "system", "content": self.system}] if self.system is not None else []
        for one in self.examples:
            reply = f"```java\n{one.prompt}{one.reference}".rstrip() + "\n```"
            found += [{"role": "user", "content": request(one)}, {"role": "assistant", "content": reply}]
        found.append({"role": "user", "content": request(problem)})
        for exchange in exchanges:
            found.append({"role": "assistant", "content": exchange.reply})
            found.append({"role": "user", "content": self.asked_again(exchange.feedback)})
        return found

    def asked_again(self, feedback: str) -> str:
        """The user's message with what is to be said about an answer."""
        return _filled(self.repair, feedback=feedback)


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


def commented(text: str) -> str:
    """Lines of text as lines of Java's comments."""
    # javac reads `\\u` in comments too.
    lines = text.replace("\\u", "\\ u").splitlines()
    return "\n".join(f"// {line}".rstrip() for line in lines)


def _filled(template: str, **texts: str) -> str:
    """The template with each `{name}` replaced, once: what a text itself says in braces stays."""
    return re.sub(r"\{(\w+)\}", lambda match: texts.get(match[1], match[0]), template)


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
