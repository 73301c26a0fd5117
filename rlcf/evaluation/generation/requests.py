"""What is sent to an endpoint and read from its answers, in OpenAI's two forms: completions and chat.

    POST {URL}/completions        {"model", "prompt", "max_tokens", "temperature", "top_p", "seed", "stop"}
    POST {URL}/chat/completions   the same with "messages" in the place of "prompt"

Not covered: how requests are sent (`endpoint.py`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from rlcf.errors import BadInput
from rlcf.evaluation.generation.asked import Ask, Completion
from rlcf.evaluation.generation.local import Asking

PATHS = {"chat": "/chat/completions", "completions": "/completions"}
MOST_STOPS = 4
"""Stop strings that the protocol allows; the others are looked for in what comes back."""
LONGEST_REASON = 300


class Refused(BadInput):
    """The endpoint refused or was given up."""

    def __init__(self, message: str, status: int | None) -> None:
        advice = {
            401: "; is the key right?",
            403: "; is the key right?",
            404: "; are --endpoint and --model right?",
        }
        again = "; the same command goes on from here" if status is None else ""
        super().__init__(f"{message}{advice.get(status or 0, again)}", field="endpoint")


def completion_url(endpoint: str, api: str) -> str:
    """Where to post. Raises BadInput for what is no address of a server, or has a password in it."""
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput("must be like http://localhost:8000/v1", field="endpoint")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise BadInput(
            "must hold no user, password or ?…: a key is read from the environment (--key-variable)",
            field="endpoint",
        )
    base = endpoint.rstrip("/")
    for path in PATHS.values():
        base = base.removesuffix(path)
    return base + PATHS[api]


def request_body(
    asking: Asking, *, model: str, api: str, temperature: float, top_p: float, max_new_tokens: int
) -> Callable[[Ask], dict[str, Any]]:
    """A function that makes the request for a completion."""

    def body(ask: Ask) -> dict[str, Any]:
        made: dict[str, Any] = {
            "model": model,
            "max_tokens": max_new_tokens,
            "temperature": temperature,
            "seed": ask.seed(asking.seed) % 2**31,
        }
        if api == "chat":
            made["messages"] = asking.prompting.messages(ask.problem, ask.exchanges)
        else:
            made["prompt"] = asking.prompting.text(ask.problem, ask.exchanges)
        if top_p < 1:
            made["top_p"] = top_p
        if stop := asking.stop_of(ask).strings:
            made["stop"] = list(stop[:MOST_STOPS])
        if asking.template_arguments:
            made["chat_template_kwargs"] = dict(asking.template_arguments)
        return made

    return body


def cut(asking: Asking, ask: Ask, completion: Completion) -> Completion:
    """The completion up to its end, where the server wrote on: it looks for no closing brace."""
    found = asking.stop_of(ask).end(completion.text)
    if found is None:
        return completion
    kept, reason = found
    return replace(completion, text=completion.text[:kept], finish_reason=reason)


def completion_of(answer: Any) -> Completion:
    """The completion in an answer. Raises BadInput where there is none."""
    try:
        choice = answer["choices"][0]
        message = choice.get("message")
        text = choice["text"] if message is None else message.get("content")
        usage = answer.get("usage") or {}
        more: dict[str, Any] = {"usage": usage} if usage else {}
        if message is not None and isinstance(message.get("reasoning_content"), str):
            more["reasoning_content"] = message["reasoning_content"]
        tokens = usage.get("completion_tokens") or 0
        return Completion(text or "", choice.get("finish_reason") or "", int(tokens), more)
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as wrong:
        told = json.dumps(answer)[:LONGEST_REASON]
        raise Refused(f"the answer holds no completion: {told}", 200) from wrong


def failure(status: int, text: str) -> str:
    """What a server said, on one line."""
    try:
        found = json.loads(text)
        error = found.get("error", found) if isinstance(found, Mapping) else found
        said = (
            str(error.get("message") or error.get("detail") or error)
            if isinstance(error, Mapping)
            else str(error)
        )
    except ValueError:
        said = text
    return f"{status}: {' '.join(said.split())[:LONGEST_REASON]}"
