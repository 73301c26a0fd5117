"""Claim: JUnit suites get the verdicts that JUnit's own console launcher gives, test method by test method.

The twenty classes of tests/javabox/forms/junit_suites.py, ten for JUnit 4 and ten for JUnit 5, test each of
three programs, one right, one wrong, one that throws: sixty jobs for javabox, and a run of the console
launcher for each program, whose report (an XML file an engine) names every method. A method counts as passed,
not passed, or left out (disabled, an assumption that does not hold). Where a `@BeforeAll` fails the report
has no methods: theirs are not passed here.

    python -m benchmarks.junit_suites

The exit code is 1 where they differ. Needs Debian's `junit4` and `junit5`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from javabox import Job, Judge, Outcome, Suite
from javabox.engines.jdk import find_jdk
from javabox.engines.jvm import JUNIT, SHORT_FLAGS, TOOL_FLAGS
from tests.javabox.forms.junit_suites import PROGRAMS, SUITES

JARS = [Path(f"/usr/share/java/{name}.jar") for name in (*JUNIT, "junit-platform-console")]
JARS += [Path(f"/usr/share/java/{name}.jar") for name in ("junit-platform-reporting", "picocli")]
JARS += [Path(f"/usr/share/java/opentest4j-reporting-{name}.jar") for name in ("events", "schema")]
KINDS = {"passed": "passed", "untested": "left out"}


def console(program: str, folder: Path) -> dict[str, str]:
    """What the console launcher says of each method, by `Class.method`."""
    home = find_jdk().home
    (folder / "S.java").write_text(program)
    for name, source in SUITES.items():
        (folder / f"{name}.java").write_text(source)
    path = ":".join(map(str, JARS))
    sources = [str(file) for file in folder.glob("*.java")]
    subprocess.run(
        [str(home / "bin" / "javac"), *TOOL_FLAGS, "-cp", path, "-d", str(folder), *sources], check=True
    )
    command = [
        str(home / "bin" / "java"),
        *SHORT_FLAGS,
        "-cp",
        f"{path}:{folder}",
        "org.junit.platform.console.ConsoleLauncher",
    ]
    classes = [f"--select-class={name}" for name in SUITES]
    done = subprocess.run(
        [*command, *classes, "--reports-dir", str(folder), "--details=none", "--disable-banner"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    found: dict[str, str] = {}
    for report in folder.glob("TEST-*.xml"):
        for case in ElementTree.parse(report).getroot().iter("testcase"):
            kinds = {child.tag for child in case} & {"failure", "error", "skipped"}
            said = "left out" if "skipped" in kinds else "not passed" if kinds else "passed"
            found[f"{case.attrib['classname']}.{case.attrib['name'].replace('()', '')}"] = said
    if not found:
        raise SystemExit(f"the console launcher has no report: {done.stdout} {done.stderr}")
    return found


def judged(judge: Judge, program: str, suites: Mapping[str, str]) -> dict[str, str]:
    """What javabox says."""
    jobs = [Job(program, Suite(whole=source, junit=True)) for source in suites.values()]
    found = {}
    for name, verdict in zip(suites, judge.grade(jobs), strict=True):
        if verdict.outcome in (Outcome.COMPILE_ERROR, Outcome.SUITE_ERROR, Outcome.JUDGE_ERROR):
            raise SystemExit(f"{name}: {verdict}")
        for case in verdict.cases:
            found[case.name] = KINDS.get(str(case.outcome), "not passed")
    return found


def differences(judge: Judge, program: str, suites: Mapping[str, str] = SUITES) -> tuple[int, list[str]]:
    """How many methods were compared, and those that differ. `suites`: the classes, as javabox gets them."""
    with tempfile.TemporaryDirectory() as folder:
        theirs = console(program, Path(folder))
    ours = judged(judge, program, suites)
    # A class whose @BeforeAll failed has no methods in the report, or itself.
    broken = set(map(_outermost, ours)) - set(map(_outermost, theirs))
    compared = {name for name in ours | theirs if _outermost(name) not in broken}
    unlike = [
        f"{name}: {ours.get(name)}, the console says {theirs.get(name)}"
        for name in sorted(compared)
        if ours.get(name) != theirs.get(name)
    ]
    unlike += [f"{name}: passed" for name in ours if _outermost(name) in broken and ours[name] == "passed"]
    return len(ours), unlike


def _outermost(method: str) -> str:
    return method.partition(".")[0].partition("$")[0]


def main() -> int:
    with Judge(engine="local") as judge:
        wrong = 0
        for name, program in PROGRAMS.items():
            started = time.monotonic()
            count, unlike = differences(judge, program)
            wrong += len(unlike)
            print(f"{name}: {count} test methods, {len(unlike)} differ ({time.monotonic() - started:.0f} s)")
            print(*(f"    {line}\n" for line in unlike), sep="", end="")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
