"""LEVER's verifier (arXiv 2302.08468): does this program do what is asked, going by what it returned?

    p_V(yes | x, y, execution(y)) = sigmoid(s),   s = an MLP on the encoding of `verifier_text`

It learns from programs that were sampled and judged, and from references that pass. The loss is the mean over
problems of the mean over a problem's programs, at most 100 distinct ones, so that no problem outweighs
another (docs/methods.md#lever). The paper's verifier is a T5 that answers with a word; here it is any
encoder, or the policy's own trunk, with a number. Not covered: weights for the rarer answer; several
processes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from rlcf.errors import BadInput
from rlcf.evaluation.rerank import Candidate, verifier_text
from rlcf.grounding.signal import Answer
from rlcf.policy import Policy
from rlcf.progress import progress
from rlcf.training.discriminator.encoder import (
    LONGEST,
    Row,
    encoder_of,
    fresh_head,
    group_scores,
    hub_encoder,
    policy_encoder,
    row_groups,
    row_scores,
)
from rlcf.training.discriminator.fit import fit, shuffled_batches

WEIGHT_DECAY, WARM_UP = 0.1, 100
"""LEVER's (docs/methods.md#lever); of few steps a tenth is warm-up."""
PROGRAMS = 100
"""Distinct programs of a problem, at most."""
PROBLEMS_A_STEP = 4
SHARES = (LONGEST // 4, LONGEST * 3 // 8, LONGEST * 3 // 8)
"""Tokens of description (its end), program and execution (their beginnings) that are read, at most."""
WEIGHTS = "verifier.pt"

Problems = Sequence[Sequence[Answer]]
"""Judged answers, those of each problem together."""


class Verifier(nn.Module):
    """Estimates how likely programs are to be right."""

    def __init__(self, encoder: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, seed: int) -> None:
        super().__init__()
        self.encoder, self.tokenizer = encoder.eval(), tokenizer
        self.head = fresh_head(int(encoder.config.hidden_size), seed)
        self.to(encoder.device)

    @torch.no_grad()
    def log_yes(self, answers: Sequence[Answer]) -> list[float]:
        """Compute log p_V(yes | x, y, execution(y)) of each answer, in nats."""
        if not answers:
            return []
        scores_B = row_scores(self.encoder, self.head, [self.row(answer) for answer in answers])
        return [float(value) for value in nn.functional.logsigmoid(scores_B.double())]

    def row(self, answer: Answer) -> Row:
        """Encode an answer as tokens; program and execution are pooled."""
        description, program, result = (
            list(self.tokenizer(text, add_special_tokens=False)["input_ids"])
            for text in verifier_text(answer)
        )
        return description[-SHARES[0] :], [*program[: SHARES[1]], *result[: SHARES[2]]]


def examples(answers: Iterable[Answer]) -> list[list[Answer]]:
    """Select what a verifier learns from: the first 100 distinct programs of each problem, without judge
    errors."""
    by_problem: dict[str, dict[str, Answer]] = {}
    for answer in answers:
        if answer.verdict.passed is not None:
            by_problem.setdefault(answer.problem.task_id, {}).setdefault(answer.completion, answer)
    return [list(programs.values())[:PROGRAMS] for programs in by_problem.values()]


def train_verifier(
    verifier: Verifier, problems: Problems, *, steps: int, lr: float, seed: int
) -> list[float]:
    """Train on `steps` batches of PROBLEMS_A_STEP problems; the learning rate rises, then falls linearly to
    0. Returns the losses."""
    warm_up = max(1, min(WARM_UP, steps // 10))

    def lr_factor(step: int) -> float:
        return min((step + 1) / warm_up, (steps - step) / max(1, steps - warm_up))

    optimizer = torch.optim.AdamW(verifier.parameters(), lr=lr, weight_decay=WEIGHT_DECAY)
    batches = shuffled_batches(problems, PROBLEMS_A_STEP, f"verifier {seed}")
    losses = []
    with progress("training the verifier", total=steps) as advance:
        for loss in fit(verifier, partial(add_gradients, verifier), batches, optimizer, lr_factor, steps):
            losses.append(loss)
            advance(1, loss=loss)
    return losses


def add_gradients(verifier: Verifier, problems: Problems) -> float:
    """Add the gradients of the loss over `problems`, none of them empty, group after group; returns it."""
    answers = [answer for programs in problems for answer in programs]
    shares = [1 / (len(problems) * len(programs)) for programs in problems for _ in programs]
    rows = [verifier.row(answer) for answer in answers]
    total = 0.0
    for group in row_groups(rows):
        scores_B = group_scores(verifier.encoder, verifier.head, [rows[index] for index in group])
        labels_B = torch.tensor([float(bool(answers[i].verdict.passed)) for i in group]).to(scores_B)
        shares_B = torch.tensor([shares[index] for index in group]).to(scores_B)
        loss: Tensor = nn.functional.binary_cross_entropy_with_logits(
            scores_B, labels_B, shares_B, reduction="sum"
        )
        loss.backward()  # type: ignore[no-untyped-call]
        total += loss.item()
    return total


def accuracy(verifier: Verifier, problems: Problems) -> float:
    """Measure the share of the programs of `problems` that the verifier is right about; a tie counts one
    half."""
    answers = [answer for programs in problems for answer in programs]
    scores = row_scores(verifier.encoder, verifier.head, [verifier.row(answer) for answer in answers])
    right = [
        0.5 if score == 0 else float((score > 0) == answer.verdict.passed)
        for score, answer in zip(scores.tolist(), answers, strict=True)
    ]
    return sum(right) / len(right)


def candidates(
    policy: Policy, verifier: Verifier, answers: Sequence[Answer], n: int
) -> list[list[Candidate]]:
    """Score judged answers, `n` in a row for each problem, with the policy and the verifier."""
    logps = policy.text_logps([answer.problem.prompt for answer in answers], [a.completion for a in answers])
    every = [
        Candidate(answer, log_lm, log_yes)
        for answer, log_lm, log_yes in zip(answers, logps, verifier.log_yes(answers), strict=True)
    ]
    return [every[start : start + n] for start in range(0, len(every), n)]


def policy_verifier(policy: Policy, seed: int) -> Verifier:
    """Make an untrained verifier on a copy of the policy's trunk (of an encoder-decoder, its encoder)."""
    return Verifier(policy_encoder(policy), policy.tokenizer, seed)


def encoder_verifier(model: str, seed: int, device: torch.device | str) -> Verifier:
    """Make an untrained verifier on the encoder in the folder `model` or on the hub. Raises BadInput."""
    return Verifier(*hub_encoder(model, device, "encoder"), seed)


def save_verifier(verifier: Verifier, folder: Path) -> None:
    """Write the encoder's configuration, the tokenizer, and the weights of encoder and head in one file, as
    an encoder out of an encoder-decoder has no folder of its own kind."""
    verifier.encoder.config.save_pretrained(folder)
    verifier.tokenizer.save_pretrained(folder)
    torch.save(verifier.state_dict(), folder / WEIGHTS)


def load_verifier(folder: Path, device: torch.device | str = "cpu") -> Verifier:
    """Load what `save_verifier` wrote. Raises BadInput if the folder holds none."""
    if not (folder / WEIGHTS).is_file():
        raise BadInput("holds no verifier: `rlcf verifier` trains one", file=folder, field="verifier")
    encoder = encoder_of(AutoModel.from_config(AutoConfig.from_pretrained(folder), dtype=torch.float32))
    verifier = Verifier(encoder, AutoTokenizer.from_pretrained(folder), seed=0)
    verifier.load_state_dict(torch.load(folder / WEIGHTS, map_location="cpu", weights_only=True))
    return verifier.to(device)
