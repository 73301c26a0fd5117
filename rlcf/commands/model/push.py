"""`rlcf push`: a run's model with its card, to the Hugging Face hub or into a folder."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from rlcf.errors import BadInput

_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?")


@dataclass(frozen=True)
class Push:
    """Publish a run's model on the Hugging Face hub, with a card: what made it, what was measured.

    Uploaded are the weights of the checkpoint that was evaluated, the tokenizer, the card, recipe.toml and
    evaluation.jsonl, as they are. Look at them first with --dry-run, which writes the folder and uploads
    nothing. The hub's own login is used (`hf auth login` or HF_TOKEN).

    Example: rlcf push runs/quickstart me/tiny-java --dry-run
    """

    run_dir: Positional[Annotated[str, arg(metavar="RUN")]]
    """The run's folder."""
    name: Positional[Annotated[str, arg(metavar="NAME")]]
    """The repository, owner/name; it is made, private, where it is not there."""
    dry_run: bool = False
    """Write the folder that would be uploaded, and end; no network is used."""
    out: Annotated[str | None, arg(metavar="FOLDER")] = None
    """Where --dry-run writes it, a new folder; by default RUN/hub."""
    step: int | None = None
    """The checkpoint's step; by default the one that was evaluated after training."""
    public: bool = False
    """Make a new repository public."""
    license: Annotated[str | None, arg(metavar="ID")] = None
    """Of the model, as the hub writes it, such as apache-2.0; none is stated otherwise."""
    data_license: Annotated[str | None, arg(metavar="TEXT")] = None
    """Of training problems from a file of your own."""
    base_model: Annotated[str | None, arg(metavar="ID")] = None
    """The base model's id on the hub, where the recipe names a folder or another run."""

    def run(self) -> int:
        try:
            import huggingface_hub  # noqa: F401

            import rlcf.training.runtime.checkpoint  # noqa: F401
            from rlcf.hub import Published, upload, write_model_folder
        except ModuleNotFoundError as missing:
            raise BadInput(
                f"models need torch and huggingface_hub ({missing}): pip install 'rlcf[train]'"
            ) from missing
        if not _NAME.fullmatch(self.name):
            raise BadInput(f"{self.name!r} is no name of a repository: owner/name", field="name")
        if self.out and not self.dry_run:
            raise BadInput("is where --dry-run writes", field="out")
        folder = Path(self.run_dir)
        published = Published(self.name, self.step, self.base_model, self.license, self.data_license)
        if self.dry_run:
            out = Path(self.out) if self.out else folder / "hub"
            step = write_model_folder(folder, out, published)
            print(f"step {step}, as it would be uploaded to {self.name}: {out}")
            for path in sorted(out.iterdir()):
                print(f"  {path.name:<26}{path.stat().st_size:>14,} bytes")
            return 0
        with tempfile.TemporaryDirectory() as aside:
            out = Path(aside) / "model"
            step = write_model_folder(folder, out, published)
            print(f"step {step}: {upload(out, self.name, public=self.public)}")
        return 0
