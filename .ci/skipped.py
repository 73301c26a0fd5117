"""Fails where a test was skipped that should have run; says which files took longest, and counts.

    python .ci/skipped.py RESULTS.xml --none      no test may be skipped
    python .ci/skipped.py RESULTS.xml --bare      only tests without a Docker engine, a second JDK or Chromium
    python .ci/skipped.py RESULTS.xml --user      these, and tests that only root can run
    python .ci/skipped.py RESULTS.xml --host      none of a host's own, which have nothing to do with Docker

Tests of vLLM, of Ray and of hosts may be skipped in all but the last: .ci/vllm, .ci/ray and .ci/hosts run
them, in environments of their own.
RESULTS.xml is what `pytest --junitxml` wrote; nothing but pytest's own summary is trusted to say what ran.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

HOSTS = ("trl", "inspect_ai", "lm-eval", "verifiers", "openenv", "verl", "openrlhf")
ELSEWHERE = ("vLLM is not installed", "Ray is not installed", *(f"{host} is not installed" for host in HOSTS))
NOT_ON_A_BARE_MACHINE = ("no Docker engine", "only one JDK here", "no Chromium")
NOT_BY_A_USER = "becomes other users"


def main(results: str, allowed: str) -> int:
    if not Path(results).exists():
        print("no results: the tests did not run")
        return 1
    cases = list(ElementTree.parse(results).iter("testcase"))
    skipped = {f"{case.get('classname')}::{case.get('name')}": case.find("skipped") for case in cases}
    reasons = {name: str(mark.get("message")) for name, mark in skipped.items() if mark is not None}
    bare = ELSEWHERE + NOT_ON_A_BARE_MACHINE
    expected = {"--host": (), "--none": ELSEWHERE, "--bare": bare, "--user": (*bare, NOT_BY_A_USER)}[allowed]
    wrong = {name: reason for name, reason in reasons.items() if not reason.startswith(expected)}
    for name, reason in wrong.items():
        print(f"must not be skipped here: {name}: {reason}")
    docker = allowed == "--host" or any("test_docker" in str(case.get("classname")) for case in cases)
    if not docker:
        print("no Docker test was found")
    print(_slowest(cases))
    failed = sum(case.find("failure") is not None or case.find("error") is not None for case in cases)
    print(f"{len(cases) - failed - len(reasons)} passed, {failed} failed, {len(reasons)} skipped")
    return int(bool(wrong or failed or not docker))


def _slowest(cases: Sequence[ElementTree.Element]) -> str:
    """Seconds of the tests by file, most first (CONTRIBUTING.md has the slowest tests)."""
    seconds: Counter[str] = Counter()
    for case in cases:
        seconds[str(case.get("classname")).removeprefix("tests.")] += float(case.get("time", 0))
    files = ", ".join(f"{name} {took:.0f}" for name, took in seconds.most_common(40))
    return f"{seconds.total():.0f} s of tests, by file: {files}"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
