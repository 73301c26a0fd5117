"""The command `javabox`: one program, with this standard input or against these cases, in the sandbox.

    javabox run Main.java < input.txt
    javabox check Main.java cases/
    javabox --version

    0    `run`: it ended normally; `check`: all cases passed
    1    it did not
    2    bad input: one line on stderr that names it
    3    no judge could be started: one line with the command that mends it
    130  ended by Ctrl-C

Not covered: dialogue, since the input is read to its end before the program begins.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from javabox.commands.cases import read, read_cases
from javabox.commands.refused import Refused
from javabox.engines.opening import Engine, Isolation
from javabox.errors import ClasspathUnusable, JudgeUnavailable
from javabox.job import Compare, Job, Limits, StdinCase, Suite
from javabox.judge import Judge, Lane, judge_version
from javabox.verdict import Case, Outcome, Verdict

RUN = "run"
WORDS = {
    Outcome.TIME_LIMIT: "it ran out of time",
    Outcome.MEMORY_LIMIT: "it ran out of memory",
    Outcome.OUTPUT_LIMIT: "it printed too much",
    Outcome.PREMATURE_EXIT: "it crashed",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    logging.basicConfig(format="javabox: %(message)s", level=logging.WARNING)
    try:
        options = _parser().parse_args(argv)
        code: int = options.command(options)
        sys.stdout.flush()
        return code
    except Refused as error:
        return _fail(2, error)
    except JudgeUnavailable as error:
        return _fail(3, error)
    except KeyboardInterrupt:
        return _fail(130, "interrupted")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains when it flushes
        return 141


def _fail(code: int, reason: object) -> int:
    print("javabox:", " ".join(str(reason).split()), file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("javabox", description="Judge a Java program that reads standard input.")
    parser.add_argument("--version", action="version", version=judge_version())
    commands = parser.add_subparsers(required=True, metavar="run|check")
    run = commands.add_parser(
        RUN,
        help="run a program with this standard input",
        description="Runs a program in the sandbox and prints what it printed."
        " Example: javabox run Main.java < input",
    )
    check = commands.add_parser(
        "check",
        help="check a program against pairs of input and output files",
        description="Checks a program against a folder of cases: 1.in and 1.out, input/1.txt and"
        " output/1.txt, and so on. Example: javabox check Main.java cases/",
    )
    run.add_argument("program", type=Path, nargs="+", metavar="FILE.java", help="the program's source files")
    check.add_argument(
        "program", type=Path, nargs="+", metavar="FILE.java", help="the program's source files"
    )
    check.add_argument("cases", type=Path, metavar="CASES", help="a folder with pairs of files")
    check.add_argument("--compare", choices=get_args(Compare)[:-1], default="lines", help=_HELP_COMPARE)
    check.add_argument(
        "--tolerance", type=float, default=1e-6, metavar="X", help="for --compare numbers (1e-6)"
    )
    check.add_argument("--checker", type=Path, metavar="FILE.java", help=_HELP_CHECKER)
    run.set_defaults(command=_run)
    check.set_defaults(command=_check)
    for command in (run, check):
        command.add_argument("--time-limit", type=float, metavar="SECONDS", help="for each run; counted (4)")
        command.add_argument("--memory-limit", type=int, metavar="MB", help="of heap (256)")
        command.add_argument("--engine", choices=get_args(Engine), default="auto")
        command.add_argument("--isolation", choices=get_args(Isolation), default="auto")
        command.add_argument("--lane", choices=get_args(Lane), default="auto")
        command.add_argument("--jdk", metavar="RELEASE|FOLDER", help="the JDK, as 21, or its folder")
        command.add_argument(
            "--classpath", default="", metavar="JARS", help="jars that the program uses, with : between"
        )
        command.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    return parser


_HELP_COMPARE = (
    "exact: byte for byte; lines (default): but for white space at the ends of lines and empty lines at the"
    " end; tokens: the words; numbers: the words, and numbers within --tolerance"
)
_HELP_CHECKER = (
    "a class with static boolean check(String input, String output, String expected), which decides"
)


def _run(options: argparse.Namespace) -> int:
    """Runs a program once, with this process's standard input."""
    try:
        given = sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        raise Refused(f"stdin: is not UTF-8 at byte {error.start}") from error
    verdict, provenance = _judged(options, (StdinCase(RUN, given),))
    if options.json:
        output = verdict.cases[0].value if verdict.cases else None
        print(json.dumps(verdict.to_json() | {"stdout": output, "provenance": provenance}))
    else:
        if verdict.cases:
            sys.stdout.buffer.write((verdict.cases[0].value or "").encode("utf-8", "surrogatepass"))
            sys.stdout.buffer.flush()
        _say(options, verdict)
    return 0 if verdict.passed else 1


