"""`rlcf data convert`: samples from one form into another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from rlcf.commands.grade import check_folder
from rlcf.errors import BadInput
from rlcf.evaluation.sample_writers import FOLDER, write_samples
from rlcf.evaluation.samples import read_samples
from rlcf.problems import load_problems


@dataclass(frozen=True)
class Convert:
    """Rewrite samples in the form that another grader reads; what they are in is told from their fields.

    Example: rlcf data convert generations.json samples.jsonl --to mxeval --problems mbjp
    """

    samples: Positional[Annotated[str, arg(metavar="IN")]]
    """A file, a folder or -, as `rlcf grade` takes it."""
    out: Positional[Annotated[str, arg(metavar="OUT")]]
    """The file to write; for multipl-e a folder, which must be empty or not there."""
    to: Literal["mxeval", "evalplus", "codegeex", "chat", "bigcode", "lists", "multipl-e"]
    """mxeval: completions, one a line. evalplus: whole programs. codegeex: generations. chat: messages.
    bigcode: one generations.json, prompts in front. lists: the same without prompts. multipl-e: a folder
    with a file a problem."""
    problems: Annotated[str, arg(metavar="P")]
    """The problems that the samples answer, as `rlcf grade` takes them."""

    def run(self) -> int:
        problems = load_problems(self.problems)
        samples = read_samples(self.samples, problems, self.problems)
        out = Path(self.out)
        if self.to == FOLDER:
            if out.exists() and (not out.is_dir() or any(out.iterdir())):
                raise BadInput("is there already; name a folder that is empty or not there", file=out)
        else:
            check_folder(out)
            if out.exists() and Path(self.samples).exists() and out.samefile(self.samples):
                raise BadInput("the new samples would overwrite the old ones", field="out")
        try:
            write_samples(samples, problems, self.to, out)
        except OSError as error:
            raise BadInput(f"can't be written ({error.strerror})", file=out, field="out") from error
        print(f"{len(samples)} samples as {self.to}: {out}")
        return 0
