"""What is asked of the judge: a program, the tests it must pass, the limits it runs under.

A `Job` is one program. Its source is prompt + completion; `completion_start` says where the
completion begins, so that every line, column and position in the verdict counts in the completion.

A `Suite` is either *taken apart* (named cases, each run and compared on its own; the expected values
are evaluated apart from the program, which never sees them), or of *standard input* (the program's own `main`
runs once a case, and what it printed is compared), or *whole* (a test program whose `main` must return
normally), or empty (the job is only compiled).

A program is one source, as it comes (`public class` of any name, a package, a main of its own), and what
`Job.files` has beside it. Tests that name no package are compiled into the program's.

Not covered: programs in modules.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Literal, Self, get_args

FUEL_PER_SECOND = 2_000_000_000
"""Bytecode instructions in one second of `--time-limit`: about what one core executes under the meter,
measured once (LOG.md) and the same on every machine since."""


@dataclass(frozen=True, slots=True)
class SuiteCase:
    """One test: statements that call the program, the value they leave, the value expected."""

    name: str
    code: str
    """Java statements run against the program, e.g. `int x0 = Add.add(1, 2);`."""
    value: str
    """Java expression for the result after `code`, e.g. `x0`."""
    expected: str | None
    """Java expression, e.g. `3`; must not mention the program. None: the case passes if it returns
    a value of the JDK, and the verdict carries that value as a Java expression."""
    expected_type: str = "Object"
    """Declared type that `expected` is assigned to, e.g. `List<Integer>` (it guides inference)."""
    tolerance: float | None = None
    """Largest absolute difference at which two floating-point numbers count as equal.
    None: `Object.equals` over JDK values; arrays are compared by element."""


LARGEST_STDIN = 64 << 20
"""Characters of all inputs and expected outputs of a suite: what a supervisor's memory has room for."""
Compare = Literal["exact", "lines", "tokens", "numbers", "checker"]


@dataclass(frozen=True, slots=True)
class StdinCase:
    """One run of the program's own `main(String[])`: what it reads, and what it should print.

    The class whose `main` runs: the program's only top-level class that has one; of several `Main`, else the
    first public one, else the first. Text is UTF-8 in and out. A run that ends with another exit code than 0,
    as after an exception that nobody caught, is a `runtime_error` whatever it printed.
    """

    name: str
    stdin: str
    """All of the standard input; afterwards it is at its end."""
    expected: tuple[str, ...] = ()
    """Standard output, any of these. None at all: the case passes when the program ends normally (with a
    checker, when that says so), and the verdict carries what it printed as the case's `value`."""
    compare: Compare = "lines"
    """`exact`: byte for byte. `lines`: without white space at the ends of lines and empty lines at the end.
    `tokens`: the words between white space. `numbers`: the same, and two words that are decimal numbers are
    equal within `tolerance`. `checker`: as `checker` says."""
    tolerance: float = 1e-6
    """Largest difference, absolute or relative to the expected number, of `numbers`."""
    checker: str | None = None
    """Java source with one class that has `static boolean check(String input, String output, String
    expected)`: whether the output is right; `expected` is the first one, or empty. It runs apart from the
    program, under the job's limits. An output at which it throws or runs out of them is wrong."""

    def __post_init__(self) -> None:
        if self.compare not in get_args(Compare):
            raise ValueError(f"case {self.name}: compare is one of {get_args(Compare)}, not {self.compare!r}")
        if (self.compare == "checker") != (self.checker is not None):
            raise ValueError(f"case {self.name}: a checker is asked if, and only if, compare is 'checker'")


