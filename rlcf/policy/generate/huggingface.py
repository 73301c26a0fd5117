"""`transformers` and `static`: `model.generate`, with everything off that it would add.

`generate` fills whatever its caller leaves open from the checkpoint's own generation config (temperature
0.7, top-k 20 and a penalty in many instruct models), silently (huggingface/transformers#42762). For the
call the model's config is therefore this one. Tokens are drawn by a logits processor from each row's own
numbers, and `generate` takes the likeliest of its one-hot scores: the same seeds give the same tokens as
`loop`. Positions and masks of the decoder are `generate`'s own.

Works for encoder-decoder models too: a prompt is then the encoder's text, and the completion begins after
the decoder's start token. `static` keeps the cache at a fixed size and pads rows and prompts to few sizes,
so that CUDA compiles the step once a size; on the CPU nothing is compiled.

Not covered: a model used by two threads at once (its generation config is replaced during the call).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from transformers import (
    GenerationConfig,
    LogitsProcessorList,
    PreTrainedModel,
    StoppingCriteria,
    StoppingCriteriaList,
)

from rlcf.policy.batch import Tokens
from rlcf.policy.generate.choose import choose, uniforms
from rlcf.policy.generate.sampled import Decoding, Sampled

ROWS = 128
"""Rows generated together."""
MULTIPLE = 64
"""Prompts of `static` are padded to a multiple of so many tokens."""


class Generate:
    """See the module; it keeps nothing between calls (what is compiled stays with the model)."""

    samples_from_model = True

    def __init__(self, static: bool = False) -> None:
        self.static = static

    def generate(
        self, model: PreTrainedModel, prompts: Sequence[Tokens], seeds: Sequence[int], decoding: Decoding
    ) -> list[Sampled]:
        """See `Backend`."""
        uniform_BT = uniforms(seeds, decoding.max_new_tokens)
        order = sorted(range(len(prompts)), key=lambda index: (len(prompts[index]), tuple(prompts[index])))
        results: dict[int, Sampled] = {}
        with own_config(model, self._config(model, decoding)) as config:
            for start in range(0, len(order), ROWS):
                chunk = order[start : start + ROWS]
                # `static`: a power of two, filled with copies of a row, which end when that row does
                size = min(ROWS, 1 << (len(chunk) - 1).bit_length()) if self.static else len(chunk)
                filled = chunk + chunk[:1] * (size - len(chunk))
                inputs = self._inputs(model, [prompts[at] for at in filled], decoding.pad_id)
                draw = Draw(uniform_BT[filled], decoding)
                end = End(filled, len(chunk), decoding, draw)
                model.generate(
                    **inputs,
                    generation_config=config,
                    logits_processor=LogitsProcessorList([draw]),
                    stopping_criteria=StoppingCriteriaList([end]),
                )
                results.update(zip(chunk, end.sampled(), strict=True))
        return [results[at] for at in range(len(prompts))]

    def sync(self, policy_model: PreTrainedModel) -> None:
        """Nothing: the model is the policy's own."""

    def _config(self, model: PreTrainedModel, decoding: Decoding) -> GenerationConfig:
        return plain_config(
            model,
            decoding,
            cache_implementation="static" if self.static else None,
            disable_compile=not (self.static and model.device.type == "cuda"),
        )

    def _inputs(self, model: PreTrainedModel, prompts: Sequence[Tokens], pad_id: int) -> dict[str, Tensor]:
        """Left-padded for a causal model (all rows write into the same column), else right-padded."""
        multiple = MULTIPLE if self.static else 1
        longest = -(-max(map(len, prompts)) // multiple) * multiple
        ids, mask = [], []
        for prompt in prompts:
            pads = longest - len(prompt)
            if model.config.is_encoder_decoder:
                ids.append([*prompt, *[pad_id] * pads])
                mask.append([1] * len(prompt) + [0] * pads)
            else:
                ids.append([*[pad_id] * pads, *prompt])
                mask.append([0] * pads + [1] * len(prompt))
        return {
            "input_ids": torch.tensor(ids, device=model.device),
            "attention_mask": torch.tensor(mask, device=model.device),
        }


class Draw:
    """A logits processor that draws each row's next token and leaves `generate` no choice."""

    def __init__(self, uniform_BT: Tensor, decoding: Decoding) -> None:
        self.uniform_TB = uniform_BT.T
        self.decoding = decoding
        self.ids: list[Tensor] = []
        self.logps: list[Tensor] = []

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        del input_ids
        self.uniform_TB = self.uniform_TB.to(scores.device)
        uniform_B = self.uniform_TB[len(self.ids)]
        token_B, logp_B = choose(scores, self.decoding.temperature, uniform_B, self.decoding.top_p)
        self.ids.append(token_B)
        self.logps.append(logp_B)
        return torch.full_like(scores, -torch.inf).scatter(1, token_B[:, None], 0.0)

    def written(self, row: int) -> tuple[list[int], list[float]]:
        """Tokens and log-probabilities of a row, what was drawn after its end included."""
        ids_T = torch.stack([ids_B[row] for ids_B in self.ids])
        return ids_T.tolist(), torch.stack([logps_B[row] for logps_B in self.logps]).tolist()


class End(StoppingCriteria):  # type: ignore[misc]
    """A stopping criterion that ends each row at its stop token or where `Decoding.ends` says so.

    `generate` takes nothing but a subclass of its own."""

    def __init__(self, numbers: Sequence[int], real: int, decoding: Decoding, draw: Draw) -> None:
        """`numbers`: of the prompts in the batch, of which those behind the first `real` fill it up."""
        self.numbers, self.real, self.decoding, self.draw = numbers, real, decoding, draw
        self.lengths: list[int | None] = [None] * real

    def __call__(self, input_ids: Tensor, scores: Tensor, **_: Any) -> Tensor:
        del scores
        written = len(self.draw.ids)
        ends, last = self.decoding.ends, written == self.decoding.max_new_tokens
        for row, token in enumerate(self.draw.ids[-1].tolist()[: self.real]):
            if self.lengths[row] is None:
                told = ends is not None and ends(self.numbers[row], token)
                if told or token in self.decoding.stop_ids:
                    self.lengths[row] = written
                if self.lengths[row] is not None or last:
                    self.decoding.finished(self.numbers[row], self._sampled(row))
        done = [length is not None for length in self.lengths]
        done += [all(done)] * (len(self.numbers) - self.real)
        return torch.tensor(done, device=input_ids.device)

    def sampled(self) -> list[Sampled]:
        """Each row up to its end."""
        return [self._sampled(row) for row in range(self.real)]

    def _sampled(self, row: int) -> Sampled:
        length = self.lengths[row]
        ids, logps = self.draw.written(row)
        return Sampled(ids[:length], length is not None, logps[:length])


def plain_config(model: PreTrainedModel, decoding: Decoding, **more: Any) -> GenerationConfig:
    """Length, stop tokens and what an encoder-decoder starts with; the rest is left to the library's own
    values, which are neutral without `do_sample`."""
    start = getattr(model.generation_config, "decoder_start_token_id", None)
    if start is None:
        start = getattr(model.config, "decoder_start_token_id", None)
    return GenerationConfig(
        max_new_tokens=decoding.max_new_tokens,
        eos_token_id=sorted(decoding.stop_ids),
        pad_token_id=decoding.pad_id,
        decoder_start_token_id=start,
        use_cache=True,
        **more,
    )


@contextmanager
def own_config(model: PreTrainedModel, config: GenerationConfig) -> Iterator[GenerationConfig]:
    """Makes `config` the model's own for a while: what it leaves open is then filled from itself."""
    kept = model.generation_config
    model.generation_config = config
    try:
        yield config
    finally:
        model.generation_config = kept
