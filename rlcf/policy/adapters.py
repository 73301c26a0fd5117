"""LoRA adapters by name on one frozen base: `policy` answers, `critic` values, none is the reference.

peft's own `set_adapter` and `disable_adapter` also flip `requires_grad`, so that after a look at the
reference an optimiser would silently train nothing (docs/training-details.md#adapters). Here only the choice
is switched, and what requires gradients never changes. With gradient checkpointing a layer is computed again
during the backward pass, when another adapter may be chosen: `recompute_contexts` brings the one of the
forward back.

Not covered: adapters other than LoRA, adapters with dropout.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, cast

import torch
from peft import (
    LoraConfig,
    PeftModel,
    get_peft_model,
    get_peft_model_state_dict,
)
from peft.tuners.tuners_utils import BaseTunerLayer
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import PreTrainedModel

POLICY, CRITIC = "policy", "critic"


class Adapters:
    """The adapters of a model; they are put into the model itself, whose interface stays its own."""

    def __init__(self, model: PreTrainedModel, rank: int, seed: int) -> None:
        """The policy's adapters; they start as no change, and `seed` decides how they then can grow."""
        self._seed = seed
        self.config = LoraConfig(
            r=rank,
            lora_alpha=2 * rank,
            lora_dropout=0.0,
            target_modules="all-linear",
            task_type="SEQ_2_SEQ_LM" if model.config.is_encoder_decoder else "CAUSAL_LM",
        )
        with _seeded(seed):
            self.peft = cast(PeftModel, get_peft_model(model, self.config, adapter_name=POLICY))
        self._layers = [module for module in self.peft.modules() if isinstance(module, BaseTunerLayer)]

    def add_critic(self, rank: int) -> None:
        """A second set of adapters; like the first it starts as no change."""
        config = LoraConfig(
            r=rank,
            lora_alpha=2 * rank,
            lora_dropout=0.0,
            target_modules="all-linear",
            task_type=self.config.task_type,
        )
        with _seeded(self._seed + 1):
            self.peft.add_adapter(CRITIC, config)
        self._layers = [module for module in self.peft.modules() if isinstance(module, BaseTunerLayer)]
        for name in (POLICY, CRITIC):
            for parameter in self.parameters(name):
                parameter.requires_grad_(True)

    def parameters(self, name: str) -> list[nn.Parameter]:
        return [p for key, p in self.peft.named_parameters() if f".{name}." in key and "lora_" in key]

    @contextmanager
    def active(self, name: str | None) -> Iterator[None]:
        """With the adapter `name` alone; None: with none."""
        before = [(layer._active_adapter, layer._disable_adapters) for layer in self._layers]
        for layer in self._layers:
            layer._disable_adapters = name is None
            if name is not None:
                layer._active_adapter = [name]
        try:
            yield
        finally:
            for layer, (chosen, off) in zip(self._layers, before, strict=True):
                layer._active_adapter, layer._disable_adapters = chosen, off

    @contextmanager
    def merged_in_place(self) -> Iterator[None]:
        """With the policy's adapters merged into the weights, so that a step over the model computes no more
        than one without adapters does. The weights themselves are put aside, not changed, and come back bit
        for bit; meanwhile they are in memory twice. Quantised weights keep their adapters beside them."""
        kept: list[tuple[BaseTunerLayer, nn.Parameter, Tensor]] = []
        try:
            with torch.no_grad():
                for layer in self._layers:
                    weight = cast(nn.Parameter, layer.get_base_layer().weight)
                    if weight.is_floating_point() and not layer._disable_adapters:
                        delta = cast(Any, layer).get_delta_weight(POLICY)
                        kept.append((layer, weight, weight.data))
                        weight.data = weight.data + delta.to(weight.dtype)
                        layer._disable_adapters = True
            yield
        finally:
            for layer, weight, data in kept:
                weight.data = data
                layer._disable_adapters = False

    def recompute_contexts(self) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
        """For `torch.utils.checkpoint`: contexts of a forward pass and of its repetition."""
        layer = self._layers[0]
        name = None if layer._disable_adapters else str(layer.active_adapters[0])
        return nullcontext(), self.active(name)

    def save(self, folder: Path, base: Path | str) -> None:
        """The policy's adapters, as a folder whose loading loads `base` first."""
        own = get_peft_model_state_dict(self.peft, adapter_name=POLICY)
        folder.mkdir(parents=True, exist_ok=True)
        # peft itself would put an adapter that is not called `default` into a folder below.
        save_file(
            {name: tensor.contiguous() for name, tensor in own.items()}, folder / "adapter_model.safetensors"
        )
        config = copy.copy(self.peft.peft_config[POLICY])
        config.base_model_name_or_path, config.inference_mode = str(base), True
        config.save_pretrained(str(folder))

    def merged(self) -> PreTrainedModel:
        """The model with the policy's adapters merged into its weights; there are no adapters after it."""
        with self.active(POLICY):
            return cast(PreTrainedModel, self.peft.merge_and_unload(adapter_names=[POLICY]))


@contextmanager
def held_in(model: nn.Module, dtype: torch.dtype) -> Iterator[None]:
    """With all weights in another type, so that a step over the model does not convert them each time. The
    weights themselves are put aside and come back bit for bit; meanwhile they are in memory in both types."""
    kept = [(parameter, parameter.data) for parameter in model.parameters()]
    try:
        with torch.no_grad():
            for parameter, data in kept:
                if data.is_floating_point():
                    parameter.data = data.to(dtype)
        yield
    finally:
        for parameter, data in kept:
            parameter.data = data


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
