"""The plan of a run's memory: what it adds up is what is held."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from transformers import PreTrainedModel

from rlcf.cli import main
from rlcf.errors import BadInput
from rlcf.machine import Machine
from rlcf.policy.adapters import POLICY, Adapters
from rlcf.policy.batch import collate
from rlcf.policy.memory import LENGTH, activation_bytes, lora_count, parameter_count, twin
from rlcf.policy.score import completion_states
from rlcf.recipe import Recipe
from rlcf.recipes import load_recipe, override
from rlcf.training.plan import KEPT_CPU, PROMPT_TOKENS, plan
from tests.rlcf.policy.models import FAMILIES, small_model

CPU, GPU = torch.device("cpu"), torch.device("cuda")
GB = 10**9


def kept(model: PreTrainedModel, rows: int) -> int:
    """Bytes that autograd keeps of so many rows of LENGTH tokens."""
    half = LENGTH // 2
    start = model.config.decoder_start_token_id if model.config.is_encoder_decoder else None
    prompts = [[7 + row] * half for row in range(rows) for _ in range(2)]
    batch = collate(prompts, [[5] * (half // 2)] * (2 * rows), 0, start_id=start, share=start is None)
    found: dict[int, int] = {}
    held: list[torch.Tensor] = []

    def note(tensor: torch.Tensor) -> torch.Tensor:
        held.append(tensor)  # or its place would be given to another
        found[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        completion_states(model, batch)
    own = {tensor.untyped_storage().data_ptr() for tensor in (*model.parameters(), *model.buffers())}
    return sum(size for place, size in found.items() if place not in own)


@pytest.mark.parametrize("family", [name for name in FAMILIES if name not in ("lora", "t5", "gemma3")])
def test_a_twin_says_what_autograd_keeps(family: str) -> None:
    model = small_model(family)
    planned = activation_bytes(twin(model.config, torch.float32)) * LENGTH
    masks = 4 * LENGTH**2 * model.config.num_hidden_layers  # how often one is copied is the kernel's
    assert planned == pytest.approx(kept(model, 1), rel=0.02, abs=masks)
    assert 3 * planned == pytest.approx(kept(model, 3), rel=0.02, abs=3 * masks)


@pytest.mark.parametrize("family", [name for name in FAMILIES if name not in ("lora", "gemma3")])
def test_a_twin_has_the_model_s_parameters_and_adapters(family: str) -> None:
    model = small_model(family)
    copy = twin(model.config, torch.bfloat16)
    assert parameter_count(copy) == sum(p.numel() for p in model.parameters())
    adapters = Adapters(model, rank=4, seed=0)
    assert lora_count(copy, 4) == sum(p.numel() for p in adapters.parameters(POLICY))


def test_what_a_recipe_asks_for_is_in_the_plan(tmp_path: Path) -> None:
    small_model("qwen2").config.save_pretrained(tmp_path)
    fields = {"model.name": str(tmp_path), "objective.grounding": "pass", "ppo.advantage": "group"}

    def named(**more: object) -> dict[str, int]:
        changed = {name.replace("__", "."): value for name, value in more.items()}
        recipe = override(Recipe(), {**fields, "kl.coef": 0.0, **changed})
        return {need.what: need.bytes for need in plan(recipe, Machine(), CPU).needs}

    plain = named()
    weights = parameter_count(twin(small_model("qwen2").config, torch.float32)) * 4
    assert plain["the policy's weights"] == weights
    assert plain["the optimiser"] == 2 * weights
    assert {"the reference policy", "adapters", "the critic", "the discriminator"}.isdisjoint(plain)
    assert named(kl__coef=0.1)["the reference policy"] == weights
    assert named(objective__name="dpo", kl__coef=0.1)["the reference policy"] == weights
    assert named(objective__grounding="rlcf")["the discriminator"] == 4 * weights
    assert named(ppo__advantage="gae", critic__trunk="own")["the critic"] == 4 * weights
    adapted = named(model__lora_rank=2, kl__coef=0.1)
    assert adapted["merged weights"] == weights
    assert adapted["the optimiser"] == 2 * adapted["adapters"] < weights
    assert "the reference policy" not in adapted, "the base without adapters"


def test_only_completions_have_logits_and_only_a_cpu_s_allocator_keeps() -> None:
    def needs(device: torch.device, **more: object) -> dict[str, int]:
        changed = {name.replace("__", "."): value for name, value in more.items()}
        machine = Machine(tokens_per_microbatch=1024)
        recipe = override(load_recipe("quickstart"), changed)
        return {need.what: need.bytes for need in plan(recipe, machine, device, free=GB).needs}

    written = {"rollout__max_new_tokens": PROMPT_TOKENS}
    one, three = (needs(GPU, rollout__samples_per_prompt=n, **written)["logits"] for n in (1, 3))
    assert three / one == pytest.approx((3 / 4) / (1 / 2), rel=1e-3), "a prompt is read once"
    cpu, gpu = needs(CPU), needs(GPU)
    kept = "freed, but kept by the allocator"
    assert kept not in gpu
    passing = ("keys and values", "logits that are drawn from", "gradients", "activations", "logits")
    assert cpu[kept] == int(KEPT_CPU * sum(cpu[name] for name in passing))


def test_a_later_turn_reads_those_before_it() -> None:
    def cache(**more: object) -> int:
        found = plan(override(load_recipe("quickstart"), dict(more)), Machine(), GPU, free=16 * GB)
        return next(need.bytes for need in found.needs if need.what == "keys and values")

    one, two = cache(), cache(**{"repair.turns": 2, "repair.feedback_tokens": 256})
    assert 2 * one < two < 3 * one
    assert cache(**{"repair.turns": 2, "repair.feedback_tokens": 512}) > two


def test_a_larger_card_holds_larger_batches() -> None:
    recipe = override(load_recipe("quickstart"), {"rollout.max_new_tokens": 2000})
    small, large = (plan(recipe, Machine(), GPU, free=free) for free in (GB // 2, 16 * GB))
    assert small.rows < large.rows == 512, "of 128 × 4"
    assert small.microbatch < large.microbatch == 65_536
    assert small.peak < GB
    assert plan(recipe, Machine(tokens_per_microbatch=77), GPU, free=GB).microbatch == 77


def test_the_command_prints_it_and_makes_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", "quickstart", "--plan", "--model.lora-rank", "4"]) == 0
    printed = capsys.readouterr().out
    assert "adapters" in printed
    assert "at most" in printed
    assert list(tmp_path.iterdir()) == []


def test_a_model_without_a_configuration_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({}))
    with pytest.raises(BadInput, match="configuration"):
        plan(override(Recipe(), {"model.name": str(tmp_path)}), Machine(), CPU)
