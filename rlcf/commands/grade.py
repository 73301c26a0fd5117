"""`rlcf grade`: judges completions that somebody has already generated."""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Literal

from tyro.conf import Positional, arg

from rlcf.commands.rates import parse_ks, show
from rlcf.errors import BadInput
from rlcf.evaluation.grade import grade
from rlcf.evaluation.metrics import check_k
from rlcf.evaluation.samples import read_samples
from rlcf.problems import load_problems

if TYPE_CHECKING:
    from javabox import Judge


@dataclass(frozen=True)
class Grade:
    """Judge completions: compile, exec and pass rates, and a verdict for each.

    Example: rlcf grade samples.jsonl --problems mbjp --k 1,10
    """

    samples: Positional[Annotated[str, arg(metavar="SAMPLES")]]
    """JSONL with `task_id` and `completion` a line; .gz too, or - for standard input."""
    problems: Annotated[str, arg(metavar="P")]
    """mbjp, mathqa, humaneval-java, or the path of a file in the mxeval format."""
    out: Annotated[str | None, arg(metavar="R")] = None
    """Where the verdicts go, JSONL; by default beside SAMPLES as NAME_results.jsonl."""
    engine: Literal["auto", "local", "docker"] = "auto"
    """Where programs run; auto is docker where an engine answers, else local."""
    lane: Literal["auto", "warm", "strict"] = "auto"
    """How programs run: strict is a fresh JVM for each; auto lets those that a scan of their class files
    admits share warm JVMs and checks one in a hundred in a fresh one; warm does so without checking."""
    determinism: bool = True
    """Clocks and random numbers are the same in every run."""
    compat: Literal["none", "mxeval"] = "none"
    """mxeval: prompt, completion and test program are one file, as in mxeval's grader, for numbers that
    compare with published ones; leaving early is still no pass."""
    cache: Annotated[str | None, arg(metavar="FILE")] = None
    """Keep verdicts in this SQLite file, and reuse those that it has."""
    workers: Annotated[int, arg(metavar="N")] = 0
    """Programs judged at a time; 0 is one a core."""
    k: Annotated[str, arg(metavar="K,…")] = "1"
    """The k of comp@k, exec@k and pass@k, with commas between."""
    json: bool = False
    """Print one JSON object and nothing else."""

    def run(self) -> int:
        ks = parse_ks(self.k)
        check_workers(self.workers)
        problems = load_problems(self.problems)
        samples = read_samples(self.samples, problems, self.problems)
        untested = [s.problem.task_id for s in samples if not s.problem.test.strip()]
        if self.compat == "mxeval" and untested:
            raise BadInput(
                f"{untested[0]} has no test program, only cases: leave --compat out", field="compat"
            )
        check_k(ks, Counter(sample.problem.task_id for sample in samples).items())
        out = self._results_path()
        check_folder(out)
        check_folder(Path(self.cache) if self.cache else None, "cache")
        with self._judge() as judge, open_results(out) as stream:
            try:
                evaluation = grade(samples, judge, ks, stream, compat=self.compat == "mxeval")
            except KeyboardInterrupt:
                if out:
                    print(f"rlcf: the results so far are in {out}", file=sys.stderr)
                raise
            show(evaluation, judge, as_json=self.json, more={"results": str(out) if out else None})
        if out and not self.json:
            print(f"results: {out}")
        return 0

    def _judge(self) -> Judge:
        from javabox import CacheUnusable, Judge

        try:
            return Judge(
                engine=self.engine,
                workers=self.workers or None,
                lane=self.lane,
                determinism=self.determinism,
                cache=Path(self.cache) if self.cache else None,
            )
        except CacheUnusable as error:
            raise BadInput(str(error), field="cache") from error

    def _results_path(self) -> Path | None:
        """Raises BadInput where the results would land on the samples."""
        if self.samples == "-":
            return Path(self.out) if self.out else None
        source = Path(self.samples)
        stem = source.name.removesuffix(".gz").removesuffix(".jsonl")
        out = Path(self.out) if self.out else source.with_name(f"{stem}_results.jsonl")
        if out.exists() and out.samefile(source):
            raise BadInput("the results would overwrite the samples", field="out")
        return out


def check_workers(workers: int) -> None:
    if workers < 0:
        raise BadInput(f"must not be negative, is {workers}", field="workers")


def check_folder(out: Path | None, field: str = "out") -> None:
    """Before anything is started: nothing goes into a folder that does not exist. Raises BadInput."""
    if out is not None and not out.parent.is_dir():
        raise BadInput(f"can't be written: there is no folder {out.parent}", file=out, field=field)


def open_results(out: Path | None) -> contextlib.AbstractContextManager[BinaryIO | None]:
    """The file for results, emptied; called once there is something to write. Raises BadInput."""
    if out is None:
        return contextlib.nullcontext()
    try:
        return out.open("wb")
    except OSError as error:
        raise BadInput(f"can't be written ({error.strerror})", file=out, field="out") from error
