"""Options of `rlcf bench` in groups: how a model is asked, how it draws, which endpoint is asked."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from tyro.conf import UseAppendAction, arg

from rlcf.environment.setting import Setting
from rlcf.errors import BadInput
from rlcf.evaluation.bench import check_decoding
from rlcf.evaluation.extraction import Mode
from rlcf.evaluation.generation.endpoint import Endpoint
from rlcf.evaluation.generation.prompting import Prompting, load_examples
from rlcf.evaluation.generation.requests import completion_url
from rlcf.problems import Problem

CONTINUATION_TOKENS, REPLY_TOKENS = 256, 1024
LOCAL_KEY = "OPENAI_API_KEY"
SEEN = {
    "outcome": "after turn 1 the model had been told how its program ended",
    "compiler": "after turn 1 the model had been told how its program ended, and javac's first error",
    "case": "after turn 1 the model had been shown a failing case{cases}, which the suite has too",
    "both": "after turn 1 the model had been shown javac's first error or a failing case{cases}, which the"
    " suite has too",
}


@dataclass(frozen=True)
class Drawing:
    """How completions are drawn."""

    n: int = 20
    """Completions a problem."""
    temperature: float = 0.8
    """Of sampling; 0 is greedy, with --n 1."""
    top_p: Annotated[float, arg(metavar="P")] = 1.0
    """Draw from the likeliest tokens alone that together have this probability."""
    max_new_tokens: Annotated[int | None, arg(metavar="N")] = None
    """Longest completion; by default 256, and 1024 for a chat's reply."""
    seed: int = 0
    """Of sampling; the same seed gives the same completions, whatever the batch."""
    batch: int = 256
    """Completions generated together: fewer take less memory."""

    def check(self) -> None:
        """Raises BadInput."""
        check_decoding(self.temperature, self.n)
        if not 0 < self.top_p <= 1:
            raise BadInput(f"must be above 0 and at most 1, is {self.top_p}", field="top_p")
        if self.max_new_tokens is not None and self.max_new_tokens < 1:
            raise BadInput(f"must be at least 1, is {self.max_new_tokens}", field="max_new_tokens")
        if self.batch < 1:
            raise BadInput(f"must be at least 1, is {self.batch}", field="batch")

    def longest(self, chat: bool) -> int:
        """Tokens of a completion."""
        return self.max_new_tokens or (REPLY_TOKENS if chat else CONTINUATION_TOKENS)


@dataclass(frozen=True)
class Prompted:
    """What a model reads, and where it is ended."""

    chat: Literal["auto", "on", "off"] = "auto"
    """Whether a model is asked in a conversation, by its own chat template; auto: where it has one."""
    system: Annotated[str | None, arg(metavar="TEXT")] = None
    """The system message of the conversation."""
    template_args: Annotated[str | None, arg(metavar="JSON")] = None
    """Arguments of the chat template, such as '{"enable_thinking": false}'."""
    shots: Annotated[int, arg(metavar="N")] = 0
    """Solved examples before each problem, the first of the data set's prompt split."""
    shots_from: Annotated[str | None, arg(metavar="FILE")] = None
    """Take the examples from this file of problems with references."""
    stop: Annotated[UseAppendAction[tuple[str, ...]], arg(metavar="TEXT")] = ()
    """End completions before this text, beside the problems' own stop strings; may be given several times. A
    continuation ends where its class is closed too."""

    def check(self) -> None:
        """Raises BadInput."""
        self.arguments()
        if self.shots < 0:
            raise BadInput(f"must not be negative, is {self.shots}", field="shots")
        if self.shots_from is not None and not self.shots:
            raise BadInput("says where examples come from: --shots says how many", field="shots_from")
        if "" in self.stop:
            raise BadInput("must not be empty", field="stop")
        if self.chat == "off" and (self.system is not None or self.template_args is not None):
            raise BadInput("--system and --template-args belong to a conversation", field="chat")

    def arguments(self) -> dict[str, Any]:
        """The template's. Raises BadInput."""
        try:
            found = json.loads(self.template_args or "{}")
        except ValueError as broken:
            raise BadInput(f"is no JSON: {broken}", field="template_args") from broken
        if not isinstance(found, dict):
            raise BadInput("must be a JSON object", field="template_args")
        return found

    def prompting(self, problems: str, asked: Sequence[Problem]) -> Prompting:
        """How problems are put. Raises BadInput."""
        return Prompting(load_examples(self.shots, problems, self.shots_from, asked), self.system)


