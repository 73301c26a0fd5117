"""A frozen language model is asked which of two programs is the reference.

    l(a, b)       log-odds of the answer "A" against "B", where program A is a and program B is b
    d(a, b)     = (l(a, b) - l(b, a)) / 2
    g(x, a, b)  = tanh(d(a, b) / 2) = 2 sigmoid(d(a, b)) - 1 = p(a is the reference) - p(b is the reference)

Any l is the sum of (l(a, b) - l(b, a)) / 2, which turns its sign with the order, and of
(l(a, b) + l(b, a)) / 2, which does not: that is what the model answers whatever stands where, its position
bias (arXiv 2305.17926). d is the first alone, so the bias is gone to the last bit; a mean of the two
probabilities would still be pulled towards one half by it. g is antisymmetric and 0 on equal programs, and
has the scale of the trained discriminator's tanh, which also is a difference of probabilities.

The question goes through the tokenizer's chat template where it has one, and what the template puts before
an answer (a space, empty thoughts) is what the answer is read behind. Programs are tokenized apart from it,
so that no program ends the question with a special token, and are cut in their middle where the question
would be too long. The model's output embedding is cut down to the two answers, in fp32: bf16's eight bits
are too few for a difference of logits.

Not covered: a model that reasons before it answers; programs that talk to the judge ("A is the reference"),
against which it has no defence but that it does not learn; differences in the part that was cut out; models
that do not read from left to right.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import torch
from jinja2 import TemplateError
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from rlcf.errors import BadInput
from rlcf.policy.batch import Tokens, micro_batches
from rlcf.policy.load import computed_in, load_model

SLOTS = TASK, FIRST, SECOND, ANSWER = "\ue000", "\ue001", "\ue002", "\ue003"
"""Where the texts go: characters that stand in no template."""
QUESTION = f"""Below are the beginning of a Java program and two ways to complete it. One of them is the \
reference, written by a person; the other was written by a model.

Beginning:
```java
{TASK}
```

Program A:
```java
{FIRST}
```

Program B:
```java
{SECOND}
```

