"""The engine in the process draws what the policy would, from the weights that it was last told of."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import replace

import psutil
import pytest
import torch
from transformers import PreTrainedModel

from rlcf.errors import BadInput
from rlcf.policy.batch import collate
from rlcf.policy.generate import Decoding, Sampled, make_backend, stable_seed
from rlcf.policy.generate.vllm import Vllm
from rlcf.policy.score import token_stats
from tests.vllm.models import LONGEST, VOCABULARY, change, needs_vllm, small_model

pytestmark = needs_vllm

DRAW = random.Random(3)
PROMPTS = [[DRAW.randrange(2, VOCABULARY) for _ in range(length)] for length in (3, 40, 1, 17, 75, 8, 8, 25)]
PROMPTS[6] = PROMPTS[5]
SEEDS = [stable_seed("row", row) for row in range(8)]
"""As large as those of training."""
TEMPERATURE = 0.8
SAMPLE = Decoding(TEMPERATURE, 12, frozenset({1, 2, 3, 4, 5}), 0)
GREEDY = Decoding(0.0, 12, frozenset({1, 2, 3}), 0)
KINDS = [("llama", False), ("qwen2", False), ("lora", False), ("lora", True)]
"""Family, and whether its adapters stay adapters in the engine."""
BOUND = 1e-4
"""Nats between the sampler's log-probabilities and those of training, in fp32."""

Loaded = tuple[PreTrainedModel, Vllm]


@pytest.fixture(scope="module", params=KINDS, ids=["llama", "qwen2", "lora-merged", "lora-adapters"])
def loaded(request: pytest.FixtureRequest) -> Iterator[Loaded]:
    family, adapters = request.param
    model, backend = small_model(family), Vllm(adapters=adapters)
    yield model, backend
    backend.close()


def drawn(loaded: Loaded, decoding: Decoding = SAMPLE, order: list[int] | None = None) -> list[Sampled]:
    model, backend = loaded
    rows = order or list(range(8))
    return backend.generate(model, [PROMPTS[row] for row in rows], [SEEDS[row] for row in rows], decoding)


def ids(sampled: list[Sampled]) -> list[list[int]]:
    return [one.ids for one in sampled]


def largest_difference(model: PreTrainedModel, sampled: list[Sampled], temperature: float) -> float:
    """Between the sampler's log-probabilities and those of the training forward, in nats."""
    batch = collate(PROMPTS, ids(sampled), 0, model.device)
    with torch.no_grad():
        logps_BT = token_stats(model, batch, temperature or 1.0).logps_BT
    return max(
        abs(logps_BT[row, at].item() - logp)
        for row, one in enumerate(sampled)
        for at, logp in enumerate(one.logps)
    )


@pytest.mark.parametrize("decoding", [SAMPLE, GREEDY], ids=["sample", "greedy"])
def test_log_probabilities_are_those_of_training(
    loaded: Loaded, decoding: Decoding, record_property: pytest.RecordProperty
) -> None:
    difference = largest_difference(loaded[0], drawn(loaded, decoding), decoding.temperature)
    print(f"largest difference: {difference:.1e} nats")
    record_property("largest difference in nats", difference)
    assert difference < BOUND


def test_greedy_is_that_of_the_loop(loaded: Loaded) -> None:
    own = make_backend("loop").generate(loaded[0], PROMPTS, SEEDS, GREEDY)
    found = drawn(loaded, GREEDY)
    assert ids(found) == ids(own)
    assert [one.stopped for one in found] == [one.stopped for one in own]


def test_a_row_is_fixed_by_its_prompt_and_its_seed(loaded: Loaded) -> None:
    first = drawn(loaded)
    assert len({tuple(one) for one in ids(first)}) == 8, "rows differ, those of one prompt too"
    assert ids(drawn(loaded)) == ids(first)
    order = [5, 0, 7, 2, 6, 1, 4, 3]
    assert ids(drawn(loaded, order=order)) == [first[row].ids for row in order]
    model, backend = loaded
    others = backend.generate(model, PROMPTS, [seed + 1 for seed in SEEDS], SAMPLE)
    assert ids(others) != ids(first)
    assert backend.generate(model, [], [], SAMPLE) == []


def test_a_row_ends_at_its_stop_token(loaded: Loaded) -> None:
    lengths = set()
    for one in drawn(loaded):
        lengths.add(len(one.ids))
        assert len(one.ids) == len(one.logps)
        assert one.stopped == (one.ids[-1] in SAMPLE.stop_ids)
        assert not SAMPLE.stop_ids & set(one.ids[:-1])
        assert one.stopped or len(one.ids) == SAMPLE.max_new_tokens
    assert len(lengths) > 1, "rows end at different times, and come back in their order"
    first = frozenset(one.ids[0] for one in drawn(loaded))
    assert all(len(one.ids) == 1 and one.stopped for one in drawn(loaded, Decoding(TEMPERATURE, 9, first, 0)))


