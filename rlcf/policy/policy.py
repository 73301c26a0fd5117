"""The policy: a language model with its tokenizer, causal or encoder-decoder, trained in full or by LoRA.

One model in memory where that is possible: with LoRA the reference policy is the same model with its
adapters off, and the critic may have adapters of its own (`adapters.py`); without LoRA the reference is a
frozen copy. Dropout is off everywhere and always, so that the first ratio of a step is 1.

Not covered: models that `score.py` can't score, pipeline or tensor parallelism.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, cast

import torch
from jinja2 import TemplateError
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from rlcf.errors import BadInput
from rlcf.policy.adapters import Adapters, held_in
from rlcf.policy.batch import TokenBatch, Tokens, collate, micro_batches
from rlcf.policy.critic import AnyCritic
from rlcf.policy.generate import (
    Backend,
    Decoding,
    Finished,
    Sampled,
    make_backend,
    stable_seed,
    tell_nobody,
)
from rlcf.policy.score import (
    Scorer,
    TokenStats,
    head_scale,
    head_size,
    states,
    token_stats,
    trainable_trunk,
)

PREFIX = "prompt_prefix"
"""Name in tokenizer_config.json."""
TOKENS_AT_ONCE = 8192
"""Read together where texts are scored."""
REPLY = "int x;"
"""Stands for any reply."""


class Policy:
    """Who answers: samples completions, scores tokens, is saved."""

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        lora_rank: int = 0,
        *,
        backend: str | Backend = "auto",
        autocast: torch.dtype | None = None,
        seed: int = 0,
    ) -> None:
        """`backend`: of generation; auto is `loop`, or `transformers` for an encoder-decoder. `autocast`: the
        type that fp32 weights are computed in. `seed`: of new adapters."""
        self.tokenizer = tokenizer
        self.lora_rank, self.autocast, self.seed = lora_rank, autocast, seed
        self.stop_ids = _stop_ids(model, tokenizer)
        # A pad token is never read back (masks come from lengths), so any known id will do.
        self.pad_id = int(
            tokenizer.pad_token_id if tokenizer.pad_token_id is not None else min(self.stop_ids)
        )
        self.start_id: int | None = None
        if model.config.is_encoder_decoder:
            self.start_id = int(model.generation_config.decoder_start_token_id)
        if backend == "auto":
            backend = "loop" if self.start_id is None else "transformers"
        self.backend = make_backend(backend) if isinstance(backend, str) else backend
        _disable_dropout(model)
        self.model = model.eval()
        self.shares_prompts = False
        self._check_head()
        self.shares_prompts = self.start_id is None and self._can_share()
        """Whether several completions can be scored behind one reading of their prompt."""
        self.adapters = Adapters(self.model, lora_rank, seed) if lora_rank else None
        self.sampler, self.sampler_adapters = self.model, self.adapters
        """What completions are sampled from: the model, or a whole copy where its weights are sharded."""

    @property
    def width(self) -> int:
        return head_size(self.model)[1]

    @property
    def device(self) -> torch.device:
        return cast(torch.device, self.model.device)

    def parameters(self) -> list[nn.Parameter]:
        """Those that are trained."""
        return self.scorer().policy_parameters()

    def scorer(
        self, critic: AnyCritic | None = None, critic_rank: int = 0, *, critic_trunk: bool = False
    ) -> Scorer:
        """The module that scores, for training. `critic_rank`: of the critic's own adapters, 0 for none;
        `critic_trunk`: the critic has a copy of the policy's trunk."""
        if critic_rank and self.adapters is None:
            raise BadInput(
                "the critic's adapters need the policy's: set model.lora_rank too, or critic.trunk = 'own'",
                field="critic.lora_rank",
            )
        if critic_rank and self.adapters is not None:
            self.adapters.add_critic(critic_rank)
        return Scorer(
            self.model,
            critic,
            self.adapters,
            critic_model=trainable_trunk(self.plain_copy()) if critic_trunk else None,
            critic_adapters=critic_rank > 0,
            autocast=self.autocast,
        )

    def checkpoint_activations(self) -> None:
        """Backward passes compute the layers' activations again: slower, in far less memory."""
        options: dict[str, Any] = {"use_reentrant": False}
        if self.adapters is not None:
            options["context_fn"] = self.adapters.recompute_contexts
        self.model.gradient_checkpointing_enable(gradient_checkpointing_kwargs=options)

    # ---- text and tokens

    @property
    def prefix(self) -> str:
        """Text before every prompt, that the policy was trained to be asked with (LeTI's word for good). It
        is kept in tokenizer_config.json, so it goes wherever the policy goes."""
        return str(self.tokenizer.init_kwargs.get(PREFIX, ""))

    @prefix.setter
    def prefix(self, text: str) -> None:
        self.tokenizer.init_kwargs[PREFIX] = text

    def encode_prompt(self, prompt: str, prefix: str | None = None) -> list[int]:
        """Behind the policy's prefix, or another one; with the tokenizer's own start token, without an end
        token; never empty."""
        ids = list(self.tokenizer((self.prefix if prefix is None else prefix) + prompt)["input_ids"])
        while ids and ids[-1] in self.stop_ids:
            ids.pop()
        return ids or [min(self.stop_ids)]

    @property
    def has_chat_template(self) -> bool:
        return bool(self.tokenizer.chat_template)

    def encode_chat(
        self, messages: Sequence[Mapping[str, str]], template_arguments: Mapping[str, Any] | None = None
    ) -> list[int]:
        """The tokens of `chat_text`."""
        return self.encode_chat_text(self.chat_text(messages, template_arguments))

    def encode_chat_text(self, text: str) -> list[int]:
        """The tokens of what `chat_text` gave: the template has written the special ones itself."""
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def chat_text(
        self,
        messages: Sequence[Mapping[str, str]],
        template_arguments: Mapping[str, Any] | None = None,
        *,
        prefix: str | None = None,
    ) -> str:
        """A conversation (`role`, `content`) up to where the reply begins, by the tokenizer's own template.
        The policy's prefix, or another one, begins the last message. Raises BadInput where there is no
        template, or it refuses the conversation or the arguments."""
        if not self.has_chat_template:
            raise BadInput("the tokenizer has no chat template: --chat off", field="chat")
        before = self.prefix if prefix is None else prefix
        asked = [*messages[:-1], {**messages[-1], "content": before + messages[-1]["content"]}]
        try:
            text = self.tokenizer.apply_chat_template(
                asked, tokenize=False, add_generation_prompt=True, **(template_arguments or {})
            )
        except (TemplateError, TypeError, ValueError) as refused:
            raise BadInput(
                f"the chat template refuses the conversation: {refused}", field="chat"
            ) from refused
        return str(text)

    def encode_completion(self, completion: str, end_id: int | None = None) -> list[int]:
        """Ends with `end_id`, or the tokenizer's end token."""
        ids = list(self.tokenizer(completion, add_special_tokens=False)["input_ids"])
        return [*ids, self.tokenizer.eos_token_id if end_id is None else end_id]

    def turn_end_id(self) -> int | None:
        """The token that ends a reply in a conversation: the first of the chat template's behind one that
        ends a completion too (Gemma's is not its tokenizer's end token). None where there is no such one."""
        messages = [{"role": "user", "content": "?"}, {"role": "assistant", "content": REPLY}]
        try:
            text = str(self.tokenizer.apply_chat_template(messages, tokenize=False))
        except (TemplateError, TypeError, ValueError):
            return None
        _, found, behind = text.rpartition(REPLY)
        ids = self.tokenizer(behind, add_special_tokens=False)["input_ids"] if found else []
        return next((int(one) for one in ids if one in self.stop_ids), None)

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
        seeds = [stable_seed(seed, index) for index in range(len(prompts))]
        sampled = self.sample_tokens(
            [self.encode_prompt(prompt) for prompt in prompts], temperature, max_new_tokens, seeds
        )
        return [self.decode(completion.ids) for completion in sampled]

    def sample_tokens(
        self,
        prompts: Sequence[Tokens],
        temperature: float,
        max_new_tokens: int,
        seeds: Sequence[int],
        finished: Finished = tell_nobody,
    ) -> list[Sampled]:
        """A completion depends on its own prompt and seed alone, not on those that are sampled with it.
        `finished` is told each as it ends."""
        decoding = Decoding(temperature, max_new_tokens, self.stop_ids, self.pad_id, finished=finished)
        prepared: AbstractContextManager[None] = nullcontext()
        autocast = self.autocast is not None
        if self.backend.samples_from_model and self.sampler_adapters is not None:
            prepared = self.sampler_adapters.merged_in_place()
        elif self.backend.samples_from_model and self.autocast and self.device.type == "cuda":
            prepared, autocast = held_in(self.sampler, self.autocast), False
        with prepared, torch.autocast(self.device.type, self.autocast, enabled=autocast):
            return self.backend.generate(self.sampler, prompts, seeds, decoding)

    # ---- scoring

    def collate(self, prompts: Sequence[Tokens], completions: Sequence[Tokens]) -> TokenBatch:
        """Completions of the same prompt that stand side by side share it, where the model can."""
        return collate(
            prompts, completions, self.pad_id, self.device, start_id=self.start_id, share=self.shares_prompts
        )

    def token_stats(self, batch: TokenBatch, temperature: float = 1.0) -> TokenStats:
        """Log-probability, entropy and state of every completion token under the policy as it is."""
        return token_stats(self.model, batch, temperature)

    @torch.no_grad()
    def text_logps(self, prompts: Sequence[str], completions: Sequence[str]) -> list[float]:
        """log p(completion, then the end | prompt) of each pair, in nats, at temperature 1. Texts are encoded
        as the tokenizer chooses, so equal texts are equally likely, however they were sampled."""
        rows = [
            (self.encode_prompt(prompt), self.encode_completion(completion))
            for prompt, completion in zip(prompts, completions, strict=True)
        ]
        found = [0.0] * len(rows)
        for group in micro_batches([len(prompt) + len(text) for prompt, text in rows], TOKENS_AT_ONCE):
            batch = self.collate([rows[index][0] for index in group], [rows[index][1] for index in group])
            with torch.autocast(self.device.type, self.autocast, enabled=self.autocast is not None):
                logps_BT = self.token_stats(batch).logps_BT
            for index, value in zip(group, logps_BT.double().sum(1).tolist(), strict=True):
                found[index] = value
        return found

    # ---- saving

    def save(self, folder: Path) -> None:
        """A plain model that `AutoModelForCausalLM` (of an encoder-decoder, `AutoModelForSeq2SeqLM`) and
        `AutoTokenizer` load; adapters are merged in a copy."""
        (self.model if self.adapters is None else self.plain_copy()).save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)

    def save_trained(self, folder: Path, base: Path) -> None:
        """As `save`; with LoRA the adapters alone, which load the plain model in `base` first."""
        if self.adapters is None:
            self.save(folder)
        else:
            self.adapters.save(folder, base)
            self.tokenizer.save_pretrained(folder)

    def replica(self) -> Policy:
        """Another policy with the same weights, adapters included."""
        other = copy.copy(self)
        other.model, other.adapters = copy.deepcopy((self.model, self.adapters))
        other.sampler, other.sampler_adapters = other.model, other.adapters
        return other

    def renewed(self) -> Policy:
        """The policy with its adapters merged into its weights and new ones begun."""
        if self.adapters is None:
            return self
        return Policy(
            self.adapters.merged(),
            self.tokenizer,
            self.lora_rank,
            backend=self.backend,
            autocast=self.autocast,
            seed=self.seed,
        )

    def plain_copy(self) -> PreTrainedModel:
        """A frozen copy of the model with its adapters merged."""
        if self.adapters is None:
            return cast(PreTrainedModel, copy.deepcopy(self.model)).requires_grad_(False).eval()
        return copy.deepcopy(self.adapters).merged().requires_grad_(False).eval()

    # ---- set-up

    @torch.no_grad()
    def _check_head(self) -> None:
        """Some families scale or cap their logits after the head; their log-probabilities would be wrong."""
        batch = self.collate([[min(self.stop_ids)]], [[min(self.stop_ids)] * 2])
        own_BTV = self.model.get_output_embeddings()(states(self.model, batch) * head_scale(self.model))
        if batch.prompt_ids_BP is None:
            logits_BTV = self.model(input_ids=batch.ids_RL).logits[:, : own_BTV.shape[1]]
        else:
            logits_BTV = self.model(input_ids=batch.prompt_ids_BP, decoder_input_ids=batch.ids_RL).logits
        if not torch.allclose(own_BTV, logits_BTV, atol=1e-2, rtol=1e-2):
            kind = type(self.model).__name__
            raise BadInput(
                f"{kind} changes its logits after the output embedding: not covered", field="model"
            )

    @torch.no_grad()
    def _can_share(self) -> bool:
        """Tried out: some families take no mask or positions of one's own, or do not heed them."""
        low, high = min(self.stop_ids), max(0, min(self.stop_ids) - 1)
        prompts, completions = [[low, high, low]] * 2, [[high, high], [low, high, low]]
        found = []
        for self.shares_prompts in (False, True):
            try:
                found.append(states(self.model, self.collate(prompts, completions)))
            except (TypeError, ValueError):
                return False
        scale = found[0].abs().max()
        return torch.allclose(found[0][:, :2], found[1][:, :2], atol=float(scale) * 2e-2)


def _disable_dropout(model: PreTrainedModel) -> None:
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
        _zero_rates(module)
    _zero_rates(model.config)


def _zero_rates(holder: object) -> None:
    """Attention layers keep their rate as a number of their own."""
    for name, value in list(vars(holder).items()):
        if "dropout" in name and isinstance(value, float):
            setattr(holder, name, 0.0)


def _stop_ids(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """Every token that ends a completion: some models have several."""
    found: set[int] = set()
    configured = model.generation_config.eos_token_id if model.generation_config is not None else None
    for ids in (tokenizer.eos_token_id, configured):
        if ids is not None:
            found.update([ids] if isinstance(ids, int) else ids)
    if not found:
        raise ValueError("neither the tokenizer nor the generation config names an end token")
    return frozenset(found)
