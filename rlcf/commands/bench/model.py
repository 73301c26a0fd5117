"""Loads the model of a command, with the error that says how to install what models need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlcf.errors import BadInput

if TYPE_CHECKING:
    from rlcf.policy import Policy


def load_model(model: str) -> Policy:
    """The policy in a folder or on the hub, not to be trained. Raises BadInput where torch is not installed,
    or the model can't be loaded."""
    try:
        from rlcf.policy import load_policy
    except ModuleNotFoundError as missing:
        raise BadInput(
            f"models need torch and transformers ({missing}): pip install 'rlcf[train]'"
        ) from missing
    return load_policy(model, trained=False)
