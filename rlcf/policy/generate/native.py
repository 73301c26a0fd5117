"""`loop`: an own decoding loop for causal models, in which rows come and go. The default.

So many rows are decoded together as the device does well. A row that ends is handed out at once, and when
some have ended, waiting prompts take their places, so that the batch stays full. When none waits any more,
the rows that are left move together. Each distinct prompt among those that begin together is run once. The
step itself, and how a row finds its place in a cache of fixed size, is in `steps.py`.

What a row draws depends on its prompt, its seed and the weights alone (`choose.py`). On a GPU tokens, ends
and random numbers stay on the device; the host looks every few steps, and steps are a CUDA graph
(`graphs.py`).

Not covered: encoder-decoder models (use `transformers`).

Shape suffixes: B prompts, R rows that are decoded, S rows that begin, T tokens of a completion, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from transformers import PretrainedConfig, PreTrainedModel

from rlcf.errors import BadInput
from rlcf.policy.batch import Tokens
from rlcf.policy.generate.choose import choose, uniforms
from rlcf.policy.generate.sampled import Decoding, Finished, Sampled
from rlcf.policy.generate.steps import Steps, attends_to_all, make_steps

ROWS_CPU = 128
"""Rows decoded together: fewer pay the fixed cost of a step more often, more leave the processor's cache."""
ROWS_GPU = 512
CACHE_BYTES_CPU = 1 << 30
"""Of keys and values at most; a large model then decodes fewer rows."""
CACHE_SHARE_GPU = 0.4
"""Of the free memory."""
CHECK_EVERY_GPU = 4
"""Steps between looks at what has ended: each look waits for the device."""
MOVE = 0.15
"""Places change hands, or rows move together, when so large a share of them has ended: both copy a part of
the cache."""
LENGTHS = 16
"""Lengths of caches are multiples of it."""
PROMPT_TOKENS = 16_384
"""Of prompts that are read in one forward pass."""


