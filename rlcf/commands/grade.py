"""`rlcf grade`: judges completions that somebody has already generated."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Literal

from tyro.conf import Positional, arg

from rlcf.commands.options import FLAT, Judging, Limiting
from rlcf.commands.rates import few, parse_ks, show
from rlcf.errors import BadInput
from rlcf.evaluation.grade import grade, merge
from rlcf.evaluation.grade.shards import Shard, all_of
from rlcf.evaluation.grade.written import Written, repair
from rlcf.evaluation.metrics import check_k
from rlcf.evaluation.samples import Samples
from rlcf.evaluation.summary import Evaluation
from rlcf.problems import Problem, load_problems

if TYPE_CHECKING:
    from javabox import AnyJudge

log = logging.getLogger("rlcf")


@dataclass(frozen=True)
class Grade:
    """Judge completions: compile, exec and pass rates, and a verdict for each.

    failed: a test said so; what the tests throw is theirs, what the program throws is a runtime_error: the
    topmost frame that is not the JDK's decides. untested: it ran to the end and nothing was tested, no pass.
    judge_error and suite_error (broken tests) say nothing about the program, and no rate counts them.

    Example: rlcf grade samples.jsonl --problems mbjp --k 1,10
    """

    samples: Positional[Annotated[str, arg(metavar="SAMPLES")]]
    """JSONL with `task_id` and `completion` a line; .gz too, or - for standard input. Or in the form of
    EvalPlus, CodeGeeX, bigcode (generations.json), MultiPL-E (a folder), chat or OpenAI messages, lists."""
    problems: Annotated[str, arg(metavar="P")]
    """mbjp, mathqa, humaneval-java, humaneval-x, multipl-e, or a file of problems in the format of one."""
    out: Annotated[str | None, arg(metavar="R")] = None
    """Where the verdicts go, JSONL; by default beside SAMPLES as NAME_results.jsonl."""
    missing: Literal["skip", "fail"] = "skip"
    """Where there are no samples of some of the problems: skip leaves these out of the rates and says so;
    fail refuses."""
    judging: Annotated[Judging, FLAT] = field(default_factory=Judging)
    limiting: Annotated[Limiting, FLAT] = field(default_factory=Limiting)
    lane: Literal["auto", "warm", "strict"] = "auto"
    """How programs run: strict is a fresh JVM for each; auto lets those that a scan of their class files
    admits share warm JVMs and checks one in a hundred in a fresh one; warm does so without checking."""
    determinism: bool = True
    """Clocks and random numbers are the same in every run."""
    compat: Literal["none", "mxeval"] = "none"
    """mxeval: prompt, completion and test program are one file, as in mxeval's grader, for numbers that
    compare with published ones; leaving early is still no pass."""
    extract: Literal["auto", "none"] = "auto"
    """auto: of a chat reply or a whole class the program that it means is judged (docs/grade.md); what merely
    continues its prompt is left as it is. none: prompt and completion, whatever they hold."""
    cache: Annotated[str | None, arg(metavar="FILE")] = None
    """Keep verdicts in this SQLite file, and reuse those that it has."""
    k: Annotated[str, arg(metavar="K,…")] = "1"
    """The k of comp@k, exec@k and pass@k, with commas between."""
    expected_values: bool = True
    """The results say of a failed case what was expected; without, nothing in them tells the tests'
    answers."""
    json: bool = False
    """Print one JSON object and nothing else."""
    html: Annotated[str | None, arg(metavar="PAGE")] = None
    """Also write an HTML page of all samples, to be searched, filtered and compared (docs/report.md)."""
    against: Annotated[str | None, arg(metavar="R2")] = None
    """On the page of --html stand these results too: what an earlier grading of other samples has written."""

    resume: bool = False
    """Go on where an earlier grading of these samples into R was ended, by whatever: nothing is judged
    twice. Refused where R holds other samples' results, or another judge's."""
    shard: Annotated[str | None, arg(metavar="I/N")] = None
    """Grade every N-th sample from the I-th on, such as 3/16, into R with `.3-of-16` in its name."""
    merge: Annotated[int, arg(metavar="N")] = 0
    """Judge nothing: join the results of N shards into R, in the order of SAMPLES, with the rates of all."""

    def run(self) -> int:
        ks = parse_ks(self.k)
        self.judging.check()
        self.limiting.check()
        shard = self._shard()
        problems = self.limiting.limited(load_problems(self.problems))
        samples = Samples(self.samples, problems, self.problems)
        if samples.lasting:
            samples.check()
            self._check_counts(samples, ks)
        if self.compat == "mxeval":
            refuse_others(one for one in problems if one.task_id in samples.counts or not samples.lasting)
        results = self._results_path()
        out = shard.path(results) if results else None
        check_folder(out)
        check_folder(Path(self.cache) if self.cache else None, "cache")
        self._check_page(results)
        if self.merge:
            return self._merge(samples, ks, out)
        with self._judge() as judge, open_results(out, resume=self.resume) as stream:
            self._warn(samples)
            try:
                evaluation = grade(
                    shard.of(samples),
                    judge,
                    ks,
                    stream,
                    compat=self.compat == "mxeval",
                    expected_values=self.expected_values,
                    extraction=self.extract,
                    total=shard.size(samples.counts.total()) if samples.lasting else None,
                    written=Written(out) if out and self.resume else None,
                )
            except KeyboardInterrupt:
                if out:
                    print(f"rlcf: the results so far are in {out}: --resume goes on", file=sys.stderr)
                raise
            if not samples.lasting:
                self._check_counts(samples, ks)
                self._warn(samples)
            self._show(evaluation, samples, judge, out)
        return 0

    def _merge(self, samples: Samples, ks: Sequence[int], out: Path | None) -> int:
        """Joins shards. Raises BadInput."""
        parts = all_of(self.merge)
        if not samples.lasting or out is None:
            raise BadInput("needs the samples as a file, whose order the results have", field="merge")
        shards = [Written(part.path(out)) for part in parts]
        for part, shard in zip(parts, shards, strict=True):
            if not shard.file.exists() and part.size(samples.counts.total()):
                raise BadInput(f"is not there: grade it with --shard {part}", file=shard.file)
        with open_results(out) as stream:
            self._warn(samples)
            evaluation = merge(samples, shards, ks, stream, total=samples.counts.total())
        self._show(evaluation, samples, None, out)
        return 0

    def _show(
        self, evaluation: Evaluation, samples: Samples, judge: AnyJudge | None, out: Path | None
    ) -> None:
        evaluation = replace(evaluation, missing=() if self.shard else samples.unanswered())
        more: dict[str, object] = {"results": str(out) if out else None}
        more |= {"shard": self.shard} if self.shard else {}
        show(evaluation, judge, as_json=self.json, more=more)
        if self.html and out:
            from rlcf.report.graded import write_graded

            others = [Path(self.against)] if self.against else []
            write_graded(Path(self.html), [out, *others], samples.problems)
        if self.json:
            return
        if self.html:
            print(f"page: {self.html}")
        if evaluation.resumed and judge is not None:
            print(f"{evaluation.resumed} of the samples were judged before")
        if self.shard:
            print(f"shard {self.shard}: these rates are of its samples alone; --merge joins the shards")
        if out:
            print(f"results: {out}")

    def _check_page(self, results: Path | None) -> None:
        """Raises BadInput where there will be no page."""
        if self.against and not self.html:
            raise BadInput("goes with --html, on whose page the results stand", field="against")
        if self.html and results is None:
            raise BadInput("needs the results as a file: name it with --out", field="html")
        if self.html and self.shard:
            raise BadInput("goes without --shard; --merge writes the page of all", field="html")
        check_folder(Path(self.html) if self.html else None, "html")
        if self.against and not Path(self.against).is_file():
            raise BadInput("no such results", file=self.against, field="against")

    def _shard(self) -> Shard:
        """Raises BadInput, also where options don't go together."""
        if self.merge and (self.shard or self.resume):
            raise BadInput("goes without --shard and --resume: it joins what they left", field="merge")
        if self.resume and self.samples == "-" and not self.out:
            raise BadInput("needs the results of before: name them with --out", field="resume")
        return Shard.parse(self.shard) if self.shard else Shard()

    def _check_counts(self, samples: Samples, ks: Sequence[int]) -> None:
        """Raises BadInput where a problem has fewer samples than k, or none and may not."""
        missing, total = samples.unanswered(), len(samples.problems)
        if missing and self.missing == "fail":
            raise BadInput(
                f"no samples of {few(missing)} of {total}; --missing skip grades what is there",
                file=samples.name,
                field="missing",
            )
        check_k(ks, samples.counts.items())

    def _warn(self, samples: Samples) -> None:
        """Says which problems have no samples, once that is known."""
        missing = samples.unanswered()
        if missing and samples.counts:
            log.warning(
                "no samples of %s of %d: the rates are over the others", few(missing), len(samples.problems)
            )

    def _judge(self) -> AnyJudge:
        from javabox import CacheUnusable

        try:
            return self.judging.judge(
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
        stem = source.name.removesuffix(".gz").removesuffix(".jsonl").removesuffix(".json")
        out = Path(self.out) if self.out else source.with_name(f"{stem}_results.jsonl")
        if out.exists() and source.exists() and out.samefile(source):
            raise BadInput("the results would overwrite the samples", field="out")
        return out


def refuse_others(problems: Iterable[Problem]) -> None:
    """Raises BadInput where mxeval's grader has nothing to join to a program."""
    for problem in problems:
        test = problem.test.strip()
        if not test or test.startswith("}"):  # as MultiPL-E's
            why = "tests that are no class" if test else "no test program, only cases"
            raise BadInput(f"{problem.task_id} has {why}: leave --compat out", field="compat")


def check_folder(out: Path | None, field: str = "out") -> None:
    """Before anything is started: nothing goes into a folder that does not exist. Raises BadInput."""
    if out is not None and not out.parent.is_dir():
        raise BadInput(f"can't be written: there is no folder {out.parent}", file=out, field=field)


def open_results(
    out: Path | None, *, resume: bool = False
) -> contextlib.AbstractContextManager[BinaryIO | None]:
    """The file for results, called once there is something to write: emptied, or to be gone on with behind
    its last whole line. Raises BadInput."""
    if out is None:
        return contextlib.nullcontext()
    if resume and out.exists():
        repair(out)
    try:
        return out.open("ab" if resume else "wb")
    except OSError as error:
        raise BadInput(f"can't be written ({error.strerror})", file=out, field="out") from error
