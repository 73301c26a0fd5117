"""What a benchmark's completions end at, while they are written, and what is told of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
import torch

from rlcf.errors import BadInput
from rlcf.policy import Policy
from rlcf.policy.generate import choose, make_backend
from rlcf.policy.generate.choose import nucleus
from rlcf.policy.writing import Writing, Written, write
from rlcf.stopping import CLOSED, LENGTH, STOP, STOP_STRING, Stop
from tests.rlcf.policy.conftest import TEXTS

PROMPT = TEXTS[0]
SEEDS = list(range(24))
WRITING = Writing(temperature=1.0, top_p=1.0, max_new_tokens=40, batch=64)


@dataclass
class Told:
    """A receiver that keeps what it is told."""

    found: dict[int, Written] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)
    drawn: int = 0

    def written(self, number: int, completion: Written) -> None:
        assert number not in self.found, "answered once"
        self.found[number] = completion
        self.order.append(number)

    def tokens(self, count: int) -> None:
        self.drawn += count


def told(policy: Policy, stops: Sequence[Stop], writing: Writing = WRITING) -> Told:
    receiver = Told()
    write(policy, [policy.encode_prompt(PROMPT)] * len(stops), SEEDS[: len(stops)], stops, writing, receiver)
    assert sorted(receiver.found) == list(range(len(stops)))
    assert receiver.drawn == sum(one.tokens for one in receiver.found.values())
    return receiver


@pytest.mark.parametrize("backend", ["loop", "transformers", "static"])
def test_rows_end_where_their_own_stops_say_while_they_are_written(policy: Policy, backend: str) -> None:
    """Every row is what it was without stops, up to its end, and draws no token behind it."""
    policy.backend = make_backend(backend)
    free = told(policy, [Stop()] * 24).found
    assert {one.finish_reason for one in free.values()} <= {STOP, LENGTH}
    stops = [Stop(("\n", "x") if row % 2 else (), PROMPT if row % 3 else None) for row in range(24)]
    ended = told(policy, stops)
    reasons = set()
    for row, one in ended.found.items():
        place, reason = stops[row].end(free[row].text) or (len(free[row].text), free[row].finish_reason)
        assert (one.text, one.finish_reason) == (free[row].text[:place], reason)
        reasons.add(reason)
        if reason in (STOP_STRING, CLOSED):
            assert one.tokens <= free[row].tokens
    assert {STOP_STRING, CLOSED, LENGTH} <= reasons
    assert ended.drawn < sum(one.tokens for one in free.values()) * 0.9
    assert ended.order != sorted(ended.order), "told when they end, not when the batch does"


def test_an_answer_does_not_depend_on_the_batch(policy: Policy) -> None:
    stops = [Stop(("x",), PROMPT)] * 24
    for writing in (WRITING, replace(WRITING, top_p=0.7), replace(WRITING, temperature=0.0)):
        together = told(policy, stops, writing).found
        for batch in (1, 7):
            assert told(policy, stops, replace(writing, batch=batch)).found == together
    policy.backend = make_backend("transformers")
    assert told(policy, stops, replace(WRITING, top_p=0.7)).found != told(policy, stops).found


def test_a_nucleus_is_the_likeliest_tokens_that_reach_top_p() -> None:
    logps_BV = torch.tensor([[0.5, 0.1, 0.25, 0.15], [0.1, 0.2, 0.3, 0.4]]).log()
    kept = nucleus(logps_BV, 0.69).exp()
    assert torch.allclose(kept, torch.tensor([[2 / 3, 0, 1 / 3, 0], [0, 0, 3 / 7, 4 / 7]]), atol=1e-6)
    assert nucleus(logps_BV, 1e-9).exp().tolist() == [[1, 0, 0, 0], [0, 0, 0, 1]]
    uniform_B = torch.linspace(0, 1, 101, dtype=torch.float64)[:-1]
    tokens_B, logps_B = choose(logps_BV[:1].expand(100, -1), 1.0, uniform_B, 0.69)
    assert set(tokens_B.tolist()) == {0, 2}
    assert torch.allclose(logps_B.exp(), torch.where(tokens_B == 0, 2 / 3, 1 / 3), atol=1e-6)


def test_a_chat_is_put_by_the_tokenizers_own_template(policy: Policy) -> None:
    messages = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}]
    with pytest.raises(BadInput, match="no chat template"):
        policy.encode_chat(messages)
    policy.tokenizer.chat_template = (
        "{% for m in messages %}<{{ m.role }}>{{ m.content }}\n{% endfor %}"
        "{% if add_generation_prompt %}<assistant>{% endif %}{% if thinking is false %}(at once){% endif %}"
        "{% if refuse %}{{ raise_exception('no') }}{% endif %}"
    )
    assert policy.decode(policy.encode_chat(messages)) == "<system>be brief\n<user>hi\n<assistant>"
    assert (
        policy.decode(policy.encode_chat(messages[1:], {"thinking": False}))
        == "<user>hi\n<assistant>(at once)"
    )
    with pytest.raises(BadInput, match="template refuses"):
        policy.encode_chat(messages, {"refuse": True})


def test_a_backend_that_writes_on_is_cut_afterwards(policy: Policy) -> None:
    """`continuous` tells nothing while it writes; greedy, its rows are those of the others."""
    stops = [Stop(("x",), PROMPT), Stop()]
    greedy = replace(WRITING, temperature=0.0, max_new_tokens=12)
    found = told(policy, stops, greedy).found
    policy.backend = make_backend("continuous")
    assert told(policy, stops, greedy).found == found