def _check(options: argparse.Namespace) -> int:
    """Runs a program once a case and compares."""
    checker = read(options.checker) if options.checker else None
    compare: Compare = "checker" if options.checker else options.compare
    cases = read_cases(options.cases, compare, options.tolerance, checker)
    verdict, provenance = _judged(options, cases)
    if options.json:
        print(json.dumps(verdict.to_json() | {"provenance": provenance}))
    else:
        for case in verdict.cases:
            print(_line(case))
        _say(options, verdict)
        passed = sum(case.outcome is Outcome.PASSED for case in verdict.cases)
        print(f"{verdict.outcome}: {passed} of {len(cases)} passed")
    return 0 if verdict.passed else 1


def _judged(options: argparse.Namespace, cases: tuple[StdinCase, ...]) -> tuple[Verdict, dict[str, str]]:
    """Raises Refused where a judge has no verdict on the program."""
    source, *more = (read(path) for path in options.program)
    if options.time_limit is not None and not 0 < options.time_limit <= 3600:
        raise Refused(f"--time-limit is between 0 and 3600 seconds, not {options.time_limit}")
    if options.memory_limit is not None and not 16 <= options.memory_limit <= 16_384:
        raise Refused(f"--memory-limit is between 16 and 16384 MB, not {options.memory_limit}")
    limits = Limits.of(options.time_limit, options.memory_limit)
    files = tuple((path.name, text) for path, text in zip(options.program[1:], more, strict=True))
    try:
        job = Job(source, Suite(stdin=cases), limits, files=files)
    except ValueError as error:
        raise Refused(str(error)) from error
    try:
        with Judge(
            options.engine,
            workers=1,
            isolation=options.isolation,
            lane=options.lane,
            jdk=options.jdk,
            classpath=[Path(jar) for jar in options.classpath.split(os.pathsep) if jar],
        ) as judge:
            verdict = judge.grade([job])[0]
            provenance = judge.provenance()
    except ClasspathUnusable as error:
        raise Refused(str(error)) from error
    if verdict.outcome is Outcome.SUITE_ERROR:
        raise Refused(verdict.detail)
    if verdict.outcome is Outcome.JUDGE_ERROR:
        raise JudgeUnavailable(f"no verdict: {verdict.detail}")
    return verdict, provenance


def _line(case: Case) -> str:
    """A case in one line, with what was wrong."""
    row = f"{case.name}: {case.outcome}"
    if case.outcome is Outcome.FAILED:
        return f"{row}, printed {case.got!r}" + (
            f", expected {case.expected!r}" if case.expected is not None else ""
        )
    return f"{row}, {case.got}" if case.got else row


def _say(options: argparse.Namespace, verdict: Verdict) -> None:
    """On stderr, why a program did not end normally."""
    name = options.program[0]
    for error in verdict.diagnostics:
        place = error.file or (f"{name}:{error.line}:{error.column}" if error.line else f"{name}")
        print(f"{place}: error: {error.message}", file=sys.stderr)
    thrown: Any = verdict.exception
    if thrown is not None:
        place = f" ({name}:{thrown.line})" if thrown.line else ""
        said = f": {thrown.message}" if thrown.message else ""
        print(f"{name}: {thrown.type}{said}{place}", file=sys.stderr)
    elif verdict.outcome is Outcome.RUNTIME_ERROR and options.command is _run:
        print(f"{name}: {verdict.cases[0].got}", file=sys.stderr)
    elif verdict.outcome in WORDS:
        print(f"{name}: {verdict.outcome}: {WORDS[verdict.outcome]}", file=sys.stderr)
    if verdict.detail:
        print(f"{name}: {verdict.detail}", file=sys.stderr)
