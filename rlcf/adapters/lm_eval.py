"""Java problems for lm-evaluation-harness: the functions that a task's YAML names (`!function java.judged`).

`judged` is the task's filter: it judges all replies of all documents at once, as one call a document would
leave the judge idle. `process_results` then has a document's mean over its replies; what the judge failed at
is left out. Not covered: stop strings, as a program ends where its class is closed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rlcf.adapters.rewards import cached_rewards
from rlcf.adapters.rows import carried
from rlcf.evaluation.generation.prompting import begun, request
from rlcf.problems import load_problems

RATES = ("reward", "compiled", "executed", "passed")


def dataset(problems: str = "mbjp", split: str | None = "test", **_metadata: Any) -> dict[str, Any]:
    """The documents of a named data set's or a file's problems: `task_id`, `problem`, and what is asked, as
    `text` that a base model goes on from and as `question` to a chat model. Raises BadInput."""
    from datasets import Dataset

    documents = [
        {"task_id": one.task_id, "text": begun(one), "question": request(one), "problem": carried(one)}
        for one in load_problems(problems, split)
    ]
    return {"test": Dataset.from_list(documents)}


def judged(replies: Sequence[Sequence[str]], documents: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    """Of each reply what it is worth, by name; `reward` is None where the judge failed."""
    asked = [one["problem"] for one, its in zip(documents, replies, strict=True) for _ in its]
    scored = cached_rewards("pass").score(asked, [text for its in replies for text in its])
    facts = iter([{"reward": one.score, "outcome": one.outcome, **one.facts} for one in scored])
    return [[next(facts) for _ in its] for its in replies]


def process_results(_document: Mapping[str, Any], results: Sequence[Any]) -> dict[str, float]:
    """The rates of a document, over those of its replies that were judged; none where none was."""
    found = [one for one in results[0] if one["reward"] is not None]
    return {name: sum(float(one[name]) for one in found) / len(found) for name in RATES if found}
