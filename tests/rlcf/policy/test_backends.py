"""Every backend draws what was asked, row by row, whatever the model ships and whoever is beside the row."""

from __future__ import annotations

import copy
import random
from dataclasses import replace

import pytest
import torch
from peft import PeftModel
from torch import Tensor
from transformers import GenerationConfig, PreTrainedModel

from rlcf.errors import BadInput
from rlcf.policy.generate import Decoding, Sampled, continuous, huggingface, make_backend
from rlcf.policy.generate import native as loop
from rlcf.policy.generate.steps import is_plain_llama, make_steps
from rlcf.policy.generate.vllm import merged_weights
from tests.rlcf.policy.models import CAUSAL, FAMILIES, VOCABULARY, small_model

DRAW = random.Random(3)
LENGTHS = (3, 40, 1, 17, 75, 8, 8, 25)
PROMPTS = [[DRAW.randrange(2, VOCABULARY) for _ in range(length)] for length in LENGTHS]
PROMPTS[6] = PROMPTS[5]
SEEDS = list(range(8))
TEMPERATURE = 0.8
SAMPLE = Decoding(TEMPERATURE, 8, frozenset({1, 2, 3, 4, 5}), 0)
GREEDY = Decoding(0.0, 8, frozenset({1, 2, 3}), 0)
EXACT = [(name, family) for name in ("loop", "transformers", "static") for family in CAUSAL] + [
    ("transformers", "t5"),
    ("static", "t5"),
]
"""Backends whose rows draw from their own numbers, with every family that they decode."""


def tokens(sampled: list[Sampled]) -> list[list[int]]:
    return [one.ids for one in sampled]


def scored(model: PreTrainedModel, prompt: list[int], ids: list[int], temperature: float) -> torch.Tensor:
    """Log-probabilities of a completion by the plain forward, without padding and cache."""
    with torch.no_grad():
        if model.config.is_encoder_decoder:
            start = [model.config.decoder_start_token_id]
            written = torch.tensor([start + ids[:-1]])
            logits = model(input_ids=torch.tensor([prompt]), decoder_input_ids=written).logits[0]
        else:
            logits = model(input_ids=torch.tensor([prompt + ids])).logits[0, len(prompt) - 1 : -1]
    return (logits.double() / (temperature or 1.0)).log_softmax(-1)


