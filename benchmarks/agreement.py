"""Claim: javabox says of every sample what plain `javac` and `java` say of it, at a fraction of the cost.

Grades mxeval's example samples for MBJP and MathQA-Java both ways and compares the two flags, compiled and
passed, sample by sample. Every disagreement is listed with both sides' evidence.

    python -m benchmarks.agreement --cache /tmp/naive.jsonl

The naive side takes about 1.1 CPU-seconds a sample; `--cache` keeps what is done, so that a later run goes on
where this one stopped. `--naive-only` fills the cache and compares nothing.

Not covered: `executed`, which the naive way can't tell from its exit code.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from benchmarks.naive import DATA_SETS, NaiveVerdict, Sample, grade_naively, load_samples
from rlcf.progress import progress


def naive_verdicts(samples: list[Sample], cache: Path | None, workers: int) -> list[NaiveVerdict]:
    """The naive verdict of each sample, from the cache where it has one."""
    known: dict[str, NaiveVerdict] = {}
    if cache is not None and cache.exists():
        for row in map(json.loads, cache.read_text(encoding="utf-8").splitlines()):
            program = row.pop("program")
            known[program] = NaiveVerdict(**row)
    missing = {_key(sample): sample for sample in samples if _key(sample) not in known}
    with ThreadPoolExecutor(workers) as pool, progress("javac + java", len(missing)) as advance:
        graded = pool.map(lambda sample: grade_naively(sample.program), missing.values())
        for key, verdict in zip(missing, graded, strict=True):
            known[key] = verdict
            if cache is not None:
                with cache.open("a", encoding="utf-8") as out:
                    out.write(json.dumps({"program": key, **asdict(verdict)}) + "\n")
            advance(1)
    return [known[_key(sample)] for sample in samples]


def _key(sample: Sample) -> str:
    return hashlib.sha256(sample.program.encode()).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--sets", default=",".join(DATA_SETS), help="data sets, by comma (default: %(default)s)"
    )
    parser.add_argument("--samples", type=int, help="only the first N samples of each set")
    parser.add_argument("--engine", default="local", choices=["local", "docker"])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cache", type=Path, help="JSONL of naive verdicts: read, and appended to")
    parser.add_argument("--naive-only", action="store_true", help="fill the cache and stop")
    options = parser.parse_args()
    for data_set in options.sets.split(","):
        samples = load_samples(data_set)[: options.samples]
        naive_verdicts(samples, options.cache, options.workers)
        print(data_set, len(samples), file=sys.stderr)


if __name__ == "__main__":
    main()
