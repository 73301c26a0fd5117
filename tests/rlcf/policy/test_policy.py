"""What the policy says of tokens does not depend on padding, and what it saves loads elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from rlcf.errors import BadInput
from rlcf.policy import Policy, load_policy, tiny_policy
from rlcf.policy import batch as batch_module
from rlcf.policy import score as score_module
from rlcf.policy.adapters import POLICY, held_in
from rlcf.policy.batch import collate, micro_batches, shared_rows
from rlcf.policy.critic import Critic

PROMPTS = ["class A {\n    static int f(int x) {\n", "x", "class"]
COMPLETIONS = ["        return x + 1;\n    }\n}\n", "return", "        int y = x * x;\n"]


def tokens(policy: Policy) -> tuple[list[list[int]], list[list[int]]]:
    return [policy.encode_prompt(p) for p in PROMPTS], [policy.encode_completion(c) for c in COMPLETIONS]


def by_hand(policy: Policy, prompt: list[int], completion: list[int], temperature: float) -> list[float]:
    with torch.no_grad():
        logits = policy.model(input_ids=torch.tensor([prompt + completion])).logits[0].double() / temperature
    logps = logits.log_softmax(-1)
    return [float(logps[len(prompt) + t - 1, token]) for t, token in enumerate(completion)]


@pytest.mark.parametrize("temperature", [1.0, 0.7])
def test_logps_equal_those_of_single_rows(policy: Policy, temperature: float) -> None:
    prompts, completions = tokens(policy)
    batch = policy.collate(prompts, completions)
    logps_BT = policy.token_stats(batch, temperature).logps_BT
    for row, (prompt, completion) in enumerate(zip(prompts, completions, strict=True)):
        expected = torch.tensor(by_hand(policy, prompt, completion, temperature))
        assert torch.allclose(logps_BT[row, : len(completion)], expected, atol=1e-4)
        assert not logps_BT[row, len(completion) :].any()


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_a_shared_prompt_changes_no_logp_and_no_gradient(attention: str) -> None:
    policy = tiny_policy(["int", "class", "return"], seed=0)
    policy.model.set_attn_implementation(attention)
    (one, other, _), (short, tiny, long) = tokens(policy)
    prompts = [one, one, one, other, one, other, other]
    completions = [short, tiny, long, tiny, long, short, long]
    found = []
    for share in (False, True):
        batch = collate(prompts, completions, policy.pad_id, share=share)
        stats = policy.token_stats(batch, 0.7)
        policy.model.zero_grad()
        (stats.logps_BT * torch.arange(1, 8)[:, None]).sum().backward()
        found.append((batch, stats, [p.grad.clone() for p in policy.parameters() if p.grad is not None]))
    (plain, apart, gradients), (shared, together, others) = found
    assert (len(plain.ids_RL), len(shared.ids_RL)) == (7, 4), "runs of the same prompt are a row"
    assert shared.sees_R1LL is not None
    assert plain.sees_R1LL is None
    assert torch.equal(plain.completion_ids_BT, shared.completion_ids_BT)
    assert torch.allclose(apart.logps_BT, together.logps_BT, atol=1e-5)
    assert torch.allclose(apart.states_BTD, together.states_BTD, atol=1e-5)
    for mine, theirs in zip(gradients, others, strict=True):
        assert torch.allclose(mine, theirs, atol=1e-3, rtol=1e-3)


def test_long_completions_are_not_packed_into_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_module, "LONGEST_SHARED", 10)
    prompts, completions = [[1, 2, 3]] * 4 + [[4]], [[5] * 4, [6] * 3, [7], [8] * 20, [9]]
    assert shared_rows(prompts, completions) == [[0, 1], [2], [3], [4]]
    assert len(collate(prompts, completions, 0, share=True).ids_RL) == 4


def test_sampled_logps_equal_recomputed_ones(policy: Policy) -> None:
    """The sampler's distribution, read off its own cached forward, is the one that training scores."""
    prompt = policy.encode_prompt(PROMPTS[0])
    (sampled,) = policy.sample_tokens([prompt], 0.7, 10, [3])
    cache_logps = []
    with torch.no_grad():
        output = policy.model(input_ids=torch.tensor([prompt]), use_cache=True)
        for token in sampled.ids:
            cache_logps.append(float((output.logits[0, -1] / 0.7).log_softmax(-1)[token]))
            output = policy.model(
                input_ids=torch.tensor([[token]]), past_key_values=output.past_key_values, use_cache=True
            )
    batch = policy.collate([prompt], [sampled.ids])
    recomputed = policy.token_stats(batch, 0.7).logps_BT[0]
    assert torch.allclose(recomputed, torch.tensor(cache_logps), atol=1e-4)
    assert torch.allclose(recomputed, torch.tensor(sampled.logps), atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_merging_to_sample_leaves_every_bit(policy: Policy, dtype: torch.dtype) -> None:
    own = Policy(policy.model.to(dtype), policy.tokenizer, lora_rank=4)
    assert own.adapters is not None
    draw = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in own.adapters.parameters(POLICY):
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=draw))
    before = {name: value.clone() for name, value in own.model.state_dict().items()}
    batch = own.collate([[5, 6, 7]], [[8, 9, 10, 11]])
    with torch.no_grad():
        apart = own.token_stats(batch).logps_BT
        with own.adapters.merged_in_place():
            together = own.token_stats(batch).logps_BT
            merged = {name: value.clone() for name, value in own.model.state_dict().items()}
        with own.adapters.active(None):
            without = own.token_stats(batch).logps_BT
    assert any(not torch.equal(merged[name], value) for name, value in before.items())
    assert torch.allclose(together, apart, atol=1e-4 if dtype is torch.float32 else 0.2)
    assert (together - without).abs().max() > 4 * (together - apart).abs().max(), "they change something"
    own.sample_tokens([[5, 6, 7]], 0.8, 4, [0])
    assert all(torch.equal(value, before[name]) for name, value in own.model.state_dict().items())
    with torch.no_grad():
        assert torch.equal(own.token_stats(batch).logps_BT, apart)