@pytest.mark.parametrize(("name", "family"), EXACT)
def test_a_row_does_not_depend_on_its_batch(name: str, family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model, backend = small_model(family), make_backend(name)
    together = backend.generate(model, PROMPTS, SEEDS, SAMPLE)
    assert len({tuple(ids) for ids in tokens(together)}) == 8, "rows differ, those of one prompt too"
    alone = [backend.generate(model, [PROMPTS[row]], [SEEDS[row]], SAMPLE)[0] for row in range(8)]
    assert tokens(alone) == tokens(together)
    order = [5, 0, 7, 2, 6, 1, 4, 3]
    shuffled = backend.generate(model, [PROMPTS[at] for at in order], [SEEDS[at] for at in order], SAMPLE)
    assert tokens(shuffled) == [together[at].ids for at in order]
    assert backend.generate(model, [], [], SAMPLE) == []
    monkeypatch.setattr(loop, "ROWS_CPU", 3)
    monkeypatch.setattr(huggingface, "ROWS", 4)
    assert tokens(backend.generate(model, PROMPTS, SEEDS, SAMPLE)) == tokens(together)


def assert_drawn(model: PreTrainedModel, prompt: list[int], one: Sampled, decoding: Decoding) -> Tensor:
    """Its log-probabilities are the policy's, and it ends where it must; returns the policy's, `[T, V]`."""
    logps_TV = scored(model, prompt, one.ids, decoding.temperature)
    own = logps_TV[torch.arange(len(one.ids)), one.ids]
    assert torch.allclose(own, torch.tensor(one.logps).double(), atol=1e-4)
    assert one.stopped == (one.ids[-1] in decoding.stop_ids)
    assert not decoding.stop_ids & set(one.ids[:-1])
    assert one.stopped or len(one.ids) == decoding.max_new_tokens
    return logps_TV


@pytest.mark.parametrize(("name", "family"), EXACT)
@pytest.mark.parametrize("decoding", [SAMPLE, GREEDY], ids=["sample", "greedy"])
def test_the_sampler_s_logps_are_the_policy_s(name: str, family: str, decoding: Decoding) -> None:
    model = small_model(family)
    for prompt, one in zip(
        PROMPTS, make_backend(name).generate(model, PROMPTS, SEEDS, decoding), strict=True
    ):
        logps_TV = assert_drawn(model, prompt, one, decoding)
        if decoding is GREEDY:
            assert one.ids == logps_TV.argmax(-1).tolist()


@pytest.mark.parametrize("family", CAUSAL)
def test_the_same_seeds_give_the_same_tokens_in_every_exact_backend(family: str) -> None:
    model = small_model(family)
    drawn = {
        name: tokens(make_backend(name).generate(model, PROMPTS, SEEDS, SAMPLE))
        for name in ("loop", "transformers", "static")
    }
    assert drawn["transformers"] == drawn["loop"]
    assert drawn["static"] == drawn["loop"]
    again = make_backend("loop").generate(model, PROMPTS, SEEDS, SAMPLE)
    assert tokens(again) == drawn["loop"]
    others = make_backend("loop").generate(model, PROMPTS, [seed + 100 for seed in SEEDS], SAMPLE)
    assert tokens(others) != drawn["loop"]


@pytest.mark.parametrize(("name", "family"), EXACT)
def test_a_stop_token_may_come_first(name: str, family: str) -> None:
    model, backend = small_model(family), make_backend(name)
    first = {one.ids[0] for one in backend.generate(model, PROMPTS, SEEDS, SAMPLE)}
    # The pad token stops too: nothing may be read off `ids != pad`.
    decoding = replace(SAMPLE, stop_ids=frozenset(first), pad_id=min(first))
    for one in backend.generate(model, PROMPTS, SEEDS, decoding):
        assert len(one.ids) == len(one.logps) == 1
        assert one.stopped
    assert all(
        len(one.ids) == 1
        for one in backend.generate(model, PROMPTS, SEEDS, Decoding(TEMPERATURE, 1, frozenset(), 0))
    )


SHIPPED = {
    "greedy": GenerationConfig(do_sample=False, eos_token_id=90, max_length=5),
    "instruct": GenerationConfig(
        do_sample=True, temperature=0.3, top_k=3, top_p=0.5, repetition_penalty=1.5, eos_token_id=90
    ),
    "forced": GenerationConfig(
        suppress_tokens=list(range(6, 60)), no_repeat_ngram_size=1, min_new_tokens=9, forced_eos_token_id=70
    ),
}


@pytest.mark.parametrize(("name", "family"), [("loop", "llama"), ("transformers", "llama"), *EXACT[-2:]])
@pytest.mark.parametrize("shipped", SHIPPED)
def test_what_the_model_ships_changes_nothing(name: str, family: str, shipped: str) -> None:
    model, backend = small_model(family), make_backend(name)
    expected = backend.generate(model, PROMPTS, SEEDS, SAMPLE)
    config = copy.deepcopy(SHIPPED[shipped])
    config.decoder_start_token_id = model.generation_config.decoder_start_token_id
    model.generation_config = config
    assert tokens(backend.generate(model, PROMPTS, SEEDS, SAMPLE)) == tokens(expected)
    assert model.generation_config is config


SHORT = ("llama", "grouped", "qwen2", "qwen3", "lora")


@pytest.mark.parametrize("family", CAUSAL)
def test_a_step_equals_the_model_s_own(family: str) -> None:
    """With rows that leave, and others that take their places, over columns that are written again."""
    model = small_model(family)
    assert is_plain_llama(model) == (family in SHORT)
    draw = random.Random(family)
    with torch.inference_mode():
        steps = make_steps(model, 8, 96, pad_id=0)
        assert steps.refills == (family != "gemma3")
        written = [list(prompt) for prompt in PROMPTS]
        logits_RV = steps.place(PROMPTS, torch.arange(8))
        for step in range(40):
            for own, logits_V in zip(written, logits_RV, strict=True):
                own_V = model(input_ids=torch.tensor([own])).logits[0, -1]
                assert torch.allclose(logits_V, own_V, atol=1e-4, rtol=1e-4)
                own.append(draw.randrange(VOCABULARY))
            if step == 2:
                rows = [6, 1, 4, 0]
                steps.select(torch.tensor(rows))
                written = [written[row] for row in rows]
            tokens_R = torch.tensor([own[-1] for own in written])
            logits_RV = steps.step(tokens_R, torch.tensor([len(own) - 1 for own in written]))
            if steps.refills and step % 6 == 5:
                slots = draw.sample(range(4), 2)
                new = [[draw.randrange(VOCABULARY) for _ in range(draw.randrange(1, 50))] for _ in slots]
                logits_RV[slots] = steps.place(new, torch.tensor(slots))
                for slot, prompt in zip(slots, new, strict=True):
                    written[slot] = list(prompt)


@pytest.mark.parametrize("name", ["loop", "transformers"])
def test_a_row_is_handed_out_as_it_ends(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model, backend = small_model("llama"), make_backend(name)
    monkeypatch.setattr(loop, "ROWS_CPU", 3)
    found: list[tuple[int, Sampled]] = []
    steps = 0

    def count(_number: int, _token: int) -> bool:
        nonlocal steps
        steps += 1
        return False

    told: list[int] = []

    def note(number: int, one: Sampled) -> None:
        found.append((number, one))
        told.append(steps)

    everything = backend.generate(model, PROMPTS, SEEDS, replace(SAMPLE, ends=count, finished=note))
    assert sorted(found, key=lambda pair: pair[0]) == list(enumerate(everything))
    assert told[0] < steps / 2, "the first long before the last token"
    assert steps == sum(len(one.ids) for one in everything)


def test_other_models_take_their_own_step() -> None:
    model = small_model("qwen2")
    model.config.layer_types = ["full_attention", "sliding_attention"]
    assert not is_plain_llama(model)
    assert not is_plain_llama(small_model("neox"))


@pytest.mark.parametrize("decoding", [SAMPLE, GREEDY], ids=["sample", "greedy"])
def test_continuous_keeps_what_it_promises(decoding: Decoding) -> None:
    model, backend = small_model("llama"), make_backend("continuous")
    model.generation_config = SHIPPED["instruct"]
    state = torch.random.get_rng_state()
    drawn = backend.generate(model, PROMPTS, SEEDS, decoding)
    assert len(drawn) == 8
    for prompt, one in zip(PROMPTS, drawn, strict=True):
        assert_drawn(model, prompt, one, decoding)
    if decoding is GREEDY:
        assert tokens(drawn) == tokens(make_backend("loop").generate(model, PROMPTS, SEEDS, decoding))
    assert tokens(backend.generate(model, PROMPTS, SEEDS, decoding)) == tokens(drawn)
    assert model.config._attn_implementation == "sdpa"
    assert model.generation_config is SHIPPED["instruct"]
    assert torch.equal(torch.random.get_rng_state(), state), "the process's generator stays where it was"


def test_continuous_says_when_the_library_fails() -> None:
    model = small_model("llama")
    with torch.no_grad():
        model.model.norm.weight.fill_(float("nan"))
    with pytest.raises(continuous.GenerationFailed):
        make_backend("continuous").generate(model, PROMPTS, SEEDS, SAMPLE)
    assert model.config._attn_implementation == "sdpa"


@pytest.mark.parametrize("name", ["loop", "continuous"])
def test_causal_backends_refuse_an_encoder_decoder(name: str) -> None:
    with pytest.raises(BadInput, match="transformers"):
        make_backend(name).generate(small_model("t5"), PROMPTS, SEEDS, SAMPLE)


def test_unknown_and_missing_backends_are_named() -> None:
    with pytest.raises(BadInput, match="loop, transformers, static, continuous, vllm"):
        make_backend("fast")
    with pytest.raises(BadInput, match=r"pip install 'rlcf\[vllm\]'"):
        make_backend("vllm")


@pytest.mark.parametrize("family", FAMILIES)
def test_merged_weights_are_those_of_a_merged_model(family: str) -> None:
    model = small_model(family)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    merged = {name: value.clone() for name, value in merged_weights(model)}
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    plain = copy.deepcopy(model)
    if family == "lora":
        (config,) = model.peft_config.values()
        wrapped = PeftModel(plain, config, adapter_name="unused")
        plain = wrapped.merge_and_unload(adapter_names=["default"])
    expected = dict(plain.named_parameters())
    assert merged.keys() == expected.keys()
    for name, value in expected.items():
        assert torch.allclose(merged[name], value, atol=1e-6)
