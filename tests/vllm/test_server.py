"""A server at an endpoint samples from the policy's weights: adapters on its model, or whole checkpoints."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import Qwen2ForCausalLM

from rlcf.errors import BadInput
from rlcf.policy.generate import Decoding, Sampled, make_backend
from rlcf.policy.generate.vllm_server import VllmServer
from tests.vllm.models import LONGEST, change, needs_vllm, small_model
from tests.vllm.server import Server, write_model
from tests.vllm.test_engine import (
    BOUND,
    GREEDY,
    PROMPTS,
    SAMPLE,
    SEEDS,
    TEMPERATURE,
    ids,
    largest_difference,
)

pytestmark = needs_vllm


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server") / "model"
    write_model(folder, "qwen2")
    server = Server(folder)
    yield server
    server.stop()


@pytest.fixture
def backend(server: Server) -> Iterator[VllmServer]:
    backend = VllmServer(server.endpoint + "/v1")
    yield backend
    backend.close()


@pytest.mark.parametrize("family", ["lora", "qwen2"])
def test_the_policy_s_weights_are_sampled_from(backend: VllmServer, family: str) -> None:
    model = small_model(family)
    for step in range(3):
        sampled = backend.generate(model, PROMPTS, SEEDS, SAMPLE)
        difference = largest_difference(model, sampled, TEMPERATURE)
        print(f"{family}, {step} changes: {difference:.1e} nats")
        assert difference < BOUND
        greedy = backend.generate(model, PROMPTS, SEEDS, GREEDY)
        assert ids(greedy) == ids(make_backend("loop").generate(model, PROMPTS, SEEDS, GREEDY))
        change(model)
        assert ids(backend.generate(model, PROMPTS, SEEDS, GREEDY)) == ids(greedy), "until it is told"
        backend.sync(model)
    assert len(backend._models()[2]) <= 1, "earlier adapters are taken back"


def test_rows_have_their_seeds_and_their_ends(backend: VllmServer) -> None:
    model = small_model("qwen2")
    told: dict[int, Sampled] = {}
    first = backend.generate(model, PROMPTS, SEEDS, replace(SAMPLE, finished=told.__setitem__))
    assert [told[row] for row in range(8)] == first
    assert ids(backend.generate(model, PROMPTS, SEEDS, SAMPLE)) == ids(first)
    order = [5, 0, 7, 2, 6, 1, 4, 3]
    shuffled = backend.generate(model, [PROMPTS[at] for at in order], [SEEDS[at] for at in order], SAMPLE)
    assert ids(shuffled) == [first[at].ids for at in order]
    assert ids(backend.generate(model, PROMPTS, [seed + 1 for seed in SEEDS], SAMPLE)) != ids(first)
    for one in first:
        assert len(one.ids) == len(one.logps)
        assert one.stopped == (one.ids[-1] in SAMPLE.stop_ids)
        assert one.stopped or len(one.ids) == SAMPLE.max_new_tokens
    assert {one.stopped for one in first} == {True, False}


def test_what_is_too_long_is_refused(backend: VllmServer) -> None:
    with pytest.raises(BadInput, match=f"the model takes {LONGEST}"):
        backend.generate(small_model("qwen2"), PROMPTS, SEEDS, Decoding(1.0, LONGEST, frozenset(), 0))


def test_adapters_may_be_on_another_base_than_the_server_s(backend: VllmServer) -> None:
    """As after supervised training."""
    other = small_model("lora")
    with torch.no_grad():
        for name, parameter in other.named_parameters():
            if "lora_" not in name:
                parameter.add_(0.2 * torch.randn_like(parameter))
    found = backend.generate(other, PROMPTS, SEEDS, GREEDY)
    assert ids(found) == ids(make_backend("loop").generate(other, PROMPTS, SEEDS, GREEDY))


def test_a_server_of_another_model_is_noticed(backend: VllmServer) -> None:
    """Of the same shapes, but with other angles."""
    config = copy.deepcopy(small_model("qwen2").config)
    config.rope_parameters = {"rope_type": "default", "rope_theta": 3.0}
    other = Qwen2ForCausalLM(config).eval()
    other.load_state_dict(small_model("qwen2").state_dict())
    with pytest.raises(BadInput, match="nats a token from the policy"):
        backend.generate(other, PROMPTS[1:], SEEDS[1:], SAMPLE)


def test_a_server_that_was_started_anew_gets_the_weights_again(server: Server, backend: VllmServer) -> None:
    found = []
    for family in ("lora", "qwen2"):
        model = small_model(family)
        change(model)
        found.append((model, ids(backend.generate(model, PROMPTS, SEEDS, GREEDY))))
        backend.sync(model)
    server.stop()
    server.start()
    for model, before in reversed(found):
        assert ids(backend.generate(model, PROMPTS, SEEDS, GREEDY)) == before


def test_weights_wait_where_the_server_sees_them(backend: VllmServer) -> None:
    model = small_model("lora")
    for _ in range(3):
        backend.generate(model, PROMPTS, SEEDS, SAMPLE)
        backend.sync(model)
    folder = Path(backend._folder.name)
    files = sorted(path.name for path in folder.glob("*/*.safetensors"))
    assert files == ["adapter_model.safetensors", "model.safetensors"], "the last of each"
    backend.close()
    assert not folder.exists()
