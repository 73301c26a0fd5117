"""`rlcf bench`: generates completions with a model, judges them, prints the rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import Positional, arg

from rlcf.commands.grade import check_folder, check_workers, open_results
from rlcf.commands.rates import parse_ks, show
from rlcf.errors import BadInput
from rlcf.evaluation.bench import check_decoding, evaluate
from rlcf.evaluation.grade import results_line
from rlcf.evaluation.metrics import check_k
from rlcf.evaluation.samples import Sample
from rlcf.grounding.signal import Answer
from rlcf.problems import load_problems

if TYPE_CHECKING:
    from rlcf.policy import Policy


@dataclass(frozen=True)
class Bench:
    """Measure a model: generate, judge, print comp@k, exec@k and pass@k.

    Example: rlcf bench runs/quickstart/checkpoints/step-000100 --problems mbjp --n 20 --k 1,10
    """

    model: Positional[Annotated[str, arg(metavar="MODEL")]]
    """A checkpoint's folder, or a model on the Hugging Face hub."""
    problems: Annotated[str, arg(metavar="P")]
    """mbjp, mathqa, humaneval-java, or the path of a file in the mxeval format."""
    split: Annotated[str, arg(metavar="SPLIT")] = "test"
    """The part of the problems that is asked: train, validation or test."""
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
    out: Annotated[str | None, arg(metavar="R")] = None
    """Write every completion with its verdict here, JSONL, as `rlcf grade` does."""
    engine: Literal["auto", "local", "docker"] = "auto"
    """Where programs run; auto is docker where an engine answers, else local."""
    workers: Annotated[int, arg(metavar="N")] = 0
    """Programs judged at a time; 0 is one a core."""
    json: bool = False
    """Print one JSON object and nothing else."""

    def run(self) -> int:
        from javabox import Judge

        ks = parse_ks(self.k)
        check_workers(self.workers)
        check_decoding(self.temperature, self.n)
        if self.max_new_tokens < 1:
            raise BadInput(f"must be at least 1, is {self.max_new_tokens}", field="max_new_tokens")
        problems = load_problems(self.problems, self.split)
        check_k(ks, ((problem.task_id, self.n) for problem in problems))
        out = Path(self.out) if self.out else None
        check_folder(out)
        policy = load_model(self.model)

        def sample(prompts: Sequence[str], temperature: float, seed: int) -> list[str]:
            tokens = self.max_new_tokens
            return policy.sample(prompts, temperature=temperature, max_new_tokens=tokens, seed=seed)

        with Judge(engine=self.engine, workers=self.workers or None) as judge, open_results(out) as stream:
            evaluation, answers = evaluate(
                problems, sample, judge, temperature=self.temperature, n=self.n, ks=ks, seed=self.seed
            )
            if stream:
                stream.writelines(_line(answer, judge.jdk) for answer in answers)
            more = {"model": self.model, "n": self.n, "temperature": self.temperature, "results": self.out}
            show(evaluation, judge, as_json=self.json, more=more)
        if out and not self.json:
            print(f"results: {out}")
        return 0


def load_model(name: str) -> Policy:
    """Raises BadInput where torch is not installed, or the model can't be loaded."""
    try:
        from rlcf.policy import load_policy
    except ModuleNotFoundError as missing:
        raise BadInput(
            f"models need torch and transformers ({missing}): pip install 'rlcf[train]'"
        ) from missing
    return load_policy(name, trained=False)


def _line(answer: Answer, jdk: str) -> bytes:
    row = {"task_id": answer.problem.task_id, "completion": answer.completion}
    return results_line(Sample(answer.problem, answer.completion, row), answer.verdict, jdk)