@dataclass(frozen=True, slots=True)
class Suite:
    """The tests of a problem."""

    cases: tuple[SuiteCase, ...] = ()
    imports: str = ""
    """Import lines for the code of the cases and the expected values."""
    whole: str | None = None
    """Java source of a test program with `class Main` and `main`, used when it can't be taken apart; empty
    where the job's source has its own. Then `cases` is empty, and passing means that `main` returned after at
    least one assertion, or one branch to a throw, of the tests' own was evaluated."""
    assertions: bool = False
    """Whether `assert` is on in the program's own code, as with `java -ea`. In that of tests it always is."""
    stdin: tuple[StdinCase, ...] = ()
    """Runs of the program's own `main`, each by itself: a class, a static field or a file of one run is not
    there in the next. `Limits` hold for each. After one that runs into a limit or crashes no more are run."""
    junit: bool = False
    """Whether `whole` is one or more JUnit 4 or 5 test classes: then each test method is a case, named
    `Class.method`, and each invocation of a parameterised one. Needs JUnit beside the judge."""

    def __post_init__(self) -> None:
        if self.junit and not self.whole:
            raise ValueError("a JUnit suite is whole: it needs the source of its test classes")
        if (self.whole is not None) + bool(self.cases) + bool(self.stdin) > 1:
            raise ValueError("a suite is whole, or has cases, or has stdin: one of the three")
        names = self.names
        if len(set(names)) != len(names):
            raise ValueError(f"case names must differ: {names}")
        size = sum(len(text) for case in self.stdin for text in (case.stdin, *case.expected))
        if size > LARGEST_STDIN:
            raise ValueError(
                f"inputs and outputs of {size >> 20} MB together, over 64: make several suites of them"
            )

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its cases; none of a whole suite."""
        return tuple(case.name for case in self.cases or self.stdin)

    @property
    def compile_only(self) -> bool:
        return self.whole is None and not self.cases and not self.stdin


@dataclass(frozen=True, slots=True)
class Limits:
    """What a program may use. Fuel and allocation are counted, and so the same on every machine and load.

    The default admits what plain java does in two seconds on an ordinary core.
    """

    fuel: int = 4 * FUEL_PER_SECOND
    """Executed bytecode instructions, of the whole suite together (of a suite of standard input: of each
    run): the time limit that decides."""
    wall_seconds: float = 60.0
    """The same of the clock, JVM start included: a backstop for what fuel does not see."""
    idle_seconds: float = 3.0
    """A program that does not use its processor for so long waits for what never comes: it is ended."""
    compile_seconds: float = 20.0
    memory_mb: int = 256
    """Java heap of the program (-Xmx)."""
    allocation_mb: int = 1 << 16
    """All that the program allocates, freed or not. One object larger than the heap ends it at once."""
    output_bytes: int = 64 << 20
    """Printed to stdout and stderr together; where it is judged by what it prints, at most 16 MB."""

    @classmethod
    def of(cls, time_limit: float | None = None, memory_limit: int | None = None) -> Self:
        """The limits of `--time-limit` (seconds of fuel) and `--memory-limit` (megabytes of heap).

        The wall clock is raised with the fuel, and stays a backstop.
        """
        limits = cls() if memory_limit is None else cls(memory_mb=memory_limit)
        if time_limit is None:
            return limits
        return replace(
            limits,
            fuel=round(time_limit * FUEL_PER_SECOND),
            wall_seconds=max(limits.wall_seconds, 15.0 * time_limit),
            idle_seconds=max(limits.idle_seconds, time_limit),
        )


@dataclass(frozen=True, slots=True)
class Job:
    """One program to judge."""

    source: str
    """Any text, NUL and lone surrogates included."""
    suite: Suite = field(default_factory=Suite)
    limits: Limits = field(default_factory=Limits)
    completion_start: int = 0
    """Index in `source` (code points) at which the completion begins."""
    tests_start: int | None = None
    """Index in `source` (code points) at which the tests begin, where they share the program's file (as
    mxeval joins them). A program that makes javac read them otherwise than alone does not compile. None: they
    have a file of their own, or, in a source that brings its own main, they are `class Main`."""
    coverage: bool = False
    """Whether the verdict names the lines of the completion that each case executed."""
    files: tuple[tuple[str, str], ...] = ()
    """Path and text of the program's other source files, e.g. `("util/Lists.java", "package util; …")`."""
    declared: tuple[str, ...] | None = None
    """The classes that the program is meant to declare, by their simple names. No other one stands before
    what its tests mean by a name (`Integer`, `Pair`). None: those before the completion; where that begins
    with the source, all of it. Say here what the prompt declares where a model wrote the whole source."""

    def __post_init__(self) -> None:
        paths = [PurePosixPath(path) for path, _ in self.files]
        for path in paths:
            if path.suffix != ".java" or path.is_absolute() or ".." in path.parts or "\0" in str(path):
                raise ValueError(f"a file of a program has a relative path that ends in .java, not '{path}'")
            if path.name == "module-info.java":
                raise ValueError(f"{path}: programs are in no module")
        if len(set(paths)) != len(paths):
            raise ValueError(f"paths of files must differ: {sorted(map(str, paths))}")
