"""The discriminator: which of two completions is the reference, and which did a model write?

    g(x, y0, y1) = tanh(s(x, y0) - s(x, y1)),   s = an MLP on the encoding of prompt and completion

antisymmetric by construction; +1 means that y0 is surely the reference (arXiv 2305.18341).
It is trained on pairs of a reference and a generated completion that both compile, with the exact
log-likelihood -log sigmoid(2 (s_ref - s_gen)), since tanh(d) = 2 sigmoid(2d) - 1. Antisymmetry makes the
loss independent of a pair's order; the order is drawn at random all the same where accuracy is measured,
so that a discriminator that always answers "the first" scores one half.

The encoder is any Hugging Face encoder, or a copy of the policy's own trunk (as the paper's, a model that
has read code before; with fresh weights it has read nothing, the paper's ablation), read with mean pooling
over the completion. Not covered: pairs where one side does not compile (the compiler judges those),
completions longer than the encoder reads (cut at its end), a language model that is asked
(`policy/llm_judge.py`).
"""

from __future__ import annotations

import copy
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from rlcf.grounding.values import Compare
from rlcf.policy import Policy
from rlcf.policy.generate import stable_seed
from rlcf.policy.score import trunk
from rlcf.training.discriminator.encoder import (
    LONGEST,
    Row,
    fresh_head,
    hub_encoder,
    policy_encoder,
    row_scores,
)
from rlcf.training.discriminator.fit import fit, shuffled_batches

BETAS = (0.9, 0.98)
WEIGHT_DECAY = 0.05


@dataclass(frozen=True, slots=True)
class Pair:
    """A reference and a completion that a model wrote for the same prompt; both compile."""

    prompt: str
    reference: str
    generated: str


class Discriminator(nn.Module):
    """Scores completions; compares them in pairs."""

    def __init__(self, encoder: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, seed: int) -> None:
        super().__init__()
        self.encoder, self.tokenizer = encoder.eval(), tokenizer
        self.head = fresh_head(int(encoder.config.hidden_size), seed)
        self.to(encoder.device)

    def scores(self, prompts: Sequence[str], completions: Sequence[str]) -> Tensor:
        """Compute s(x, y) of each pair of texts, in order."""
        rows = [self._encode(p, c) for p, c in zip(prompts, completions, strict=True)]
        return row_scores(self.encoder, self.head, rows)

    @torch.no_grad()
    def compare(self, prompts: Sequence[str], first: Sequence[str], second: Sequence[str]) -> list[float]:
        """Compute g(x, first, second) of each triple; every distinct text is scored once."""
        texts = list(dict.fromkeys([*zip(prompts, first, strict=True), *zip(prompts, second, strict=True)]))
        if not texts:
            return []
        scores_B = self.scores([prompt for prompt, _ in texts], [completion for _, completion in texts])
        score = dict(zip(texts, scores_B.double().tolist(), strict=True))
        differences = [
            score[prompt, one] - score[prompt, other]
            for prompt, one, other in zip(prompts, first, second, strict=True)
        ]
        return cast(list[float], torch.tensor(differences, dtype=torch.float64).tanh().tolist())

    def _encode(self, prompt: str, completion: str) -> Row:
        ids = list(self.tokenizer(prompt, add_special_tokens=False)["input_ids"])
        answer = list(self.tokenizer(completion, add_special_tokens=False)["input_ids"])[: LONGEST // 2]
        # The end of the prompt stands next to the answer, so it is the beginning that is cut.
        # Never empty, so that two empty texts have a score too.
        return ids[-(LONGEST - len(answer)) :] or [0], answer


def pair_loss(discriminator: Discriminator, pairs: Sequence[Pair]) -> Tensor:
    """Compute the mean of -log sigmoid(2 (s_ref - s_gen))."""
    prompts = [pair.prompt for pair in pairs]
    texts = [pair.reference for pair in pairs] + [pair.generated for pair in pairs]
    references_B, generated_B = discriminator.scores(prompts * 2, texts).chunk(2)
    return -nn.functional.logsigmoid(2 * (references_B - generated_B)).mean()


def train_discriminator(
    discriminator: Discriminator, pairs: Sequence[Pair], *, steps: int, batch: int, lr: float, seed: int
) -> list[float]:
    """Train on `steps` batches of `pairs`; the learning rate falls linearly to 0. Returns the losses."""

    def add_gradients(chosen: Sequence[Pair]) -> float:
        loss = pair_loss(discriminator, chosen)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.item()

    optimizer = torch.optim.AdamW(discriminator.parameters(), lr=lr, betas=BETAS, weight_decay=WEIGHT_DECAY)
    batches = shuffled_batches(pairs, batch, f"discriminator {seed}")
    taken = steps if pairs else 0
    return [
        *fit(discriminator, add_gradients, batches, optimizer, lambda step: 1 - step / max(1, steps), taken)
    ]


def accuracy(compare: Compare, pairs: Sequence[Pair], seed: int) -> float:
    """Measure the share of `pairs`, shown in random order, whose reference is recognised; a tie counts one
    half."""
    rng = random.Random(f"order {seed}")
    reference_first = [rng.random() < 0.5 for _ in pairs]
    texts = [(pair.reference, pair.generated) for pair in pairs]
    shown = [both if first else both[::-1] for both, first in zip(texts, reference_first, strict=True)]
    values = compare(
        [pair.prompt for pair in pairs], [first for first, _ in shown], [second for _, second in shown]
    )
    right = [
        0.5 if value == 0 else float((value > 0) == first)
        for value, first in zip(values, reference_first, strict=True)
    ]
    return sum(right) / max(1, len(right))


def discriminator_from_policy(policy: Policy, seed: int) -> Discriminator:
    """Make a discriminator on a copy of the policy's trunk (of an encoder-decoder, of its encoder)."""
    return Discriminator(policy_encoder(policy), policy.tokenizer, seed)


def random_discriminator(policy: Policy, seed: int) -> Discriminator:
    """Make a discriminator on an encoder built as the policy's trunk, with fresh weights."""
    model = policy.model
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(stable_seed("random encoder", seed))
        encoder = cast(PreTrainedModel, trunk(type(model)(copy.deepcopy(model.config))))
    return Discriminator(encoder.float().to(policy.device), policy.tokenizer, seed)


def load_encoder(model: str, seed: int, device: torch.device | str = "cpu") -> Discriminator:
    """Load the encoder in the folder `model` or on the hub, with a fresh head. Raises BadInput."""
    return Discriminator(*hub_encoder(model, device, "discriminator"), seed)
