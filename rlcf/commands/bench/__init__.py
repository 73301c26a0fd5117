"""`rlcf bench`: generates completions with a model, judges them, prints the rates."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from tyro.conf import Positional, arg

from rlcf.commands.bench.answering import Answering
from rlcf.commands.bench.model import load_model
from rlcf.commands.bench.options import Drawing, Prompted, Repairing, Served
from rlcf.commands.bench.tables import (
    comparison_lines,
    failure_lines,
    problem_lines,
    turn_lines,
)
from rlcf.commands.grade import check_folder
from rlcf.commands.options import FLAT, Judging, Limiting
from rlcf.commands.rates import choice_lines, choices_json, parse_ks, show
from rlcf.environment.repairs import benchmark_in_turns, turns_json
from rlcf.environment.setting import Setting
from rlcf.errors import BadInput
from rlcf.evaluation.compare import compare, read_tallies
from rlcf.evaluation.critic_sampling import EXAMPLES
from rlcf.evaluation.extraction import Extraction
from rlcf.evaluation.failures import Failures
from rlcf.evaluation.generation import Ask, Completion, Journal, open_journal
from rlcf.evaluation.grade import results_line
from rlcf.evaluation.metrics import Estimate
from rlcf.evaluation.provenance import terms
from rlcf.evaluation.rerank import choice_rates, lever
from rlcf.evaluation.samples import Sample
from rlcf.grounding.signal import Answer
from rlcf.model_name import check_model_name, fingerprint
from rlcf.problems import Problem, load_problems

if TYPE_CHECKING:
    from javabox import AnyJudge, Job, Verdict

__all__ = ["Bench", "load_model"]

log = logging.getLogger("rlcf")


@dataclass(frozen=True)
class Bench:
    """Measure a model: generate, judge, print comp@k, exec@k and pass@k.

    A run that ended early goes on where it was: give the same command with its --out.

    Example: rlcf bench runs/quickstart/checkpoints/step-000100 --problems mbjp --n 20 --k 1,10

    Example: rlcf bench --endpoint http://localhost:8000/v1 --model NAME --problems mbjp --out results.jsonl

    Example: rlcf bench my-model --problems mbjp --n 5 --turns 2 --shows compiler

    Example: rlcf bench --compare a.jsonl b.jsonl
    """

    local: Positional[Annotated[str | None, arg(metavar="[MODEL]")]] = None
    """A checkpoint's folder, or a model on the Hugging Face hub."""
    problems: Annotated[str | None, arg(metavar="P")] = None
    """mbjp, mathqa, humaneval-java, humaneval-x, multipl-e, or a file of problems in the format of one."""
    split: Annotated[str, arg(metavar="SPLIT")] = "test"
    """The problems that are asked: train, validation or test; sft and rl where train is divided."""
    drawing: Annotated[Drawing, FLAT] = field(default_factory=Drawing)
    prompted: Annotated[Prompted, FLAT] = field(default_factory=Prompted)
    served: Annotated[Served, FLAT] = field(default_factory=Served)
    repairing: Annotated[Repairing, FLAT] = field(default_factory=Repairing)
    k: Annotated[str, arg(metavar="K,…")] = "1,10"
    """The k of comp@k, exec@k and pass@k, with commas between; n in the place of one above n."""
    refine: Annotated[int, arg(metavar="M")] = 0
    """Refine the answers with the first test of each problem and the critic of a coderl checkpoint, going on
    from M failed answers where none passes it (CodeRL's critic sampling); 0 does not."""
    extract: Literal["auto", "none"] = "auto"
    """auto: of a chat reply or a whole class the program that it means is judged (docs/grade.md); what merely
    continues its prompt is left as it is. none: prompt and completion, whatever they hold."""
    out: Annotated[str | None, arg(metavar="R")] = None
    """Write every completion with its verdict here, JSONL, as `rlcf grade` does, as soon as it is judged; a
    run that was ended goes on from this file and the journal beside it."""
    rerank: Literal["none", "lever"] = "none"
    """lever: of each problem's completions choose one by its likelihood, what it returned and a verifier."""
    verifier: Annotated[str | None, arg(metavar="DIR")] = None
    """The verifier's folder, which `rlcf verifier` wrote."""
    compare: Annotated[tuple[str, str] | None, arg(metavar="A B")] = None
    """Ask nothing; compare two results files by problem, with a paired test."""
    expected_values: bool = True
    """The results say of a failed case what was expected; without, nothing in them tells the tests'
    answers."""
    per_problem: bool = False
    """Print a row a problem too."""
    judging: Annotated[Judging, FLAT] = field(default_factory=Judging)
    limiting: Annotated[Limiting, FLAT] = field(default_factory=Limiting)
    json: bool = False
    """Print one JSON object and nothing else."""

    def run(self) -> int:
        ks = parse_ks(self.k)
        if self.compare is not None:
            return self._compare(*self.compare, ks)
        ks = self._check(ks)
        problems = self.limiting.limited(load_problems(self.problems or "", self.split))
        prompting = self.prompted.prompting(self.problems or "", problems)
        setting = self.repairing.setting(prompting, self.extract, expected_values=self.expected_values)
        answering = Answering(
            self.local, self.drawing, self.prompted, self.served, prompting, self.refine, self.verifier
        )
        out = Path(self.out) if self.out else None
        with self._journal(out, problems, prompting) as journal:
            self._check_resumed(journal, len(problems))
            if self.verifier is not None:
                answering.load_verifier()  # before anything is asked
            try:
                with self.judging.judge() as judge:
                    self._run(problems, answering, judge, ks, setting, journal)
            except KeyboardInterrupt:
                if out:
                    log.warning("what is done is in %s: the same command goes on", out)
                raise
        if out and not self.json:
            print(f"results: {out}")
        return 0

    def _run(
        self,
        problems: Sequence[Problem],
        answering: Answering,
        judge: AnyJudge,
        ks: Sequence[int],
        setting: Setting,
        journal: Journal | None,
    ) -> None:
        judged_by = judge.provenance()

        def line(ask: Ask, completion: Completion, found: Extraction, job: Job, verdict: Verdict) -> bytes:
            row = {**ask.to_json(), **completion.to_json()}
            if setting.turns > 1:
                row |= {"turn": ask.turn, "turns": [dict(one.row) for one in ask.exchanges]}
            sample = Sample(ask.problem, completion.text, row)
            line_by = {**judged_by, **terms([job])}
            return results_line(sample, found, verdict, line_by, expected_values=self.expected_values)

        writer = answering.writer(problems, judge)
        n = self.drawing.n
        found = benchmark_in_turns(problems, n, writer, judge, setting, ks=ks, line=line, journal=journal)
        evaluation, answers = found.evaluations[-1], found.answers
        failures = Failures.of(answer.verdict for answer in answers)
        more = answering.told() | {"results": self.out, "failures": failures.to_json()}
        resumed = len({key[:2] for key in journal.judged}) if journal else 0
        more |= {"per_problem": evaluation.counts(), "resumed": resumed}
        rates: Mapping[str, Estimate] = {}
        fields: Sequence[Mapping[str, Any]] = ()
        if self.verifier is not None:
            rates, fields = _chosen(answering, answers, n)
            more |= {"verifier": self.verifier, "rerank": choices_json(rates)}
        if self.refine:
            more |= {"refine": self.refine, "note": EXAMPLES}
        turns: list[str] = []
        if setting.turns > 1:
            turns = [*turn_lines(found.evaluations, found.asked), self.repairing.note()]
            more |= {"turns": turns_json(found.evaluations, found.asked), "note": turns[-1]}
        if journal:
            journal.finish(found.asks, fields)
        show(evaluation, judge, as_json=self.json, more=more)
        if not self.json:
            lines = [f"{resumed} of the samples were judged by a run before"] if resumed else []
            lines += ["", *turns, ""] if turns else []
            lines += failure_lines(failures)
            lines += ["", *problem_lines(evaluation.tallies)] if self.per_problem else []
            lines += ["", *choice_lines(rates, n)] if rates else []
            lines += [EXAMPLES] if self.refine else []
            print("\n".join(lines), end="\n" if lines else "")

    def _check(self, ks: Sequence[int]) -> list[int]:
        """The k that n allows. Raises BadInput, before anything is loaded."""
        self.served.check()
        if (self.local is None) == (self.served.endpoint is None):
            raise BadInput("give MODEL, a folder or a name on the hub, or --endpoint URL: one of the two")
        if self.local is not None:
            check_model_name(self.local)
        if self.problems is None:
            raise BadInput("which problems? --problems mbjp, or a file", field="problems")
        for part in (self.judging, self.limiting, self.drawing, self.prompted):
            part.check()
        self._check_choosing()
        check_folder(Path(self.out) if self.out else None)
        clipped = sorted({min(k, self.drawing.n) for k in ks})
        if clipped != list(ks):
            told = ", ".join(map(str, clipped))
            log.warning("k is at most n: of --k %s with --n %d it is %s", self.k, self.drawing.n, told)
        return clipped

    def _check_choosing(self) -> None:
        """Raises BadInput where refining or reranking can't be done."""
        if self.refine < 0:
            raise BadInput(f"must not be negative, is {self.refine}", field="refine")
        if self.rerank == "none" and self.verifier is not None:
            raise BadInput("is only read with --rerank lever", field="verifier")
        if self.rerank == "lever" and self.verifier is None:
            raise BadInput("--rerank lever needs one: `rlcf verifier` trains it", field="verifier")
        if self.rerank == "lever" and self.drawing.n < 2:
            raise BadInput(f"to choose among programs takes 2 at least, is {self.drawing.n}", field="n")
        name = "refine" if self.refine else "rerank"
        if self.refine or self.rerank == "lever":
            if self.served.endpoint is not None:
                raise BadInput("needs the model itself, not an endpoint", field=name)
            if self.prompted.chat == "on" or self.prompted.shots or self.prompted.system is not None:
                raise BadInput("goes on from plain prompts: no --chat on, --system or --shots", field=name)
        if self.repairing.turns > 1 and (self.refine or self.rerank == "lever"):
            raise BadInput(f"several turns and --{name} don't go together", field="turns")
        if self.refine and (self.prompted.stop or self.drawing.top_p < 1):
            raise BadInput("takes no --stop and no --top-p", field="refine")

    def _journal(
        self, out: Path | None, problems: Sequence[Problem], prompting: Any
    ) -> contextlib.AbstractContextManager[Journal | None]:
        """What an earlier run with these settings left, if there is a file."""
        if out is None:
            return contextlib.nullcontext()
        asked = hashlib.sha256()
        for one in problems:
            texts = (json.dumps(prompting.messages(one)), prompting.text(one), one.suffix, repr(one.suite))
            asked.update(
                "\x1f".join((one.task_id, *texts, *one.stop_tokens)).encode("utf-8", "surrogatepass")
            )
        settings = {
            "model": self.local or self.served.model,
            "weights": fingerprint(self.local or ""),
            "endpoint": self.served.endpoint,
            "api": self.served.api if self.served.endpoint else None,
            "problems": self.problems,
            "asked": asked.hexdigest()[:16],
            "split": self.split,
            "n": self.drawing.n,
            "temperature": self.drawing.temperature,
            "top_p": self.drawing.top_p,
            "max_new_tokens": self.drawing.max_new_tokens,
            "seed": self.drawing.seed,
            "chat": self.prompted.chat,
            "system": self.prompted.system,
            "template_args": self.prompted.arguments(),
            "shots": [one.task_id for one in prompting.examples],
            "stop": list(self.prompted.stop),
            "refine": self.refine,
            "rerank": self.rerank,
            "verifier": self.verifier,
            "time_limit": self.limiting.time_limit,
            "memory_limit": self.limiting.memory_limit,
            "expected_values": self.expected_values,
            "extract": self.extract,
            "classpath": self.judging.classpath,
            **self.repairing.settings(),
        }
        return open_journal(out, settings)

    def _check_resumed(self, journal: Journal | None, problems: int) -> None:
        """Raises BadInput where what a journal holds can't be gone on from."""
        if journal is None or not (journal.judged or journal.waiting):
            return
        whole = len(journal.judged) == problems * self.drawing.n
        if self.refine and not whole:
            raise BadInput("a refined run can't go on: name another file", file=self.out, field="out")
        if self.rerank == "lever" and not self.expected_values:
            raise BadInput("lever reads values that are not in it: name another", file=self.out, field="out")

    def _compare(self, first: str, second: str, ks: Sequence[int]) -> int:
        if self.local is not None or self.served.endpoint is not None:
            raise BadInput("asks no model: leave out MODEL and --endpoint", field="compare")
        tallies = read_tallies(first), read_tallies(second)
        least = min(tally.n for found in tallies for tally in found.values())
        found = compare(*tallies, sorted({min(k, max(1, least)) for k in ks}))
        if self.json:
            print(json.dumps({"a": first, "b": second, **found.to_json()}))
        else:
            print(f"A: {first}\nB: {second}\n" + "\n".join(comparison_lines(found)))
        return 0


def _chosen(
    answering: Answering, answers: Sequence[Answer], n: int
) -> tuple[dict[str, Estimate], list[Mapping[str, Any]]]:
    """How often each way to choose is right, and fields for the results: what the answers' scores are made
    of, and whether LEVER chose them."""
    from rlcf.training.verifier import candidates

    problems = candidates(answering.policy(), answering.load_verifier(), answers, n)
    fields: list[Mapping[str, Any]] = []
    for programs in problems:
        chosen = lever(programs)
        fields += [
            {"log_lm": one.log_lm, "log_yes": one.log_yes, "chosen": index == chosen}
            for index, one in enumerate(programs)
        ]
    return choice_rates(problems), fields