class Loop:
    """See the module; it keeps nothing between calls."""

    samples_from_model = True

    @torch.inference_mode()
    def generate(
        self, model: PreTrainedModel, prompts: Sequence[Tokens], seeds: Sequence[int], decoding: Decoding
    ) -> list[Sampled]:
        """See `Backend`. Raises BadInput for an encoder-decoder model."""
        if model.config.is_encoder_decoder:
            raise BadInput(
                "`loop` decodes causal models alone; take `transformers` for an encoder-decoder model",
                field="backend",
            )
        if not prompts:
            return []
        # The longest first: a shorter prompt always fits behind the first columns.
        order = sorted(
            range(len(prompts)), key=lambda index: (-len(prompts[index]), tuple(prompts[index]), index)
        )
        length = -(-(len(prompts[order[0]]) + decoding.max_new_tokens) // LENGTHS) * LENGTHS
        rows = min(len(order), rows_at_once(model.config, model.dtype, model.device, length))
        results: dict[int, Sampled] = {}

        def note(number: int, sampled: Sampled) -> None:
            results[number] = sampled
            decoding.finished(number, sampled)

        # Where no row can begin later, one batch after the other.
        batch = len(order) if attends_to_all(model, length) else rows
        uniform_BT = uniforms(seeds, decoding.max_new_tokens).to(model.device)
        for start in range(0, len(order), batch):
            own = order[start : start + batch]
            steps = make_steps(model, min(rows, len(own)), length, decoding.pad_id)
            Decoder(steps, prompts, own, uniform_BT, decoding, note, rows).run()
        return [results[at] for at in range(len(prompts))]

    def sync(self, policy_model: PreTrainedModel) -> None:
        """Nothing: the model is the policy's own."""


def rows_at_once(
    config: PretrainedConfig, dtype: torch.dtype, device: torch.device, length: int, free: int | None = None
) -> int:
    """How many rows of `length` tokens are decoded together; `free`: bytes, where not what the device has."""
    row = cache_bytes(config, dtype) * length
    if device.type != "cuda":
        return max(1, min(ROWS_CPU, CACHE_BYTES_CPU // row))
    free = torch.cuda.mem_get_info(device)[0] if free is None else free
    return max(1, min(ROWS_GPU, int(CACHE_SHARE_GPU * free) // row))


def cache_bytes(config: PretrainedConfig, dtype: torch.dtype) -> int:
    """Keys and values of one token in all layers."""
    text = config.get_text_config(decoder=True)
    heads = getattr(text, "num_key_value_heads", None) or text.num_attention_heads
    width = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    return int(2 * text.num_hidden_layers * heads * width * dtype.itemsize)


class Decoder:
    """Decodes prompts in the order in which they wait."""

    def __init__(
        self,
        steps: Steps,
        prompts: Sequence[Tokens],
        waiting: Sequence[int],
        uniform_BT: Tensor,
        decoding: Decoding,
        finished: Finished,
        rows: int,
    ) -> None:
        """`waiting`: numbers of the prompts, and of their rows in `uniform_BT`."""
        self.steps, self.prompts, self.waiting = steps, prompts, list(waiting)
        self.decoding, self.finished, self.uniform_BT = decoding, finished, uniform_BT
        device, rows = uniform_BT.device, min(rows, len(waiting))
        # Rows that have ended go on until somebody looks; what they write goes behind the last prompt's.
        self.nowhere = len(uniform_BT)
        shape = (self.nowhere + 1, decoding.max_new_tokens)
        self.ids_BT = torch.zeros(shape, dtype=torch.long, device=device)
        self.logps_BT = torch.zeros(shape, dtype=torch.float32, device=device)
        self.stop_N = torch.tensor(sorted(decoding.stop_ids), device=device)
        self.number_R: list[int | None] = [None] * rows
        """Which prompt each row completes; None: it is free."""
        self.told_R = [0] * rows
        """Of how many tokens `Decoding.ends` was told."""
        # The same on the device, with the last token, its place in the row, and how many were written.
        self.row_R, self.token_R, self.position_R, self.written_R = (
            torch.zeros(rows, dtype=torch.long, device=device) for _ in range(4)
        )
        self.ended_R = torch.ones(rows, dtype=torch.bool, device=device)

    def run(self) -> None:
        """Decodes all."""
        every = CHECK_EVERY_GPU if self.uniform_BT.is_cuda and self.decoding.ends is None else 1
        step: Callable[[], None] | None = None
        while True:
            self._hand_out()
            while self._begin():
                self._hand_out()
            alive = [slot for slot, number in enumerate(self.number_R) if number is not None]
            if not alive:
                return
            if self._move_together(alive) or step is None:
                step = self._stepper()
            for _ in range(every):
                step()

    def _stepper(self) -> Callable[[], None]:
        if not self.uniform_BT.is_cuda or not self.steps.refills:
            return self.step
        from rlcf.policy.generate.graphs import graphed  # of use on CUDA alone

        return graphed(self)

    def step(self) -> None:
        """Writes each row's next token; nothing waits for the device."""
        logits_RV = self.steps.step(self.token_R, self.position_R)
        self.position_R += ~self.ended_R
        self._choose(slice(None), logits_RV)

    def _choose(self, at: slice | Tensor, logits_SV: Tensor) -> None:
        """Draws the next token of the rows `at` and notes it."""
        decoding, row_S, written_S = self.decoding, self.row_R[at], self.written_R[at]
        alive_S = ~self.ended_R[at]
        column_S = written_S.clamp(max=decoding.max_new_tokens - 1)
        uniform_S = self.uniform_BT[row_S, column_S]
        token_S, logp_S = choose(logits_SV, decoding.temperature, uniform_S, decoding.top_p)
        place_S = torch.where(alive_S, row_S, self.nowhere)
        self.ids_BT[place_S, column_S] = token_S
        self.logps_BT[place_S, column_S] = logp_S
        written_S = written_S + alive_S
        ends_S = torch.isin(token_S, self.stop_N) | (written_S >= decoding.max_new_tokens)
        self.token_R[at], self.written_R[at], self.ended_R[at] = token_S, written_S, ~alive_S | ends_S

    def _hand_out(self) -> None:
        """Tells of each row that has ended since the last look, and frees its place."""
        ended_R, written_R = self.ended_R.tolist(), self.written_R.tolist()
        told = self._tell(ended_R, written_R) if self.decoding.ends is not None else set()
        slots = [slot for slot, number in enumerate(self.number_R) if number is not None and ended_R[slot]]
        numbers = [number for slot in slots if (number := self.number_R[slot]) is not None]
        if not numbers:
            return
        ids, logps = self.ids_BT[numbers].tolist(), self.logps_BT[numbers].tolist()
        for slot, number, row_ids, row_logps in zip(slots, numbers, ids, logps, strict=True):
            self.number_R[slot] = None
            own = row_ids[: written_R[slot]]
            stopped = own[-1] in self.decoding.stop_ids or slot in told
            self.finished(number, Sampled(own, stopped, row_logps[: len(own)]))

    def _tell(self, ended_R: list[bool], written_R: list[int]) -> set[int]:
        """Tells `Decoding.ends` of new tokens; returns the rows that it ends, which are noted as ended."""
        ends, told = self.decoding.ends, set()
        assert ends is not None
        tokens = self.token_R.tolist()
        for slot, number in enumerate(self.number_R):
            if number is not None and written_R[slot] > self.told_R[slot]:
                self.told_R[slot] = written_R[slot]
                if ends(number, tokens[slot]):
                    told.add(slot)
                    ended_R[slot] = True
        if told:
            self.ended_R[sorted(told)] = True
        return told

    def _begin(self) -> bool:
        """Gives free places to waiting prompts, once there are enough, and draws their first tokens."""
        free = [slot for slot, number in enumerate(self.number_R) if number is None]
        rows = len(self.number_R)
        if not self.waiting or not free or (len(free) < MOVE * rows and len(self.waiting) >= len(free)):
            return False
        count = min(len(free), len(self.waiting), self._prompts_at_once())
        numbers, self.waiting = self.waiting[:count], self.waiting[count:]
        slots_S = torch.tensor(free[:count], device=self.row_R.device)
        own = [self.prompts[number] for number in numbers]
        logits_SV = self.steps.place(own, slots_S)
        self.row_R[slots_S] = torch.tensor(numbers, device=slots_S.device)
        self.position_R[slots_S] = torch.tensor([len(prompt) for prompt in own], device=slots_S.device)
        self.written_R[slots_S], self.ended_R[slots_S] = 0, False
        for slot, number in zip(free, numbers, strict=False):
            self.number_R[slot], self.told_R[slot] = number, 0
        self._choose(slots_S, logits_SV)
        return True

    def _prompts_at_once(self) -> int:
        """How many of those that wait are read in one forward pass."""
        if not self.steps.refills:
            return len(self.waiting)
        return max(1, PROMPT_TOKENS // len(self.prompts[self.waiting[0]]))

    def _move_together(self, alive: list[int]) -> bool:
        """Gives up places that nobody waits for: on a GPU half of them at a time, as each number of rows is a
        graph of its own."""
        rows = len(self.number_R)
        target = len(alive)
        if self.uniform_BT.is_cuda:
            target = rows
            while target % 2 == 0 and target // 2 >= len(alive):
                target //= 2
        if self.waiting or target > (1 - MOVE) * rows:
            return False
        others = [slot for slot in range(rows) if self.number_R[slot] is None]
        kept = alive + others[: target - len(alive)]
        kept_R = torch.tensor(kept, device=self.row_R.device)
        self.steps.select(kept_R)
        self.number_R = [self.number_R[slot] for slot in kept]
        self.told_R = [self.told_R[slot] for slot in kept]
        self.row_R, self.token_R, self.position_R = (
            state_R[kept_R] for state_R in (self.row_R, self.token_R, self.position_R)
        )
        self.written_R, self.ended_R = self.written_R[kept_R], self.ended_R[kept_R]
        return True