def test_rows_are_handed_out_as_they_end(loaded: Loaded) -> None:
    model, backend = loaded
    told: list[tuple[int, Sampled]] = []
    decoding = replace(SAMPLE, finished=lambda row, one: told.append((row, one)))
    found = backend.generate(model, PROMPTS, SEEDS, decoding)
    assert sorted(told, key=lambda pair: pair[0]) == list(enumerate(found))
    lengths = [len(one.ids) for _, one in told]
    assert lengths == sorted(lengths), "the shortest first"
    assert [row for row, _ in told] != list(range(8))


def test_a_batch_that_was_broken_off_leaves_nothing_behind(loaded: Loaded) -> None:
    model, backend = loaded
    before = drawn(loaded)

    def broken(_row: int, _one: Sampled) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backend.generate(model, PROMPTS, SEEDS, replace(SAMPLE, finished=broken))
    assert ids(drawn(loaded)) == ids(before)


def test_a_nucleus_is_drawn_from(loaded: Loaded) -> None:
    for one in drawn(loaded, Decoding(TEMPERATURE, 6, frozenset(), 0, top_p=1e-6)):
        assert max(map(abs, one.logps)) < 1e-6, "of one token alone"


def test_other_weights_count_after_a_sync(loaded: Loaded) -> None:
    model, backend = loaded
    before = drawn(loaded, GREEDY)
    change(model)
    assert ids(drawn(loaded, GREEDY)) == ids(before)
    backend.sync(model)
    after = drawn(loaded, GREEDY)
    assert ids(after) != ids(before)
    assert ids(after) == ids(make_backend("loop").generate(model, PROMPTS, SEEDS, GREEDY))
    assert largest_difference(model, after, 0.0) < BOUND
    backend.sync(model)
    assert ids(drawn(loaded, GREEDY)) == ids(after), "a second sync of the same weights"


def test_what_is_too_long_is_refused(loaded: Loaded) -> None:
    with pytest.raises(BadInput, match=f"the model takes {LONGEST}"):
        drawn(loaded, Decoding(TEMPERATURE, LONGEST, frozenset(), 0))


def test_merged_and_as_adapters_are_the_same() -> None:
    model = small_model("lora")
    found = {}
    for adapters in (False, True):
        backend = Vllm(adapters=adapters)
        for step in range(2):
            found[adapters, step] = drawn((model, backend), GREEDY if step else SAMPLE)
            backend.sync(model)
        backend.close()
    for step in range(2):
        assert ids(found[False, step]) == ids(found[True, step])
        for merged, adapted in zip(found[False, step], found[True, step], strict=True):
            assert merged.logps == pytest.approx(adapted.logps, abs=BOUND)


def test_under_autocast_the_engine_computes_in_its_type() -> None:
    model, backend = small_model("qwen2"), Vllm()
    with torch.autocast("cpu", torch.bfloat16):
        found = drawn((model, backend))
    difference = largest_difference(model, found, TEMPERATURE)
    backend.close()
    assert 1e-3 < difference < 0.5, "bfloat16 has eight bits"


def test_the_process_stays_as_it_was() -> None:
    own = psutil.Process()
    children, cores = {child.pid for child in own.children(recursive=True)}, os.sched_getaffinity(0)
    states = random.getstate(), torch.random.get_rng_state()
    model, backend = small_model("qwen2"), Vllm()
    first = drawn((model, backend))
    assert backend.engine is not None
    assert os.sched_getaffinity(0) == cores
    backend.close()
    assert backend.engine is None
    assert {child.pid for child in own.children(recursive=True)} == children
    assert random.getstate() == states[0]
    assert torch.equal(torch.random.get_rng_state(), states[1])
    assert not torch.distributed.is_initialized()
    assert ids(drawn((model, backend))) == ids(first), "another engine starts where it is asked again"
    backend.close()


def test_a_model_with_new_adapters_on_another_base_is_loaded_whole() -> None:
    model, backend = small_model("lora"), Vllm(adapters=True)
    before = drawn((model, backend), GREEDY)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" not in name and parameter.ndim > 1:
                parameter.mul_(0.5)
    backend.sync(model)
    assert ids(drawn((model, backend), GREEDY)) == ids(before), "frozen weights are copied once"
    other = small_model("lora")
    change(other)
    assert ids(drawn((other, backend), GREEDY)) == ids(
        make_backend("loop").generate(other, PROMPTS, SEEDS, GREEDY)
    )
    backend.close()