def test_weights_in_another_type_to_sample_come_back(policy: Policy) -> None:
    before = {name: value.clone() for name, value in policy.model.state_dict().items()}
    (exact,) = policy.sample_tokens([[5, 6, 7]], 0.0, 6, [0])
    with held_in(policy.model, torch.bfloat16):
        assert policy.model.dtype == torch.bfloat16
        (rounded,) = policy.sample_tokens([[5, 6, 7]], 0.0, 6, [0])
    assert rounded.logps != exact.logps
    assert rounded.logps[0] == pytest.approx(exact.logps[0], abs=0.1)
    assert all(torch.equal(value, before[name]) for name, value in policy.model.state_dict().items())


def test_chunked_head_changes_neither_values_nor_gradients(
    policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = policy.collate(*tokens(policy))
    results = []
    for at_once in (1 << 26, 3 * len(policy.tokenizer)):
        monkeypatch.setattr(score_module, "LOGITS_AT_ONCE", at_once)
        policy.model.zero_grad()
        stats = policy.token_stats(batch)
        stats.logps_BT.sum().backward()
        gradients = [p.grad.clone() for p in policy.parameters() if p.grad is not None]
        results.append((stats.logps_BT.detach(), stats.entropies_BT, gradients))
    whole, chunked = results
    assert torch.allclose(whole[0], chunked[0], atol=1e-5)
    assert torch.allclose(whole[1], chunked[1], atol=1e-5)
    for one, other in zip(whole[2], chunked[2], strict=True):
        assert torch.allclose(one, other, atol=1e-3, rtol=1e-3)


def test_states_are_detached_and_critic_starts_at_zero(policy: Policy) -> None:
    stats = policy.token_stats(policy.collate(*tokens(policy)))
    critic = Critic(policy.width, seed=0)
    values_BT = critic(stats.states_BTD)
    assert not stats.states_BTD.requires_grad
    assert values_BT.shape == stats.logps_BT.shape
    assert not values_BT.any()


@pytest.mark.parametrize("text", ["ünï → 日本", "a\x00b\r\n\t", "🙂" * 3, ""])
def test_the_tiny_tokenizer_encodes_any_text(policy: Policy, text: str) -> None:
    ids = policy.encode_completion(text)
    assert ids[-1] == policy.tokenizer.eos_token_id
    assert policy.decode(ids) == text
    assert policy.tokenizer.pad_token_id != policy.tokenizer.eos_token_id


def test_the_tokenizer_merges_across_words(policy: Policy) -> None:
    pieces = [policy.decode([token]) for token in policy.encode_completion(COMPLETIONS[0])]
    assert any(" " in piece.strip() for piece in pieces)


def test_token_at_finds_the_token_that_writes_a_character(policy: Policy) -> None:
    ids = policy.encode_completion("        int y = x * x;\n        return ü - 2;\n")
    ends = [len(policy.decode(ids[: n + 1])) for n in range(len(ids))]
    for place in range(ends[-1]):
        assert policy.token_at(ids, place) == next(n for n, end in enumerate(ends) if end > place)
    assert policy.token_at(ids, ends[-1] + 5) == len(ids) - 1


@pytest.mark.parametrize("lora_rank", [0, 4])
def test_a_saved_policy_loads_anywhere_and_answers_the_same(tmp_path: Path, lora_rank: int) -> None:
    policy = tiny_policy(PROMPTS + COMPLETIONS, 0, lora_rank=lora_rank)
    with torch.no_grad():
        for number, parameter in enumerate(policy.parameters()):
            parameter.add_(
                0.02 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(number))
            )
    policy.save(tmp_path)
    model = AutoModelForCausalLM.from_pretrained(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    assert tokenizer(PROMPTS[0])["input_ids"] == policy.encode_prompt(PROMPTS[0])
    ids = torch.tensor([policy.encode_prompt(PROMPTS[0])])
    assert torch.allclose(model(input_ids=ids).logits, policy.model(input_ids=ids).logits, atol=1e-4)


def test_the_reference_is_the_model_without_its_adapters() -> None:
    policy = tiny_policy(PROMPTS + COMPLETIONS, 0, lora_rank=4)
    batch = policy.collate(*tokens(policy))
    scorer = policy.scorer()
    start_BT = scorer(batch, 1.0).logps_BT.detach()
    assert torch.equal(scorer(batch, 1.0, reference=True).logps_BT, start_BT), "KL is 0 at step 0"
    move(policy)
    moved_BT = scorer(batch, 1.0).logps_BT.detach()
    assert not torch.allclose(moved_BT, start_BT, atol=1e-3)
    assert torch.equal(scorer(batch, 1.0, reference=True).logps_BT, start_BT)
    assert all(parameter.requires_grad for parameter in policy.parameters()), "looking changes nothing"
    renewed = policy.renewed().scorer()
    assert torch.allclose(renewed(batch, 1.0, reference=True).logps_BT, moved_BT, atol=1e-4)
    assert torch.equal(renewed(batch, 1.0).logps_BT, renewed(batch, 1.0, reference=True).logps_BT)


def test_the_critics_adapters_leave_the_answers_alone() -> None:
    policy = tiny_policy(PROMPTS + COMPLETIONS, 0, lora_rank=4)
    batch = policy.collate(*tokens(policy))
    start_BT = policy.scorer()(batch, 1.0).logps_BT.detach()
    critic = Critic(policy.width, seed=0)
    torch.nn.init.ones_(critic.last.weight)
    scorer = policy.scorer(critic, critic_rank=2)
    values_BT = scorer(batch, 1.0).critic.detach()
    with torch.no_grad():
        for parameter in scorer.critic_parameters():
            parameter.add_(0.05)
    scores = scorer(batch, 1.0)
    assert torch.equal(scores.logps_BT, start_BT)
    assert not torch.allclose(scores.critic, values_BT, atol=1e-2)
    mine, theirs = set(scorer.policy_parameters()), set(scorer.critic_parameters())
    assert mine.isdisjoint(theirs)
    trained = {parameter for parameter in scorer.parameters() if parameter.requires_grad}
    assert trained == mine | theirs, "nothing else, and nothing is frozen by adding a second set"


def test_a_replica_answers_the_same_and_is_another() -> None:
    policy = tiny_policy(PROMPTS + COMPLETIONS, 0, lora_rank=4)
    move(policy)
    other = policy.replica()
    batch = policy.collate(*tokens(policy))
    assert torch.equal(policy.scorer()(batch, 1.0).logps_BT, other.scorer()(batch, 1.0).logps_BT)
    move(other)
    assert not torch.allclose(
        policy.scorer()(batch, 1.0).logps_BT, other.scorer()(batch, 1.0).logps_BT, atol=1e-3
    )


def test_same_seed_same_adapters() -> None:
    one, two = (tiny_policy(PROMPTS, 0, lora_rank=4).parameters() for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    other = tiny_policy(PROMPTS, 1, lora_rank=4).parameters()
    assert not all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def move(policy: Policy) -> None:
    with torch.no_grad():
        for parameter in policy.parameters():
            parameter.add_(0.05)


def test_micro_batches_hold_every_row_once_within_the_budget() -> None:
    lengths = [5, 30, 7, 7, 100, 1]
    groups = micro_batches(lengths, 32)
    assert sorted(row for group in groups for row in group) == list(range(6))
    for group in groups:
        assert len(group) == 1 or max(lengths[row] for row in group) * len(group) <= 32


def test_a_model_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nowhere"):
        load_policy(tmp_path / "nowhere")
    with pytest.raises(BadInput, match=r"config\.json"):
        load_policy(tmp_path)


def test_the_small_model_keeps_names_of_numbers_apart(tmp_path: Path) -> None:
    texts = [f"/** n0 m in n1 s, {word} */ return n0 / n1;" for word in ("a train", "a boat", "a man")]
    policy = tiny_policy(texts * 3, 0, size="small")
    policy.save(tmp_path)
    for tokenizer in (policy.tokenizer, load_policy(tmp_path).tokenizer):
        for text in texts:
            tokens = [tokenizer.decode([one]) for one in tokenizer(text)["input_ids"]]
            assert (tokens.count("n0"), tokens.count("n1"), "".join(tokens)) == (2, 2, text)
