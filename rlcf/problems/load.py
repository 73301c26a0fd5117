"""Problems by name or from a file.

    load_problems("mbjp", "train")
    load_problems("my-problems.jsonl.gz")

A file holds a JSON object a line, or one array of them; parquet is read too, a file or a folder
of files. Each row says by its fields which format it is in
(`formats/`).

Of `mathqa` only the test split was released for Java; the others are built by `rlcf data build mathqa` and
loaded where one of them is asked for.

A reference is what was released, not judged here: of MBJP's 874, 11 do not compile and 6 leave with
System.exit(0), which mxeval takes for a pass. Whoever trains on references judges them first.

Bad input raises BadInput with file, line and field. Rows that ask for what is not judged, such as a Python
function, are left out and counted in a warning; nothing else is skipped.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from rlcf.errors import BadInput
from rlcf.jsonl import Row, read_records
from rlcf.problems.fetch import DataFile, cache_folder, locate
from rlcf.problems.formats import problem_of
from rlcf.problems.formats.stdin import LeftOut
from rlcf.problems.problem import Problem

log = logging.getLogger("rlcf")

_GITHUB = "https://raw.githubusercontent.com"
_MXEVAL = f"{_GITHUB}/amazon-science/mxeval/main/data"

NAMED = {
    "mbjp": DataFile(
        path="mbxp/mbjp_release_v1.2.jsonl",
        url=f"{_MXEVAL}/mbxp/mbjp_release_v1.2.jsonl",
        sha256="139a0fcdff2f4c6d456c546c82f43a1f389dfe3125f5f2c3f6a12f478483dffd",
    ),
    "mathqa": DataFile(
        path="mathqa/mathqa-test-java_v1.jsonl",
        url=f"{_MXEVAL}/multilingual_mathqa/mathqa-test-java_v1.jsonl",
        sha256="cf4151e90224bf513ca2b6a4759b6254c9ba960099c906d315e0030cc24dcb60",
    ),
    "humaneval-java": DataFile(
        path="humaneval/HumanEval_java_v1.1.jsonl",
        url=f"{_MXEVAL}/multilingual_humaneval/HumanEval_java_v1.1.jsonl",
        sha256="2373bd083b7be445a5273add8a932e0fea3d1e3c1a59d55beba369e90e5d0d02",
    ),
    "humaneval-x": DataFile(
        path="humanevalx/humaneval_java.jsonl",
        url=f"{_GITHUB}/THUDM/CodeGeeX/main/codegeex/benchmark/humaneval-x/java/data/humaneval_java.jsonl.gz",
        sha256="2157a77a6ff808020adc20142228b4ff698048c0696b33110786400c47c5d79c",
    ),
    "multipl-e": DataFile(
        path="multipl-e/humaneval-java.jsonl",
        url=f"{_GITHUB}/deepseek-ai/DeepSeek-Coder/main/Evaluation/HumanEval/data/humaneval-java.jsonl",
        sha256="f1fd7077167a38e07b8c8f61bee9383a732372acde54b666f1f284a538ee4b2b",
        without=("original",),
    ),
}
"""The data sets that have a name."""

TRAINED = ("train", "sft", "rl")
"""The splits that `train` asks for."""

BUILT = {
    "mathqa": "mathqa/mathqa-train-java.jsonl",
    "mathqa-named": "mathqa/mathqa-named-train-java.jsonl",
    "jdk": "jdk/problems.jsonl",
}
"""In the user's cache: the splits but test of data sets of which only test was released, and what is built
whole."""
RELEASED = {"mathqa": "mathqa", "mathqa-named": "mathqa"}
"""What their test split was released as."""
DISJOINT = "test_template_disjoint.txt"
"""Beside MathQA's files: the test problems whose template does not occur in training, a task_id a line."""


