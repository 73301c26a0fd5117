"""CodeRL's critic of four classes: what it learns, and how its probabilities weigh tokens.

arXiv 2207.01780 (docs/methods.md#coderl). The critic tells how a program ends
(`rlcf.grounding.values.CLASSES`) from logits at every token, pooled by their largest over the tokens. It
learns by cross-entropy. A token's share of the advantage is q_t, the probability that the logits *at this
token* give to the class that came true.

Pure functions of tensors. Shape suffixes: B rollouts, T completion tokens, C the four classes. `classes_B`
holds indices of classes, UNKNOWN where the judge failed. The paper trains its critic before the policy, on
some 20 samples a problem of the frozen first policy; here it learns beside the policy on each step's
rollouts, so that it knows the programs that the policy writes now.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from rlcf.grounding.values import CLASSES

UNKNOWN = -1
PASSED = CLASSES.index("passed")


def class_indices(classes: Sequence[int | None]) -> Tensor:
    """Make a tensor `[B]` of what `outcome_class` says, UNKNOWN for None."""
    return torch.tensor([UNKNOWN if index is None else index for index in classes], dtype=torch.long)


def token_weights(logits_BTC: Tensor, classes_B: Tensor) -> Tensor:
    """Compute q_BT, the probability that each token's logits give to the class that came true; meaningless
    where that is unknown."""
    index_BT1 = classes_B.clamp(min=0)[:, None, None].expand(-1, logits_BTC.shape[1], 1)
    return logits_BTC.softmax(-1).gather(2, index_BT1).squeeze(2)


def pooled(logits_BTC: Tensor, mask_BT: Tensor) -> Tensor:
    """Pool logits to `[B, C]`: the largest of each class over real tokens, at least one a row."""
    # amax, not max: where several are the largest, as all are at first, each has its share of the gradient.
    return logits_BTC.masked_fill(~mask_BT[..., None], -torch.inf).amax(1)


def class_loss(logits_BTC: Tensor, mask_BT: Tensor, classes_B: Tensor, rows: int) -> Tensor:
    """Cross-entropy of the pooled logits: a sum over the rows whose class is known, divided by `rows`, the
    number of them in the whole minibatch."""
    logits_BC = pooled(logits_BTC, mask_BT)
    return F.cross_entropy(logits_BC, classes_B, ignore_index=UNKNOWN, reduction="sum") / rows


def class_accuracy(logits_BTC: Tensor, mask_BT: Tensor, classes_B: Tensor) -> float:
    """Measure the share of the rows with a known class that the pooled logits tell; there must be one."""
    known_B = classes_B != UNKNOWN
    right_B = pooled(logits_BTC, mask_BT).argmax(1) == classes_B
    return float(right_B[known_B].float().mean())
