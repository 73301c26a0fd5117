"""The policy: a causal language model with its tokenizer, trained in full or through LoRA.

One model in memory where that is possible: with LoRA the reference policy is the same model with its
adapters off (trainers.md b21), without it a frozen copy. Dropout is off everywhere and always (b17), so
that the first ratio of a step is 1. Log-probabilities are those of the policy *at the sampling
temperature* (b5), from hidden states of completion tokens only: `[B, T, V]` logits are never kept (b7).

Not covered: encoder-decoder models (nothing here glues prompt and completion but `batch.collate`),
several GPUs, models whose logits are not their output embedding applied to the last hidden state.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from rlcf.errors import BadInput
from rlcf.policy.batch import TokenBatch, Tokens, collate
from rlcf.policy.generate import Decoding, Sampled, make_backend, stable_seed

LOGITS_AT_ONCE = 1 << 26
"""Elements of logits computed together (256 MB in fp32); longer batches go in chunks, which backward
computes again."""


@dataclass(frozen=True, slots=True)
class TokenStats:
    """What the policy says of a batch; values at masked places are 0."""

    logps_BT: Tensor
    entropies_BT: Tensor
    states_BTD: Tensor
    """Hidden state that chose each token, detached: the critic must not shape the trunk."""


class Policy:
    """Who answers: samples completions, scores tokens, is saved."""

    def __init__(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, lora_rank: int = 0
    ) -> None:
        self.tokenizer = tokenizer
        self.lora_rank = lora_rank
        self.stop_ids = _stop_ids(model, tokenizer)
        # A pad token is never read back (masks come from lengths), so any known id will do.
        self.pad_id = int(
            tokenizer.pad_token_id if tokenizer.pad_token_id is not None else min(self.stop_ids)
        )
        self.backend = make_backend("loop")
        self._disable_dropout(model)
        self.model = model.eval()
        self._check_head()
        self._peft: PeftModel | None = None
        self._frozen: PreTrainedModel | None = None
        if lora_rank:
            self._add_adapters()

    @property
    def width(self) -> int:
        return int(self.model.get_output_embeddings().weight.shape[1])

    @property
    def device(self) -> torch.device:
        return cast(torch.device, self.model.device)

    def parameters(self) -> list[nn.Parameter]:
        """Those that are trained."""
        return [parameter for parameter in self.model.parameters() if parameter.requires_grad]

    # ---- text and tokens

    def encode_prompt(self, prompt: str) -> list[int]:
        """With the tokenizer's own start token, without an end token; never empty."""
        ids = list(self.tokenizer(prompt)["input_ids"])
        while ids and ids[-1] in self.stop_ids:
            ids.pop()
        return ids or [min(self.stop_ids)]

    def encode_completion(self, completion: str) -> list[int]:
        """Ends with the tokenizer's end token."""
        ids = list(self.tokenizer(completion, add_special_tokens=False)["input_ids"])
        return [*ids, self.tokenizer.eos_token_id]

    def decode(self, ids: Tokens) -> str:
        return str(
            self.tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False)
        )

    def token_at(self, ids: Tokens, place: int) -> int:
        """Index of the token that writes character `place` of the decoded text; the last token if the
        text ends before. Found by decoding prefixes: sampled tokens need not be those that the tokenizer
        would choose for their text, so its own offsets would not fit."""
        low, high = 1, len(ids)
        while low < high:
            middle = (low + high) // 2
            if len(self.decode(ids[:middle])) > place:
                high = middle
            else:
                low = middle + 1
        return low - 1

    # ---- sampling

    def sample(
        self, prompts: Sequence[str], *, temperature: float, max_new_tokens: int, seed: int
    ) -> list[str]:
        """One completion a prompt; temperature 0 is greedy. The same arguments give the same texts."""
        sampled = self.sample_tokens(
            [self.encode_prompt(prompt) for prompt in prompts], temperature, max_new_tokens, seed
        )
        return [self.decode(completion.ids) for completion in sampled]

    def sample_tokens(
        self, prompts: Sequence[Tokens], temperature: float, max_new_tokens: int, seed: int
    ) -> list[Sampled]:
        seeds = [stable_seed(seed, index) for index in range(len(prompts))]
        decoding = Decoding(temperature, max_new_tokens, self.stop_ids, self.pad_id)
        return self.backend.generate(self.model, prompts, seeds, decoding)

    # ---- scoring

    def collate(self, prompts: Sequence[Tokens], completions: Sequence[Tokens]) -> TokenBatch:
        return collate(prompts, completions, self.pad_id, self.device)

    def token_stats(self, batch: TokenBatch, temperature: float = 1.0) -> TokenStats:
        """Log-probability, entropy and state of every completion token under the policy as it is."""
        return _token_stats(self.model, batch, temperature)

    @torch.no_grad()
    def reference_logps(self, batch: TokenBatch, temperature: float = 1.0) -> Tensor:
        """The same under the reference policy: the one at the last `keep_reference`."""
        with self._reference() as model:
            return _token_stats(model, batch, temperature).logps_BT

    def keep_reference(self) -> None:
        """Makes the policy as it is the reference. LoRA adapters are merged into the base and begun anew."""
        if self._peft is not None:
            self.model = cast(PreTrainedModel, self._peft.merge_and_unload())
            self._add_adapters()
        else:
            self._frozen = _copy(self.model)

    @contextmanager
    def _reference(self) -> Iterator[PreTrainedModel]:
        if self._peft is not None:
            with self._peft.disable_adapter():
                yield self.model
        elif self._frozen is not None:
            yield self._frozen
        else:
            raise RuntimeError("no reference yet: call keep_reference() first")

    # ---- saving

    def save(self, folder: Path) -> None:
        """A folder that `AutoModelForCausalLM` and `AutoTokenizer` load; adapters are merged in a copy."""
        model = self.model
        if self._peft is not None:
            model = cast(PreTrainedModel, cast(PeftModel, _copy(self._peft)).merge_and_unload())
        model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)

    # ---- set-up

    def _add_adapters(self) -> None:
        config = LoraConfig(
            r=self.lora_rank,
            lora_alpha=2 * self.lora_rank,
            lora_dropout=0.0,
            target_modules="all-linear",
            task_type="CAUSAL_LM",
        )
        self._peft = cast(PeftModel, get_peft_model(self.model, config))
        # peft puts its layers into the model itself, so the plain model object keeps its own interface.
        self.model = cast(PreTrainedModel, self._peft.get_base_model()).eval()

    def _disable_dropout(self, model: PreTrainedModel) -> None:
        for module in model.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
        for name, value in vars(model.config).items():
            if "dropout" in name and isinstance(value, float):
                setattr(model.config, name, 0.0)

    @torch.no_grad()
    def _check_head(self) -> None:
        """Some families scale or cap their logits after the head; their log-probabilities would be wrong."""
        ids_BL = torch.tensor([[min(self.stop_ids)] * 2], device=self.device)
        logits_BLV = self.model(input_ids=ids_BL).logits
        states_BLD = _trunk(self.model)(input_ids=ids_BL).last_hidden_state
        own_BLV = self.model.get_output_embeddings()(states_BLD)
        if not torch.allclose(own_BLV, logits_BLV, atol=1e-2, rtol=1e-2):
            kind = type(self.model).__name__
            raise BadInput(
                f"{kind} changes its logits after the output embedding: not covered", field="model"
            )


