"""How problems are put to the policy, and how what it replies is read, the same wherever a run asks it.

    form = PromptFormat.of(recipe)
    text = form.text(policy, problem)                      # all that the policy reads
    reply = form.read(policy.decode(ids), problem)
    verdict = judge.submit(reply.job(LIMITS)).result()
    signals = grounding([reply.program(verdict)])          # sees a program that continues its prompt
    reply.answer(verdict), reply.signal(signals[0])        # their places count in the reply
    said = form.exchange(policy, reply.answer(verdict))    # what is told of it, where it is asked again
    text = form.text(policy, problem, exchanges=[said])

A continuation goes on where the prompt ends. With `chat` the policy gets the conversation that `rlcf bench`
puts to chat models, by its tokenizer's own template, and examples for supervised training are whole programs
in a fence. With `extract` auto the program that a reply means is judged. Not covered: examples before the
question, arguments of the template.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from javabox import Job, Limits, Verdict
from rlcf.environment.feedback import INDENT, feedback_on
from rlcf.environment.setting import Setting, Shows
from rlcf.errors import BadInput
from rlcf.evaluation.extraction import Extraction, Mode, extract
from rlcf.evaluation.generation.prompting import Exchange, Prompting, begun
from rlcf.grounding.signal import Answer, Signal
from rlcf.javasource.tokens import places, texts
from rlcf.policy import Policy
from rlcf.policy.batch import Tokens
from rlcf.problems import Problem
from rlcf.recipe import Recipe


@dataclass(frozen=True, slots=True)
class PromptFormat:
    """The form of questions and replies; by default replies are continuations of the prompt, judged as they
    are."""

    chat: bool = False
    system: str = ""
    """The system message of a conversation; empty: none."""
    extract: Mode = "none"
    setting: Setting = field(default_factory=lambda: Setting(turns=1))
    """How many turns there are, and what is told after one."""
    feedback_tokens: int = 256
    """Of what is told after a turn, at most."""

    @classmethod
    def of(cls, recipe: Recipe) -> PromptFormat:
        mode: Mode = "auto" if recipe.rollout.extract == "auto" else "none"
        own = recipe.repair
        setting = Setting(
            turns=own.turns,
            shows=cast(Shows, own.shows),
            expected_values=own.expected_values,
            example_cases=own.example_cases or None,
            prompting=Prompting(system=recipe.model.system or None),
            extract=mode,
        )
        return cls(recipe.model.chat, recipe.model.system, mode, setting, own.feedback_tokens)

    def check(self, policy: Policy) -> None:
        """Raises BadInput where the policy can't be asked so."""
        if self.chat and not policy.has_chat_template:
            message = "the tokenizer has no chat template: set model.chat = false, or name another model"
            raise BadInput(message, field="model.chat")

    def text(
        self,
        policy: Policy,
        problem: Problem,
        prefix: str | None = None,
        exchanges: Sequence[Exchange] = (),
    ) -> str:
        """All that the policy reads, its prefix or another one included; with `exchanges`, its answers so far
        and what it was told of them."""
        prompting = replace(self.setting.prompting, system=self.system or None)
        if self.chat:
            return policy.chat_text(prompting.messages(problem, exchanges), prefix=prefix)
        asked = prompting.text(problem, exchanges) if exchanges else problem.prompt
        return (policy.prefix if prefix is None else prefix) + asked

    def exchange(self, policy: Policy, answer: Answer) -> Exchange | None:
        """An answer of the policy's, judged, and what it is told of it; None where nothing is to be
        corrected."""
        found = extract(answer.completion, answer.problem, self.extract)
        facts = feedback_on(answer.problem, found, answer.verdict, self.setting)
        return None if facts is None else self.cut(policy, Exchange(answer.completion, facts))

    def cut(self, policy: Policy, exchange: Exchange) -> Exchange:
        """With as many whole lines of what is told as `feedback_tokens` has room for, the first always."""
        lines, text = exchange.feedback.split("\n"), exchange.feedback
        kept = len(lines)
        while kept > 1 and len(policy.encode_completion(text)) - 1 > self.feedback_tokens:
            kept -= 1
            text = "\n".join([*lines[:kept], f"{INDENT}…"])
        return replace(exchange, feedback=text)

    def encode(self, policy: Policy, text: str) -> list[int]:
        """The tokens of what `text` gave."""
        return policy.encode_chat_text(text) if self.chat else policy.encode_prompt(text, prefix="")

    def prompt_ids(self, policy: Policy, problem: Problem, prefix: str | None = None) -> list[int]:
        return self.encode(policy, self.text(policy, problem, prefix))

    def reply(self, problem: Problem, completion: str) -> str:
        """What the policy would have replied to give `completion`, a continuation of the prompt."""
        if not self.chat:
            return completion
        return f"```java\n{problem.prompt}{completion}{problem.suffix}".rstrip() + "\n```"

    def reply_ids(self, policy: Policy, reply: str) -> list[int]:
        """The tokens of a reply, and of its end."""
        return policy.encode_completion(reply, policy.turn_end_id() if self.chat else None)

    def reference_row(self, policy: Policy, problem: Problem) -> tuple[Tokens, Tokens]:
        """Prompt and reference, as a reply, in tokens. Raises ValueError without a reference."""
        if problem.reference is None:
            raise ValueError(f"{problem.task_id} has no reference")
        reply = self.reply(problem, problem.reference)
        return self.prompt_ids(policy, problem), self.reply_ids(policy, reply)

    def read(self, text: str, problem: Problem) -> Reply:
        """The reply `text` to `problem`."""
        found = None if self.extract == "none" else extract(text, problem, self.extract)
        return Reply(problem, text, found)


PLAIN = PromptFormat()
"""Continuations, judged as they are."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the policy wrote, and the program that it means."""

    problem: Problem
    """As it was asked."""
    text: str
    found: Extraction | None
    """None: the text is a continuation, to the byte."""

    def job(self, limits: Limits, *, compile_only: bool, coverage: bool) -> Job:
        if self.found is None:
            return self.problem.job(self.text, limits, compile_only=compile_only, coverage=coverage)
        return self.found.job(self.problem, limits, compile_only=compile_only, coverage=coverage)

    def program(self, verdict: Verdict) -> Answer:
        """What the grounding sees."""
        if self.found is None:
            return Answer(self.problem, self.text, verdict)
        return self.found.answer(self.problem, verdict)

    def answer(self, verdict: Verdict) -> Answer:
        """What the policy is shown with: its own text, and the verdict's places in it."""
        return Answer(self.problem, self.text, self.found.verdict(verdict) if self.found else verdict)

    def signal(self, signal: Signal) -> Signal:
        """A signal for `program`, its places moved to the reply."""
        return self.found.signal(signal) if self.found else signal


def stated(problem: Problem) -> Problem:
    """`problem` with its statement as a comment where its prompt is empty, so that the prompt is the whole
    question."""
    return problem if problem.prompt.strip() else replace(problem, prompt=begun(problem))


def continued(problem: Problem, program: Answer) -> Answer:
    """`program` as a continuation of the prompt of `problem` where it begins with the prompt's own tokens;
    else as it is."""
    if program.problem is problem:
        return program
    source = program.problem.prompt + program.completion
    asked, found = texts(problem.prompt), places(source)
    if not asked or [match.group() for match in found[: len(asked)]] != asked:
        return program
    return Answer(problem, source[found[len(asked) - 1].end() :], program.verdict)
