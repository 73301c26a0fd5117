"""`rlcf merge`: a checkpoint whose policy is LoRA adapters becomes a plain model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from rlcf.errors import BadInput


@dataclass(frozen=True)
class Merge:
    """Write a checkpoint's policy as a plain model, its adapters merged.

    Example: rlcf merge runs/mine/checkpoints/step-000040 mine
    """

    checkpoint: Positional[Annotated[str, arg(metavar="CHECKPOINT")]]
    """A checkpoint's folder, or a run's: then its last one."""
    out: Positional[Annotated[str, arg(metavar="OUT")]]
    """The folder to write, which must be new."""

    def run(self) -> int:
        try:
            from rlcf.policy import load_policy
            from rlcf.training.runtime.checkpoint import checkpoint_folder, steps_saved
        except ModuleNotFoundError as missing:
            raise BadInput(
                f"models need torch and transformers ({missing}): pip install 'rlcf[train]'"
            ) from missing
        folder, out = Path(self.checkpoint), Path(self.out)
        if out.exists():
            raise BadInput("exists already", file=out, field="out")
        saved = steps_saved(folder)
        if saved:
            folder = checkpoint_folder(folder, saved[-1])
        load_policy(folder, dtype="float32", device="cpu").save(out)
        print(f"model: {out}")
        return 0