def load_problems(name_or_path: str, split: str | None = None) -> list[Problem]:
    """The problems of a named data set or of a file, in the order of the file.

    `split` keeps one split's problems, `train` those of `sft` and `rl` too; None keeps all that were
    released. Raises BadInput.

    >>> len(load_problems("mbjp")), load_problems("mbjp", "train")[0].task_id
    (966, 'MBJP/602')
    """
    path = _file(name_or_path, split)
    problems = _read(path)
    if name_or_path in RELEASED and path != built_path(name_or_path):
        problems = _with_parts(problems, path)
    if name_or_path == "mathqa-named" and path != built_path(name_or_path):
        from rlcf.problems.mathqa.form import numbers_by_name  # which reads problems with this module

        problems = numbers_by_name(problems)
    if split is None:
        return problems
    wanted = TRAINED if split == "train" else (split,)
    kept = [problem for problem in problems if problem.split in wanted]
    if not kept:
        splits = ", ".join(sorted({problem.split for problem in problems}))
        raise BadInput(f"has no split '{split}', only: {splits}", file=path)
    return kept


def built_path(name: str) -> Path:
    """Where `rlcf data build` keeps what it built of a data set."""
    return cache_folder() / BUILT[name]


def _file(name_or_path: str, split: str | None) -> Path:
    if name_or_path in BUILT and (split not in (None, "test") or name_or_path not in {*NAMED, *RELEASED}):
        path = built_path(name_or_path)
        if not path.is_file():
            what = f"the split '{split}' of {name_or_path}" if split else name_or_path
            raise BadInput(
                f"{what} is not built yet: rlcf data build {name_or_path}",
                file=path,
            )
        return path
    if (released := RELEASED.get(name_or_path, name_or_path)) in NAMED:
        return locate(NAMED[released])
    path = Path(name_or_path)
    if not path.exists():
        names = ", ".join(dict.fromkeys((*NAMED, *BUILT)))
        raise BadInput(f"no such problems: neither a name ({names}) nor a file or folder", file=name_or_path)
    return path


def _with_parts(problems: list[Problem], path: Path) -> list[Problem]:
    """MathQA's test problems, those that no training problem shares the template of marked. The list beside
    the data counts, else the one that building the training problems made."""
    for listed in (path.with_name(DISJOINT), built_path("mathqa").with_name(DISJOINT)):
        if listed.is_file():
            disjoint = set(listed.read_text(encoding="utf-8").split())
            marked = (
                replace(one, part="template-disjoint") if one.task_id in disjoint else one for one in problems
            )
            return list(marked)
    log.warning(
        "which problems of mathqa are template-disjoint, and so say more than look-up, is known after "
        "`rlcf data build mathqa`"
    )
    return problems


def _read(path: Path) -> list[Problem]:
    problems: dict[str, Problem] = {}
    rows: dict[str, list[dict[str, Any]]] = {}
    left_out: list[tuple[Row, LeftOut]] = []
    for row in read_records(path):
        try:
            problem = problem_of(row)
        except LeftOut as reason:
            left_out.append((row, reason))
            continue
        if problem.task_id in problems:
            if row.fields in rows[problem.task_id]:
                raise row.bad(f"'{problem.task_id}' occurs twice", "task_id")
            rows[problem.task_id].append(row.fields)
            problem = _another(problem, problems)
        else:
            rows[problem.task_id] = [row.fields]
        problems[problem.task_id] = problem
    if left_out:
        first, why = left_out[0]
        if not problems:
            raise first.bad(f"{why}; only Java programs and methods are judged", why.field) from why
        share = f"{len(left_out)} of {len(left_out) + len(problems)} problems are left out"
        log.warning("%s: %s; the first, of line %d, %s", path, share, first.line, why)
    if not problems:
        raise BadInput("is empty: it must have one problem a line", file=path)
    return list(problems.values())


def _another(problem: Problem, problems: dict[str, Problem]) -> Problem:
    """A problem whose task_id another has: its samples are told by their order."""
    number = 2
    while (task_id := f"{problem.task_id} ({number})") in problems:
        number += 1
    log.warning("%s: '%s' is another problem's task_id: it is '%s'", problem.source, problem.task_id, task_id)
    return replace(problem, task_id=task_id, sample_id=problem.task_id)
