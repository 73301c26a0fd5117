"""Scores of a completion behind its prompt, in three ways; a discriminator compares by one of them.

| module | s(x, y) | weights |
| --- | --- | --- |
| `EncoderScore` | an MLP on the mean of an encoder's states over y | an encoder, a head |
| `WordScore` | half the log-odds of "yes" against "no" behind x, y and a question | a causal language model |
| `LikelihoodScore` | the policy's mean log-probability of a token of y and its end | none of its own |

A difference of scores is d in g = tanh(d); the halves make 2s the log-odds that a classifier has. Texts are
cut to the LONGEST tokens of an encoder, the prompt at its beginning and the completion at its end. Not
covered: conversations, which no score reads as one; several GPUs for one model.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from rlcf.errors import BadInput
from rlcf.policy import Policy
from rlcf.policy.batch import Tokens, micro_batches
from rlcf.policy.score import head_scale, trunk
from rlcf.training.discriminator.encoder import LONGEST, TOKENS_AT_ONCE, Row, fresh_head, row_scores

QUESTION, WORDS = "\n// right? ", ("yes", "no")
"""What is asked behind a program, and the answers."""


class EncoderScore(nn.Module):
    """An encoder with a head."""

    def __init__(self, encoder: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, seed: int) -> None:
        """`seed`: of the head's weights."""
        super().__init__()
        self.encoder, self.tokenizer = encoder.eval(), tokenizer
        self.head = fresh_head(int(encoder.config.hidden_size), seed)
        self.to(encoder.device)

    def forward(self, prompts: Sequence[str], completions: Sequence[str]) -> Tensor:
        """Score each pair of texts, `[B]` in order."""
        return row_scores(self.encoder, self.head, encode(self.tokenizer, prompts, completions))


class WordScore(nn.Module):
    """A causal language model that answers with a word."""

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
        """Raises BadInput where the tokenizer can't tell the answers apart."""
        super().__init__()
        self.model, self.tokenizer = model.eval(), tokenizer
        self.question, self.words = answer_tokens(tokenizer)

    def forward(self, prompts: Sequence[str], completions: Sequence[str]) -> Tensor:
        """Score each pair of texts, `[B]` in order."""
        encoded = encode(self.tokenizer, prompts, completions)
        rows = [[*read, *answer, *self.question][-LONGEST:] for read, answer in encoded]
        groups = micro_batches([len(row) for row in rows], TOKENS_AT_ONCE)
        scores = torch.cat([self._group([rows[index] for index in group]) for group in groups])
        order = torch.tensor([index for group in groups for index in group], device=scores.device)
        return torch.zeros_like(scores).scatter(0, order, scores)

    def _group(self, rows: Sequence[Tokens]) -> Tensor:
        longest, device = max(map(len, rows)), self.model.device
        # Padded on the right, where a causal model looks from no real token; so it needs no mask.
        ids_BL = torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows], device=device)
        ends_B = torch.tensor([len(row) - 1 for row in rows], device=device)
        states_BLD = trunk(self.model)(input_ids=ids_BL, use_cache=False).last_hidden_state
        last_BD = states_BLD[torch.arange(len(rows), device=device), ends_B].float() * head_scale(self.model)
        head = self.model.get_output_embeddings()
        weight_2D = head.get_parameter("weight")[list(self.words)].float()
        logits_B2 = nn.functional.linear(last_BD, weight_2D)
        return (logits_B2[:, 0] - logits_B2[:, 1]) / 2


class LikelihoodScore(nn.Module):
    """The policy as it was when this was made."""

    def __init__(self, policy: Policy) -> None:
        super().__init__()
        # In a list, no module of this one: a checkpoint has these weights already.
        self._policy = [policy.replica()]

    def forward(self, prompts: Sequence[str], completions: Sequence[str]) -> Tensor:
        """Score each pair of texts, `[B]` in order, in nats a token."""
        policy = self._policy[0]
        lengths = [len(policy.encode_completion(completion)) for completion in completions]
        sums = policy.text_logps(prompts, completions)
        return torch.tensor(sums, dtype=torch.float64) / torch.tensor(lengths)


def encode(
    tokenizer: PreTrainedTokenizerBase, prompts: Sequence[str], completions: Sequence[str]
) -> list[Row]:
    """Encode what is read and what is pooled of each pair of texts, at most LONGEST tokens together."""
    # Each text once: a batch repeats its prompts.
    found = {
        text: list(tokenizer(text, add_special_tokens=False)["input_ids"])
        for text in {*prompts, *completions}
    }
    rows: list[Row] = []
    for prompt, completion in zip(prompts, completions, strict=True):
        answer = found[completion][: LONGEST // 2]
        # The end of the prompt stands next to the answer, so it is the beginning that is cut.
        # Never empty, so that two empty texts have a score too.
        rows.append((found[prompt][-(LONGEST - len(answer)) :] or [0], answer))
    return rows


def answer_tokens(tokenizer: PreTrainedTokenizerBase) -> tuple[list[int], tuple[int, int]]:
    """Encode the question, with what both answers begin with, and find the first token that each has of its
    own. Raises BadInput."""
    yes, no = (list(tokenizer(QUESTION + word, add_special_tokens=False)["input_ids"]) for word in WORDS)
    same = 0
    while same < min(len(yes), len(no)) and yes[same] == no[same]:
        same += 1
    if same == min(len(yes), len(no)) or tokenizer.unk_token_id in (yes[same], no[same]):
        raise BadInput(
            f"its tokenizer has no token each for {' and '.join(WORDS)}: name another model",
            field="discriminator.model",
        )
    return yes[:same], (yes[same], no[same])
