"""Builds the problems and the pre-training corpus of real Java, in processes; every reference is judged.

    read        each file's classes: methods that may be problems, and all methods as rows of the corpus
    judge       what compiles by itself; else with what its class extends
    divide      one problem a skeleton; by package; nothing held out that is near to a training problem
    corpus      the other methods, of training packages alone, none near to a held-out problem

Each step counts what it leaves out. Where a method goes depends on nothing but the sources: the same ones
give the same bytes. Not covered: tests; a problem is judged by javac alone.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TextIO, TypeVar

from javabox import AnyJudge, Job, Suite
from rlcf.errors import BadInput
from rlcf.files import replacing, write_lines
from rlcf.javasource.outline.classes import ClassText, Member, classes
from rlcf.problems.jdk.methods import (
    CLOSE,
    Method,
    comment,
    completion,
    described,
    problem_text,
    skeleton,
    trivial,
)
from rlcf.problems.jdk.sources import PERMISSIVE, Unit, class_names, read, units
from rlcf.problems.jdk.split import Near, split_of
from rlcf.progress import progress

T = TypeVar("T")

CORPUS = "corpus.jsonl.gz"
"""Beside the problems."""
SHORT = 400
"""Characters; a longer body is not trivial."""
LONGEST_ROW = 4000
"""Characters of a method in the corpus."""
NEAR_CHARACTERS = 2000
"""Longer bodies of the corpus are near to no problem's: those have at most 128 tokens."""
EXPORTED = ("java.", "javax.")
"""Packages whose classes can be imported, so that neighbours are."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a method comes from."""

    package: str
    licence: str
    source: str

    def fields(self) -> dict[str, str]:
        """Of a row."""
        return {"package": self.package, "source": self.source, "licence": self.licence}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A method that is to be judged."""

    method: Method
    origin: Origin
    key: int


@dataclass(frozen=True, slots=True)
class Read:
    """What one process found in a unit."""

    candidates: list[Candidate]
    rows: list[tuple[int, int]]
    """Of each row of the corpus the hash of its text and the key of its method."""
    counts: Counter[str]


@dataclass(frozen=True, slots=True)
class Task:
    """A problem of the built set."""

    task_id: str
    candidate: Candidate
    split: str

    def row(self) -> dict[str, object]:
        """As a line of the file."""
        method = self.candidate.method
        return {
            "task_id": self.task_id,
            "language": "java",
            "prompt": method.prompt,
            "canonical_solution": method.reference,
            "entry_point": method.name,
            "compile_only": True,
            "description": method.description,
            "split": self.split,
            **self.candidate.origin.fields(),
            "static": method.static,
        }


@dataclass(frozen=True, slots=True)
class Built:
    """The problems, and what was counted on the way."""

    tasks: Sequence[Task] = field(repr=False)
    counts: Counter[str]
    corpus_rows: int
    seconds: dict[str, float]


def build(sources: Path, out: Path, judge: AnyJudge, *, permissive: bool, processes: int) -> Built:
    """Build `out` (JSON lines) and the corpus beside it (CORPUS) from a folder of sources, as
    `sources.py` describes it. Raises BadInput."""
    began, seconds = time.monotonic(), {}
    every_unit = units(sources)
    with (
        tempfile.TemporaryDirectory(prefix="rlcf-jdk-") as scratch,
        ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool,
    ):
        work = partial(read_unit, neighbours=neighbours_of(every_unit), permissive=permissive)
        found = _in_processes(pool, "reading sources", work, every_unit, Path(scratch))
        seconds["reading"] = time.monotonic() - began
        counts: Counter[str] = sum((one.counts for one in found), Counter())
        compiling = judged([one for part in found for one in part.candidates], judge, counts)
        seconds["judging"] = time.monotonic() - began - sum(seconds.values())
        tasks = divided(compiling, counts)
        seconds["dividing"] = time.monotonic() - began - sum(seconds.values())
        chosen = _chosen_rows(found, {task.candidate.key for task in tasks}, counts)
        held_out = [task.candidate.method.body for task in tasks if task.split != "train"]
        rows = partial(keep_rows, near=Near(held_out), skeletons={*map(skeleton, held_out)})
        parts = _in_processes(pool, "writing the corpus", rows, chosen, Path(scratch))
        counts.update({"corpus: near to a held-out problem": sum(dropped for _, dropped in parts)})
        _write(tasks, len(found), Path(scratch), out)
        seconds["corpus"] = time.monotonic() - began - sum(seconds.values())
    return Built(tasks, counts, sum(kept for kept, _ in parts), seconds)


def neighbours_of(every_unit: Sequence[Unit]) -> dict[str, frozenset[str]]:
    """The names of the classes of each package of the JDK that may be imported."""
    found: dict[str, set[str]] = {}
    for unit in every_unit:
        for package, name in class_names(unit):
            if package.startswith(EXPORTED) and package != "java.lang":
                found.setdefault(package, set()).add(name)
    return {package: frozenset(names) for package, names in found.items()}


def _in_processes(
    pool: ProcessPoolExecutor, what: str, work: Callable[..., T], items: Sequence[object], scratch: Path
) -> list[T]:
    """`work` of each item and of a path of its own, the results in their order."""
    with progress(what, len(items)) as advance:
        futures = []
        for index, item in enumerate(items):
            futures.append(pool.submit(work, item, scratch / f"{index:05d}"))
            futures[-1].add_done_callback(lambda _: advance(1))
        return [future.result() for future in futures]


def read_unit(unit: Unit, part: Path, *, neighbours: Mapping[str, frozenset[str]], permissive: bool) -> Read:
    """Read a unit: its candidates, and its rows of the corpus into the file `part`."""
    found = Read([], [], Counter())
    with part.open("w", encoding="utf-8") as rows:
        for path, data in read(unit):
            licence = unit.licences.of(path)
            if permissive and not PERMISSIVE.search(licence):
                found.counts["files: not permissive"] += 1
                continue
            found.counts["files"] += 1
            for one in classes(data):
                near = neighbours.get(one.package, frozenset())
                for member in one.members:
                    if member.kind == "method" and member.body is not None:
                        _take(one, member, near, Origin(one.package, licence, unit.source), found, rows)
    return found


def _take(
    one: ClassText, member: Member, near: frozenset[str], origin: Origin, found: Read, rows: TextIO
) -> None:
    """Count a method; a candidate, a row, both or neither."""
    body, counts = member.body or "", found.counts
    counts["methods"] += 1
    key = _hash(f"{one.package}.{one.name} {member.head} {body}")
    if member.doc.startswith("/**"):
        counts["with Javadoc"] += 1
        asked = problem_text(one, member, near)
        if isinstance(asked, str):
            counts[f"left out: {asked}"] += 1
        else:
            found.candidates.append(Candidate(asked, origin, key))
    if split_of(one.package) != "train":
        counts["corpus: package held out"] += 1
    elif len(body) + len(member.head) > LONGEST_ROW:
        counts["corpus: longer than 4,000 characters"] += 1
    elif len(body) <= SHORT and trivial(body):
        counts["corpus: short, trivial, or throws only"] += 1
    else:
        said = described(member.doc) if member.doc.startswith("/**") else ""
        before = f"{comment(said)}\n" if said else ""
        prompt = f"{one.head} {{\n{before}    {member.head} {{\n"
        row = {"prompt": prompt, "completion": completion(body), **origin.fields()}
        found.rows.append((_hash(" ".join(f"{member.head} {body}".split())), key))
        rows.write(json.dumps(row, ensure_ascii=False) + "\n")


def judged(candidates: Sequence[Candidate], judge: AnyJudge, counts: Counter[str]) -> list[Candidate]:
    """Keep what compiles: by itself, else with what its class extends, which its prompt then says."""
    compiled = _compiles([one.method.prompt for one in candidates], candidates, judge)
    again = [one for one, good in zip(candidates, compiled, strict=True) if not good and one.method.extending]
    other = _compiles([one.method.extending for one in again], again, judge)
    extended = {one.key: good for one, good in zip(again, other, strict=True)}
    kept = []
    for one, good in zip(candidates, compiled, strict=True):
        if good:
            kept.append(one)
        elif extended.get(one.key):
            kept.append(replace(one, method=replace(one.method, prompt=one.method.extending)))
    counts["judged"] = len(candidates)
    counts["compile by themselves"] = sum(compiled)
    counts["compile with what the class extends"] = len(kept) - sum(compiled)
    return kept


def _compiles(prompts: Sequence[str], candidates: Sequence[Candidate], judge: AnyJudge) -> list[bool]:
    jobs = [
        Job(prompt + one.method.reference, suite=Suite(), completion_start=len(prompt))
        for prompt, one in zip(prompts, candidates, strict=True)
    ]
    good = [False] * len(jobs)
    with progress("judging references", len(jobs)) as advance:
        for index, verdict in judge.stream(jobs):
            good[index] = bool(verdict.compiled)
            advance()
    return good


def divided(compiling: Sequence[Candidate], counts: Counter[str]) -> list[Task]:
    """One problem a skeleton, those of training packages first; held out only what is near to none before."""
    splits = {"train": [], "validation": [], "test": []}  # type: dict[str, list[Candidate]]
    for one in compiling:
        splits[split_of(one.origin.package)].append(one)
    seen: set[str] = set()
    bodies: list[str] = []
    tasks: list[Task] = []
    for split, some in splits.items():
        near = Near(bodies) if split != "train" else None
        for one in some:
            body = one.method.body
            masked = skeleton(body)
            if masked in seen:
                counts[f"left out: same skeleton, {split}"] += 1
            elif near is not None and near.near(body) is not None:
                counts[f"left out: near to a problem of another split, {split}"] += 1
            else:
                bodies.append(body)
                tasks.append(Task(f"JDK/{len(tasks)}", one, split))
            seen.add(masked)
        counts[f"problems, {split}"] = sum(task.split == split for task in tasks)
    return tasks


def _chosen_rows(found: Sequence[Read], problems: set[int], counts: Counter[str]) -> list[list[int]]:
    """Of each part the lines that are no problem and no repetition."""
    seen: set[int] = set()
    chosen = []
    for part in found:
        lines = []
        for line, (text, key) in enumerate(part.rows):
            if key in problems:
                counts["corpus: is a problem"] += 1
            elif text in seen:
                counts["corpus: is there already"] += 1
            else:
                lines.append(line)
            seen.add(text)
        chosen.append(lines)
    return chosen


def keep_rows(lines: Sequence[int], part: Path, *, near: Near, skeletons: set[str]) -> tuple[int, int]:
    """Compress the rows of a part that are near to no held-out problem; how many, and how many are not."""
    wanted, dropped = set(lines), 0
    with (
        part.open(encoding="utf-8") as rows,
        gzip.open(part.with_suffix(".gz"), "wt", encoding="utf-8") as out,
    ):
        for line, row in enumerate(rows):
            if line not in wanted:
                continue
            body = json.loads(row)["completion"].removesuffix(CLOSE)
            if len(body) <= NEAR_CHARACTERS and (skeleton(body) in skeletons or near.near(body) is not None):
                dropped += 1
            else:
                out.write(row)
    return len(wanted) - dropped, dropped


def _write(tasks: Sequence[Task], parts: int, scratch: Path, out: Path) -> None:
    """Problems, and the corpus: files that are gzip one after the other are gzip."""
    try:
        write_lines(out, (json.dumps(task.row()) + "\n" for task in tasks))
        with replacing(out.with_name(CORPUS)) as corpus:
            for index in range(parts):
                corpus.write((scratch / f"{index:05d}.gz").read_bytes())
    except OSError as error:
        raise BadInput(f"can't be written ({error.strerror})", file=out, field="out") from error


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode(errors="surrogatepass")).digest()[:8])
