"""Writes samples in the forms that other people's graders read.

| form | what is written |
|---|---|
| `mxeval` | `task_id`, `completion`, `language` a line |
| `evalplus` | `task_id`, `solution`: the program that is judged, whole |
| `codegeex` | `task_id`, `prompt`, `generation` |
| `chat` | `task_id`, `messages`: the prompt asks, the completion answers |
| `bigcode` | `generations.json`: a list for each problem in their order, prompts in front |
| `lists` | the same without the prompts |
| `multipl-e` | a folder with a NAME.json.gz a problem: `name, prompt, tests, completions, stop_tokens` |

All but the last three keep what else a sample's row has. But for `evalplus`, texts stay as they are: other
graders may not find the program in a reply.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rlcf.evaluation.extraction import extract
from rlcf.evaluation.samples import Sample
from rlcf.files import replacing, write_lines
from rlcf.problems.problem import Problem

Fields = Callable[[Sample], dict[str, Any]]

ROWS: dict[str, Fields] = {
    "mxeval": lambda sample: {"completion": sample.completion, "language": "java"},
    "evalplus": lambda sample: {
        "solution": extract(sample.completion, sample.problem).job(sample.problem).source
    },
    "codegeex": lambda sample: {"prompt": sample.problem.prompt, "generation": sample.completion},
    "chat": lambda sample: {
        "messages": [
            {"role": "user", "content": sample.problem.prompt},
            {"role": "assistant", "content": sample.completion},
        ]
    },
}
"""Forms with a row a sample: its fields beside `task_id`."""
LISTS: dict[str, Callable[[Sample], str]] = {
    "bigcode": lambda sample: sample.problem.prompt + sample.completion,
    "lists": lambda sample: sample.completion,
}
"""Forms with a list a problem: what is in it."""
FOLDER = "multipl-e"
FORMS = (*ROWS, *LISTS, FOLDER)


def write_samples(samples: Sequence[Sample], problems: Sequence[Problem], form: str, out: Path) -> None:
    """The samples in one of FORMS, as a file or folder `out`. Raises OSError."""
    if form in ROWS:
        write_lines(out, _rows(samples, ROWS[form]))
        return
    texts: dict[str, list[Sample]] = {problem.task_id: [] for problem in problems}
    for sample in samples:
        texts[sample.problem.task_id].append(sample)
    if form in LISTS:
        lists = [[LISTS[form](sample) for sample in found] for found in texts.values()]
        write_lines(out, iter([json.dumps(lists) + "\n"]))
        return
    for problem in problems:
        if texts[problem.task_id]:
            _write_completions(problem, texts[problem.task_id], out)


def _rows(samples: Sequence[Sample], fields: Fields) -> Iterator[str]:
    for sample in samples:
        named = {"task_id": sample.problem.sample_id or sample.problem.task_id, **fields(sample)}
        more = {name: value for name, value in sample.row.items() if name not in (*named, "completion")}
        yield json.dumps(named | more) + "\n"


def _write_completions(problem: Problem, samples: Sequence[Sample], folder: Path) -> None:
    row = {
        "name": problem.task_id,
        "language": "java",
        "prompt": problem.prompt,
        "tests": problem.test,
        "completions": [sample.completion for sample in samples],
        "stop_tokens": list(problem.stop_tokens),
    }
    with replacing(folder / f"{problem.task_id.replace('/', '_')}.json.gz") as file:
        file.write(gzip.compress(json.dumps(row).encode(), mtime=0))