Which program is the reference? Answer with A or B."""
PLAIN = f"{QUESTION}\n\nAnswer: {ANSWER}"
CUT = "\n/* ... */\n"
"""Stands where the middle of a text was."""

LONGEST = 4096
"""Tokens of a question, at most; fewer where the model has fewer positions."""
LEAST_ROOM = 96
"""Tokens that must be left for task and programs: a third holds CUT and more in any tokenizer."""
TOKENS_AT_ONCE = 8192


class PairwiseLLMJudge:
    """Compares completions in pairs; `compare` is a grounding's `Compare`."""

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
        """Takes the model over: nothing but the two answers can be read from it afterwards. Raises BadInput
        where the question can't be put, or the answers can't be told apart."""
        self.tokenizer = tokenizer
        self.parts, answers = _question(tokenizer)
        """Tokens before the task, before A, before B and behind it."""
        positions = getattr(model.config.get_text_config(), "max_position_embeddings", None)
        longest = min(LONGEST, positions or LONGEST)
        self.room = longest - sum(map(len, self.parts))
        """Tokens of task and programs together, at most."""
        if self.room < LEAST_ROOM:
            raise BadInput(
                f"reads {longest} tokens, which leaves {self.room} for the programs", field="discriminator"
            )
        self.mark = self._text(CUT)
        model.set_output_embeddings(TwoAnswers(model.get_output_embeddings(), answers))
        self.model = model.requires_grad_(False).eval()

    def compare(self, prompts: Sequence[str], first: Sequence[str], second: Sequence[str]) -> list[float]:
        """g(x, first, second) of each triple, in (-1, 1). Every distinct pair is asked once in each order, in
        batches that do not depend on the order of the pairs or on which of a pair comes first."""
        triples = [
            (prompt, min(one, other), max(one, other))
            for prompt, one, other in zip(prompts, first, second, strict=True)
        ]
        asked = sorted({triple for triple in triples if triple[1] != triple[2]})
        rows = [row for triple in asked for row in self.questions(*triple)]
        odds = iter(self.log_odds(rows))
        value = {
            triple: math.tanh((forth - back) / 4)
            for triple, forth, back in zip(asked, odds, odds, strict=True)
        }
        return [
            0.0 if low == high else value[prompt, low, high] * (1 if one == low else -1)
            for (prompt, low, high), one in zip(triples, first, strict=True)
        ]

    def questions(self, task: str, one: str, other: str) -> tuple[list[int], list[int]]:
        """The tokens of the question in both orders, A is `one` and A is `other`, cut alike."""
        texts = [self._text(text) for text in (task, one, other)]
        longest = _longest([len(ids) for ids in texts], self.room)
        x, a, b = (self._cut(ids, longest) for ids in texts)
        head, before_a, before_b, tail = self.parts
        return (
            [*head, *x, *before_a, *a, *before_b, *b, *tail],
            [*head, *x, *before_a, *b, *before_b, *a, *tail],
        )

    @torch.no_grad()
    def log_odds(self, rows: Sequence[Tokens]) -> list[float]:
        """Of "A" against "B", behind each row."""
        odds = [0.0] * len(rows)
        for group in micro_batches([len(row) for row in rows], TOKENS_AT_ONCE):
            some = [rows[index] for index in group]
            longest = max(map(len, some))
            # Padded on the right, where a causal model looks from no real token; so it needs no mask.
            ids_BL = torch.tensor([[*row, *[0] * (longest - len(row))] for row in some])
            ends_B = torch.tensor([len(row) - 1 for row in some])
            logits_BL2 = self.model(input_ids=ids_BL.to(self.model.device), use_cache=False).logits
            logits_B2 = logits_BL2[torch.arange(len(some)), ends_B].double()
            for index, found in zip(group, (logits_B2[:, 0] - logits_B2[:, 1]).tolist(), strict=True):
                odds[index] = found
        return odds

    def _text(self, text: str) -> list[int]:
        """Without special tokens, even where the text spells one."""
        return list(self.tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"])

    def _cut(self, ids: list[int], longest: int) -> list[int]:
        if len(ids) <= longest:
            return ids
        kept = longest - len(self.mark)
        return [*ids[: kept - kept // 2], *self.mark, *ids[len(ids) - kept // 2 :]]


class TwoAnswers(nn.Module):
    """An output embedding of two tokens, in fp32."""

    weight_2D: Tensor
    bias_2: Tensor | None

    def __init__(self, whole: nn.Module, answers: tuple[int, int]) -> None:
        super().__init__()
        bias, rows = getattr(whole, "bias", None), list(answers)
        self.register_buffer("weight_2D", whole.get_parameter("weight").detach()[rows].float())
        self.register_buffer("bias_2", None if bias is None else bias.detach()[rows].float())

    def forward(self, states_BLD: Tensor) -> Tensor:
        return nn.functional.linear(states_BLD.float(), self.weight_2D, self.bias_2)


def load_llm_judge(model: str, device: torch.device | str, dtype: str = "auto") -> PairwiseLLMJudge:
    """The causal model in the folder `model` or on the hub. `dtype`: `float32`, `bfloat16` or `auto`
    (bfloat16 on a GPU). Raises BadInput where there is none, or where it can't be asked."""
    kept = computed_in(dtype, torch.device(device)) or torch.float32
    loaded, tokenizer = load_model(model, kept, field="discriminator")
    if loaded.config.is_encoder_decoder:
        raise BadInput("an encoder-decoder can't be asked: name a causal model", field="discriminator")
    return PairwiseLLMJudge(loaded.to(device), tokenizer)


def _question(tokenizer: PreTrainedTokenizerBase) -> tuple[list[list[int]], tuple[int, int]]:
    """The tokens around task, A and B, and those of the answers."""
    text = PLAIN
    if tokenizer.chat_template:
        said = [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": ANSWER}]
        try:
            text = str(tokenizer.apply_chat_template(said, tokenize=False))
        except (TemplateError, ValueError) as error:
            raise BadInput(f"its chat template fails: {error}", field="discriminator") from error
    if re.findall(f"[{''.join(SLOTS)}]", text) != list(SLOTS):
        raise BadInput("its chat template does not repeat what it is given", field="discriminator")
    head, before_a, before_b, tail, _ = re.split(f"[{''.join(SLOTS)}]", text)
    # A chat template writes the start token itself.
    start = list(tokenizer(head, add_special_tokens=not tokenizer.chat_template)["input_ids"])
    while start and start[-1] == tokenizer.eos_token_id and not tokenizer.chat_template:
        start.pop()
    middle = [_fixed(tokenizer, part) for part in (before_a, before_b)]
    (*tail_a, a), (*tail_b, b) = (_fixed(tokenizer, tail + letter) for letter in "AB")
    if tail_a != tail_b or a == b or tokenizer.unk_token_id in (a, b):
        raise BadInput(
            'its tokenizer has no token each for the answers "A" and "B": name another model',
            field="discriminator",
        )
    return [start, *middle, tail_a], (a, b)


def _fixed(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def _longest(lengths: Sequence[int], room: int) -> int:
    """The largest length that texts can be cut to so that together they fit; short ones leave their share."""
    for left, length in zip(range(len(lengths), 0, -1), sorted(lengths), strict=True):
        if length > room // left:
            return room // left
        room -= length
    return max(lengths)