def _token_stats(model: PreTrainedModel, batch: TokenBatch, temperature: float) -> TokenStats:
    states_BLD = _trunk(model)(input_ids=batch.ids_BL, use_cache=False).last_hidden_state
    index_BTD = batch.state_BT[..., None].expand(-1, -1, states_BLD.shape[-1])
    states_BTD = states_BLD.gather(1, index_BTD)
    states_ND = states_BTD[batch.mask_BT]
    targets_N = batch.completion_ids_BT[batch.mask_BT]
    head = model.get_output_embeddings()
    rows = max(1, LOGITS_AT_ONCE // head.weight.shape[0])
    if rows >= len(states_ND):
        logps_N, entropies_N = _head_stats(head, states_ND, targets_N, temperature)
    else:
        parts = [
            checkpoint(_head_stats, head, states, targets, temperature, use_reentrant=False)
            for states, targets in zip(
                torch.split(states_ND, rows), torch.split(targets_N, rows), strict=True
            )
        ]
        logps_N = torch.cat([logps for logps, _ in parts])
        entropies_N = torch.cat([entropies for _, entropies in parts])
    zeros_BT = torch.zeros(batch.mask_BT.shape, dtype=torch.float32, device=batch.mask_BT.device)
    return TokenStats(
        logps_BT=zeros_BT.masked_scatter(batch.mask_BT, logps_N),
        entropies_BT=zeros_BT.masked_scatter(batch.mask_BT, entropies_N),
        states_BTD=(states_BTD * batch.mask_BT[..., None]).detach(),
    )


def _head_stats(
    head: nn.Module, states_ND: Tensor, targets_N: Tensor, temperature: float
) -> tuple[Tensor, Tensor]:
    # fp32: a bf16 logsumexp is not stable (trainers.md b8)
    all_logps_NV = (head(states_ND).float() / temperature).log_softmax(-1)
    logps_N = all_logps_NV.gather(1, targets_N[:, None]).squeeze(1)
    with torch.no_grad():
        entropies_N = -(all_logps_NV.exp() * all_logps_NV).sum(-1)
    return logps_N, entropies_N


def _trunk(model: PreTrainedModel) -> nn.Module:
    return cast(nn.Module, getattr(model, model.base_model_prefix))


def _copy(model: Any) -> Any:
    """A frozen copy."""
    return copy.deepcopy(model).requires_grad_(False).eval()


def _stop_ids(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """Every token that ends a completion: some models have several (trainers.md b9)."""
    found: set[int] = set()
    configured = model.generation_config.eos_token_id if model.generation_config is not None else None
    for ids in (tokenizer.eos_token_id, configured):
        if ids is not None:
            found.update([ids] if isinstance(ids, int) else ids)
    if not found:
        raise ValueError("neither the tokenizer nor the generation config names an end token")
    return frozenset(found)
