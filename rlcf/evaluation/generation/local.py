"""A policy as a writer: its prompts by text or chat template, its completions as each of them ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rlcf.evaluation.generation.asked import Ask, Completion, Deliver, Writer
from rlcf.evaluation.generation.prompting import Prompting
from rlcf.stopping import Stop

if TYPE_CHECKING:
    from rlcf.policy import Policy
    from rlcf.policy.writing import Writing, Written


@dataclass(frozen=True)
class Asking:
    """How a model is asked; what is equal here and in the weights writes the same greedy completions."""

    prompting: Prompting = field(default_factory=Prompting)
    chat: bool = False
    template_arguments: Mapping[str, Any] = field(default_factory=dict)
    stop: tuple[str, ...] = ()
    """Strings that end every completion."""
    seed: int = 0

    def stop_of(self, ask: Ask) -> Stop:
        """What ends an answer: of a continuation also the problem's own stop strings and its closed class."""
        if self.chat:
            return Stop(self.stop)
        return Stop((*self.stop, *ask.problem.stop_tokens), continues=ask.problem.prompt)


def local_writer(policy: Policy, asking: Asking, writing: Writing) -> Writer:
    """Asks the policy."""
    from rlcf.policy.writing import write

    def encoded(ask: Ask) -> list[int]:
        if asking.chat:
            messages = asking.prompting.messages(ask.problem, ask.exchanges)
            return policy.encode_chat(messages, asking.template_arguments)
        return policy.encode_prompt(asking.prompting.text(ask.problem, ask.exchanges))

    def answer(asks: Sequence[Ask], deliver: Deliver) -> None:
        write(
            policy,
            [encoded(ask) for ask in asks],
            [ask.seed(asking.seed) for ask in asks],
            [asking.stop_of(ask) for ask in asks],
            writing,
            _Delivered(asks, deliver),
        )

    return answer


@dataclass(frozen=True)
class _Delivered:
    """The policy's receiver."""

    asks: Sequence[Ask]
    deliver: Deliver

    def written(self, number: int, completion: Written) -> None:
        """See `Receiver`."""
        found = Completion(completion.text, completion.finish_reason, completion.tokens)
        self.deliver.completion(self.asks[number], found)

    def tokens(self, count: int) -> None:
        """See `Receiver`."""
        self.deliver.tokens(count)
