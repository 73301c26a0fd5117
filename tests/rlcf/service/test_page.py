"""Every command of docs/serve.md is sent to a server, and answered as the page says."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.rlcf.service.running import Served

PAGE = (Path(__file__).parents[3] / "docs/serve.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```bash\n(curl .*?)^```\n(?:\n^```json\n(.*?)^```)?", re.MULTILINE | re.DOTALL)
EXAMPLES = [(command, said) for command, said in BLOCK.findall(PAGE)]
ROUTES = ("/v1/grade", "/v1/grade/stream", "/v1/rewards", "/v1/jobs", "/v1/judge", "/reward/openrlhf")
HOSTS = ("/reward/slime", "/verify", "/seed_session", "/test_program", "/test_program_stdio", "/run_code")


def test_every_route_has_an_example() -> None:
    asked = {url for block, _ in EXAMPLES for url in re.findall(r"localhost:8080(\S+)", block)}
    assert asked == {*ROUTES, *HOSTS}


@pytest.mark.parametrize(("block", "said"), EXAMPLES, ids=[command.split()[2] for command, _ in EXAMPLES])
def test_examples_are_answered_as_they_say(server: Served, block: str, said: str) -> None:
    answers = []
    for words in commands(block):
        url = next(word for word in words if word.startswith("localhost:8080"))
        body = words[words.index("-d") + 1].encode() if "-d" in words else None
        body = b"" if "POST" in words else body
        answer = server.ask(url.removeprefix("localhost:8080"), body)
        assert answer.status == 200, answer.data
        answers.append(answer)
    if said:
        holds(json.loads(said), answers[0].json())


def commands(block: str) -> list[list[str]]:
    """The words of each command; a body may go over several lines."""
    parts = re.split(r"^(?=curl )", block, flags=re.MULTILINE)
    return [shlex.split(part) for part in parts if part.strip()]


def holds(said: Any, found: Any) -> None:
    """Everything that is said is found; objects may have more."""
    if isinstance(said, dict):
        assert said.keys() <= found.keys()
        for name, value in said.items():
            holds(value, found[name])
    elif isinstance(said, list):
        assert len(said) == len(found)
        for one, other in zip(said, found, strict=True):
            holds(one, other)
    else:
        assert said == found