@dataclass(frozen=True)
class Repairing:
    """Answers that fail, corrected by the model that wrote them."""

    turns: Annotated[int, arg(metavar="T")] = 1
    """Programs that a sample may take: what does not pass is told why and corrected, T - 1 times."""
    shows: Literal["outcome", "compiler", "case", "both"] = "both"
    """What is told of a program: outcome, how it ended; compiler, also javac's first error; case, also the
    first case that failed; both. --no-expected-values keeps back what a case expects."""
    example_cases: Annotated[int | None, arg(metavar="N")] = None
    """Tell of a problem's first N cases alone; the others only decide."""

    def setting(self, prompting: Prompting, extract: Mode, *, expected_values: bool) -> Setting:
        """Raises BadInput."""
        return Setting(
            self.turns,
            self.shows,
            expected_values=expected_values,
            example_cases=self.example_cases,
            prompting=prompting,
            extract=extract,
        )

    def settings(self) -> dict[str, Any]:
        """For the journal; nothing where there is one turn."""
        return {} if self.turns == 1 else asdict(self)

    def note(self) -> str:
        """What must stand beside rates after the first turn."""
        cases = "" if self.example_cases is None else f", of the first {self.example_cases} cases of a suite"
        return SEEN[self.shows].format(cases=cases)


@dataclass(frozen=True)
class Served:
    """A server that is asked in the place of a model here."""

    endpoint: Annotated[str | None, arg(metavar="URL")] = None
    """Ask a server that speaks OpenAI's protocol, such as http://localhost:8000/v1, for --model NAME."""
    model: Annotated[str | None, arg(metavar="NAME")] = None
    """The model's name at the endpoint."""
    api: Literal["chat", "completions"] = "chat"
    """How the endpoint is asked: in a conversation, or to go on from the prompt."""
    key_variable: Annotated[str, arg(metavar="NAME")] = LOCAL_KEY
    """The environment variable that holds the endpoint's key; it is written nowhere."""
    concurrency: Annotated[int, arg(metavar="N")] = 64
    """Requests at a time."""
    timeout: Annotated[float, arg(metavar="SECONDS")] = 600.0
    """That one request may take before it is sent again."""
    patience: Annotated[float, arg(metavar="SECONDS")] = 300.0
    """How long the endpoint may answer nothing at all before it is given up."""

    def check(self) -> None:
        """Raises BadInput."""
        if self.endpoint is None:
            if self.model is not None:
                raise BadInput("is a name at an endpoint: give --endpoint, or MODEL alone", field="model")
            return
        completion_url(self.endpoint, self.api)
        if not self.model:
            raise BadInput("which model of the endpoint? --model NAME", field="model")
        for name in ("concurrency", "timeout", "patience"):
            if not 0 < getattr(self, name) < float("inf"):
                raise BadInput(f"must be positive, is {getattr(self, name)}", field=name)
        self._key()

    def server(self) -> Endpoint:
        """What is asked; after `check`."""
        url = completion_url(self.endpoint or "", self.api)
        return Endpoint(url, self._key(), self.concurrency, self.timeout, self.patience)

    def _key(self) -> str | None:
        key = os.environ.get(self.key_variable, "").strip()
        if not key and self.key_variable != LOCAL_KEY:
            raise BadInput(f"the environment has no {self.key_variable}", field="key_variable")
        if not key.isascii() or not key.isprintable():
            raise BadInput(f"what {self.key_variable} holds is no key", field="key_variable")
        return key or None
