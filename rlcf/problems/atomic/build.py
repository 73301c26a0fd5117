"""Built data, kept: the problems of a seed are made once and read from the user's cache after that.

The file's name is a hash of what decides its content: the arguments and the sources of the generator.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from javabox import Judge, Suite, SuiteCase
from rlcf.problems import java_tokens
from rlcf.problems.atomic.generator import AtomicData, generate
from rlcf.problems.fetch import cache_folder
from rlcf.problems.problem import Problem

log = logging.getLogger("rlcf")


def build(
    seed: int, judge: Judge, *, train: int = 4500, validation: int = 200, test: int = 350
) -> AtomicData:
    """The atomic problems of `seed`: the same arguments give the same data, on any machine.

    `train` counts atoms too (about 750). Takes a minute on two cores the first time: expected
    values come from running the references in `judge`.
    """
    sizes = {"train": train, "validation": validation, "test": test}
    path = cache_folder() / "atomic" / f"{_key(seed, sizes)}.jsonl"
    if path.is_file():
        return _read(path)
    data = generate(seed, judge, train=train, validation=validation, test=test)
    try:
        _write(data, path)
    except OSError as error:
        log.warning("the atomic problems can't be kept, the next run makes them anew: %s", error)
    return data


def _key(seed: int, sizes: dict[str, int]) -> str:
    digest = hashlib.sha256(json.dumps([seed, sizes]).encode())
    for source in (*sorted(Path(__file__).parent.glob("*.py")), Path(java_tokens.__file__)):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:24]


def _write(data: AtomicData, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, encoding="utf-8", delete=False) as part:
        try:
            for problem in (*data.train, *data.validation, *data.test):
                part.write(json.dumps(asdict(problem)) + "\n")
            part.flush()
            os.replace(part.name, path)
        finally:
            Path(part.name).unlink(missing_ok=True)


def _read(path: Path) -> AtomicData:
    splits: dict[str, list[Problem]] = {"train": [], "validation": [], "test": []}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            problem = _problem(json.loads(line))
            splits[problem.split].append(problem)
    return AtomicData(**{split: tuple(problems) for split, problems in splits.items()})


def _problem(row: dict[str, Any]) -> Problem:
    suite = row.pop("suite")
    cases = tuple(SuiteCase(**case) for case in suite.pop("cases"))
    return Problem(suite=Suite(cases=cases, **suite), **row)
