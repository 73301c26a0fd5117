"""Problems by name or from a file in the mxeval format.

    load_problems("mbjp", "train")
    load_problems("my-problems.jsonl.gz")

A problem is a JSON object a line: `task_id, prompt, test, entry_point`, and where there are any `description`
and `canonical_solution`, which becomes the reference; `cases` are tests beside those of `test` (see
`cases.py`), which may then be left out. `time_limit` (seconds of fuel) and `memory_limit` (MB) hold for the
suite of their row; `assertions: true` turns `assert` on in the program's own code, as for harnesses that run
`java -ea` (in the code of tests it always is). `files`, an object of paths and texts, are source files beside
every program; with `junit: true` the test is one or more JUnit 4 or 5 test classes. MBJP is split by MBPP's
ids (the ids are the same): 1-10 prompt, 11-510 test, 511-600 validation, 601-974 train. All others are test,
unless a field `split` says otherwise. Of `mathqa` only the test split was released for Java; the others are
built by `rlcf data build mathqa` and loaded where one of them is asked for.

A reference is what was released, not judged here: of MBJP's 874, 11 do not compile and 6 leave with
System.exit(0), which mxeval takes for a pass. Whoever trains on references judges them first.

Bad input raises BadInput with file, line and field; nothing is skipped.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from javabox import Job, Suite
from rlcf.errors import BadInput
from rlcf.jsonl import Row, read_rows
from rlcf.problems.cases import released_suite, with_cases
from rlcf.problems.fetch import DataFile, cache_folder, locate
from rlcf.problems.limits import memory_limit_fault, time_limit_fault
from rlcf.problems.problem import Problem

log = logging.getLogger("rlcf")

_MXEVAL = "https://raw.githubusercontent.com/amazon-science/mxeval/main/data"

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
}
"""The data sets that have a name."""

MBPP_SPLITS = {"prompt": (1, 10), "test": (11, 510), "validation": (511, 600), "train": (601, 974)}
"""First and last MBPP id of each split (Austin et al. 2021)."""


SPLITS = ("prompt", "train", "validation", "test", "sft", "rl")
"""What `split` may be in a file."""
TRAINED = ("train", "sft", "rl")
"""The splits that `train` asks for."""

BUILT = {"mathqa": "mathqa/mathqa-train-java.jsonl"}
"""In the user's cache: the splits but test of data sets of which only test was released."""
DISJOINT = "test_template_disjoint.txt"
"""Beside MathQA's files: the test problems whose template does not occur in training, a task_id a line."""


def load_problems(name_or_path: str, split: str | None = None) -> list[Problem]:
    """The problems of a named data set or of an mxeval file, in the order of the file.

    `split` keeps one split's problems, `train` those of `sft` and `rl` too; None keeps all that were
    released. Raises BadInput.

    >>> len(load_problems("mbjp")), load_problems("mbjp", "train")[0].task_id
    (966, 'MBJP/602')
    """
    path = _file(name_or_path, split)
    problems = _read(path)
    if name_or_path == "mathqa" and path != built_path(name_or_path):
        problems = _with_parts(problems, path)
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
    if name_or_path in BUILT and split not in (None, "test"):
        path = built_path(name_or_path)
        if not path.is_file():
            raise BadInput(
                f"the split '{split}' of {name_or_path} is not built yet: rlcf data build {name_or_path}",
                file=path,
            )
        return path
    if name_or_path in NAMED:
        return locate(NAMED[name_or_path])
    path = Path(name_or_path)
    if not path.is_file():
        names = ", ".join(NAMED)
        raise BadInput(f"no such problems: neither a name ({names}) nor a file", file=name_or_path)
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
    for row in read_rows(path):
        problem = mxeval_problem(row)
        if problem.task_id in problems:
            raise row.bad(f"'{problem.task_id}' occurs twice", "task_id")
        problems[problem.task_id] = problem
    if not problems:
        raise BadInput("is empty: it must have one problem a line", file=path)
    return list(problems.values())


def mxeval_problem(row: Row) -> Problem:
    """The problem of a row in the mxeval format. Raises BadInput."""
    task_id, prompt = row.text("task_id"), row.text("prompt")
    test = (_optional(row, "test") or "") if "cases" in row.fields else row.text("test")
    for field, value in (("task_id", task_id), ("prompt", prompt), ("test", test)):
        if not value.strip() and not (field == "test" and row.fields.get("cases")):
            raise row.bad("must not be empty", field)
    junit = _flag(row, "junit")
    suite = Suite(whole=test, junit=True) if junit else released_suite(prompt, test)
    if suite.whole is not None and not junit and not re.search(r"\bclass\s+Main\b", test):
        raise row.bad("must declare class Main", "test")
    if "cases" in row.fields:
        suite = with_cases(suite, row)
    suite = replace(suite, assertions=_flag(row, "assertions"))
    return Problem(
        task_id=task_id,
        prompt=prompt,
        suite=suite,
        description=_optional(row, "description") or "",
        entry_point=row.text("entry_point"),
        reference=_optional(row, "canonical_solution"),
        split=_split(row, task_id),
        test=test,
        files=_files(row),
        time_limit=_limit(row, "time_limit", time_limit_fault),
        memory_limit=_limit(row, "memory_limit", memory_limit_fault),
        source=f"{row.file}:{row.line}",
    )


def _flag(row: Row, field: str) -> bool:
    """False where the row has none. Raises BadInput."""
    value = row.fields.get(field)
    if value is not None and not isinstance(value, bool):
        raise row.bad("must be true or false", field)
    return bool(value)


def _files(row: Row) -> tuple[tuple[str, str], ...]:
    """The program's other source files. Raises BadInput."""
    files = row.fields.get("files", {})
    if not isinstance(files, dict) or not all(isinstance(text, str) for text in files.values()):
        raise row.bad("must be an object of paths and texts", "files")
    try:
        return Job("", files=tuple(files.items())).files
    except ValueError as error:
        raise row.bad(str(error), "files") from error


def _limit(row: Row, field: str, fault: Callable[[object], str]) -> Any:
    """A limit, or None where the row has none. Raises BadInput."""
    value = row.fields.get(field)
    if value is not None and (wrong := fault(value)):
        raise row.bad(wrong, field)
    return value


def _optional(row: Row, field: str) -> str | None:
    return None if row.fields.get(field) is None else row.text(field)


def _split(row: Row, task_id: str) -> str:
    if "split" in row.fields:
        if (given := row.text("split")) not in SPLITS:
            raise row.bad(f"must be one of {', '.join(SPLITS)}, not {given[:80]!r}", "split")
        return given
    data_set, _, number = task_id.partition("/")
    if data_set == "MBJP" and number.isascii() and number.isdigit():
        for split, (first, last) in MBPP_SPLITS.items():
            if first <= int(number) <= last:
                return split
    return "test"
