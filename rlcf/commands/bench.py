"""`rlcf bench`: generates completions with a model, judges them, prints the rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from tyro.conf import Positional, arg

from rlcf.commands.grade import check_folder, open_results
from rlcf.commands.options import FLAT, Judging, Limiting
from rlcf.commands.rates import choice_lines, choices_json, parse_ks, show
from rlcf.errors import BadInput
from rlcf.evaluation.bench import Sampler, check_decoding, evaluate
from rlcf.evaluation.critic_sampling import EXAMPLES, Prefixes, critic_sampling, whole_problems
from rlcf.evaluation.extraction import extract
from rlcf.evaluation.grade import results_line
from rlcf.evaluation.metrics import Estimate, check_k
from rlcf.evaluation.provenance import terms
from rlcf.evaluation.rerank import choice_rates, lever
from rlcf.evaluation.samples import Sample
from rlcf.grounding.signal import Answer
from rlcf.problems import load_problems

if TYPE_CHECKING:
    from rlcf.policy import Policy
    from rlcf.training.verifier import Verifier


BATCH = 256
"""Completions generated together."""


@dataclass(frozen=True)
class Bench:
    """Measure a model: generate, judge, print comp@k, exec@k and pass@k.

    Example: rlcf bench runs/quickstart/checkpoints/step-000100 --problems mbjp --n 20 --k 1,10
    """

    model: Positional[Annotated[str, arg(metavar="MODEL")]]
    """A checkpoint's folder, or a model on the Hugging Face hub."""
    problems: Annotated[str, arg(metavar="P")]
    """mbjp, mathqa, humaneval-java, humaneval-x, multipl-e, or a file of problems in the format of one."""
    split: Annotated[str, arg(metavar="SPLIT")] = "test"
    """The problems that are asked: train, validation or test; sft and rl where train is divided."""
    n: int = 20
    """Completions a problem."""
    temperature: float = 0.8
    """Of sampling; 0 is greedy, with --n 1."""
    k: Annotated[str, arg(metavar="K,…")] = "1,10"
    """The k of comp@k, exec@k and pass@k, with commas between; none above n."""
    max_new_tokens: int = 256
    """Longest completion."""
    seed: int = 0
    """Of sampling; the same seed gives the same completions."""
    refine: Annotated[int, arg(metavar="M")] = 0
    """Refine the answers with the first test of each problem and the critic of a coderl checkpoint, going on
    from M failed answers where none passes it (CodeRL's critic sampling); 0 does not."""
    extract: Literal["auto", "none"] = "auto"
    """auto: of a chat reply or a whole class the program that it means is judged (docs/grade.md); what merely
    continues its prompt is left as it is. none: prompt and completion, whatever they hold."""
    out: Annotated[str | None, arg(metavar="R")] = None
    """Write every completion with its verdict here, JSONL, as `rlcf grade` does."""
    rerank: Literal["none", "lever"] = "none"
    """lever: of each problem's completions choose one by its likelihood, what it returned and a verifier."""
    verifier: Annotated[str | None, arg(metavar="DIR")] = None
    """The verifier's folder, which `rlcf verifier` wrote."""
    expected_values: bool = True
    """The results say of a failed case what was expected; without, nothing in them tells the tests'
    answers."""
    judging: Annotated[Judging, FLAT] = field(default_factory=Judging)
    limiting: Annotated[Limiting, FLAT] = field(default_factory=Limiting)
    json: bool = False
    """Print one JSON object and nothing else."""

    def run(self) -> int:
        ks = parse_ks(self.k)
        self.judging.check()
        self.limiting.check()
        check_decoding(self.temperature, self.n)
        if self.max_new_tokens < 1:
            raise BadInput(f"must be at least 1, is {self.max_new_tokens}", field="max_new_tokens")
        if self.refine < 0:
            raise BadInput(f"must not be negative, is {self.refine}", field="refine")
        self._check_rerank()
        problems = self.limiting.limited(load_problems(self.problems, self.split))
        check_k(ks, ((problem.task_id, self.n) for problem in problems))
        out = Path(self.out) if self.out else None
        check_folder(out)
        policy = load_model(self.model)
        verifier = self._load_verifier(policy)
        prefixes = self._prefixes(policy) if self.refine else None

        def sample(prompts: Sequence[str], temperature: float, seed: int) -> list[str]:
            tokens = self.max_new_tokens
            return policy.sample(prompts, temperature=temperature, max_new_tokens=tokens, seed=seed)

        with self.judging.judge() as judge, open_results(out) as stream:
            asked: Sampler = sample
            if prefixes is not None:
                asked = critic_sampling(problems, sample, prefixes, judge, self.refine)
            evaluation, answers = evaluate(
                problems,
                asked,
                judge,
                temperature=self.temperature,
                n=self.n,
                ks=ks,
                seed=self.seed,
                batch=whole_problems(self.n, BATCH) if self.refine else BATCH,
                extraction=self.extract,
            )
            more = {"model": self.model, "n": self.n, "temperature": self.temperature, "results": self.out}
            rates: Mapping[str, Estimate] = {}
            fields: Sequence[Mapping[str, Any]] = [{}] * len(answers)
            if verifier is not None:
                rates, fields = _chosen(policy, verifier, answers, self.n)
                more |= {"verifier": self.verifier, "rerank": choices_json(rates)}
            if self.refine:
                more |= {"refine": self.refine, "note": EXAMPLES}
            if stream:
                by = judge.provenance()
                stream.writelines(self._line(a, by, f) for a, f in zip(answers, fields, strict=True))
            show(evaluation, judge, as_json=self.json, more=more)
        if rates and not self.json:
            print("\n" + "\n".join(choice_lines(rates, self.n)))
        if self.refine and not self.json:
            print(EXAMPLES)
        if out and not self.json:
            print(f"results: {out}")
        return 0

    def _line(self, answer: Answer, judged_by: Mapping[str, Any], more: Mapping[str, Any]) -> bytes:
        row = {"task_id": answer.problem.task_id, "completion": answer.completion, **more}
        sample = Sample(answer.problem, answer.completion, row)
        found = extract(answer.completion, answer.problem, self.extract)
        line_by = {**judged_by, **terms([found.job(answer.problem)])}
        return results_line(sample, found, answer.verdict, line_by, expected_values=self.expected_values)

    def _prefixes(self, policy: Policy) -> Prefixes:
        """Raises BadInput where the checkpoint has no critic."""
        from rlcf.policy.prefix_critic import load_prefix_critic

        return load_prefix_critic(self.model, policy)

    def _check_rerank(self) -> None:
        if self.rerank == "none":
            if self.verifier is not None:
                raise BadInput("is only read with --rerank lever", field="verifier")
            return
        if self.verifier is None:
            raise BadInput("--rerank lever needs one: `rlcf verifier` trains it", field="verifier")
        if self.n < 2:
            raise BadInput(f"to choose among programs takes 2 at least, is {self.n}", field="n")

    def _load_verifier(self, policy: Policy) -> Verifier | None:
        if self.verifier is None:
            return None
        from rlcf.training.verifier import load_verifier

        return load_verifier(Path(self.verifier), policy.device)


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


def _chosen(
    policy: Policy, verifier: Verifier, answers: Sequence[Answer], n: int
) -> tuple[dict[str, Estimate], list[Mapping[str, Any]]]:
    """How often each way to choose is right, and fields for the results: what the answers' scores are made
    of, and whether LEVER chose them."""
    from rlcf.training.verifier import candidates

    problems = candidates(policy, verifier, answers, n)
    fields: list[Mapping[str, Any]] = []
    for programs in problems:
        chosen = lever(programs)
        fields += [
            {"log_lm": one.log_lm, "log_yes": one.log_yes, "chosen": index == chosen}
            for index, one in enumerate(programs)
        ]
    return choice_rates(problems), fields
