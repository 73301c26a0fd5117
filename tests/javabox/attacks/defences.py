"""Builds of the judge without one of its defences: pieces of its source, and what stands there instead.

No switch of shipped code turns a defence off, so its sources are copied and changed here, and built into a folder of
their own. That each piece is still there is checked: a defence that has moved must be found again.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from javabox import Judge
from javabox.engines import jvm
from javabox.engines.jdk import find_jdk

Piece = tuple[str, str, str]
"""File below javabox/java, a piece of it that is there once, and its replacement."""


def never(file: str, condition: str) -> Piece:
    """The branch on `condition` is taken no more."""
    return file, f"if ({condition}) {{", "if (false) {"


def always(file: str, condition: str) -> Piece:
    """The branch on `condition` is taken whatever it says."""
    return file, f"if ({condition}) {{", "if (true) {"


@dataclass(frozen=True)
class Undone:
    """Defences that belong together, turned off, and the attacks that they keep from what they want."""

    name: str
    pieces: tuple[Piece, ...]
    attacks: tuple[str, ...]


UNDONE = (
    Undone(
        "what was tested",
        (
            # A program's own main, in the place of the tests that it has swallowed, ...
            never("judge/compile/SharedFile.java", "!found.equals(alone(job, compiler))"),
            # ... tests that check nothing, ...
            ("judge/run/Conversation.java", "prepared.witnessed() && checks == 0;", "false;"),
            # ... and assertions as `java` has them, without -ea.
            ("judge/meter/Rewriter.java", "!reflects, true,", "!reflects, wanted.assertions,"),
        ),
        (
            "assertions off in a static initialiser",
            "assertions off in the program",
            "assertions of its own",
            "no answer to check",
            "the end of input",
            "the end of input, escaped",
            "an open comment that the tests close",
            "an open comment, documented",
            "an open comment, escaped",
            "an open comment behind an escaped line end",
            "an open comment behind a carriage return",
            "an open comment far away",
            "an open comment and a lone surrogate",
            "a Main that is a record",
            "a Main that is an enum",
            "a Main that is an interface",
        ),
    ),
    Undone(
        "whose exception",
        (
            never("program/Thrown.java", "!junit && (Tank.inProgram || thrown == Tank.fromProgram)"),
            ("program/Thrown.java", "UNSAFE.putReference(thrown, WRITTEN, null);", ""),
            never("program/Thrown.java", "classes.contains(type) && !tests.contains(type)"),
            always("runtime/Meter.java", "key == Tank.key"),
        ),
        (
            "a stack trace written by hand",
            "a stack trace written by hand, in a list",
            "a stack trace written through a reference",
            "a stack trace written by reflection",
            "a stack trace of its own",
            "a stack trace of its own, in a list",
            "a cause with a lying trace",
            "out of the program by name",
            "checks counted by name",
            "checks counted by name, from outside",
        ),
    ),
    Undone(
        "names of the JDK",
        (
            never("judge/compile/Imports.java", "!declared.contains(name)"),
            never("judge/compile/Build.java", "hidden != null"),
        ),
        (
            "an Arrays of its own, for a list",
            "a List of its own, for a list",
            "a Boolean of its own",
            "an Objects of its own, for a whole suite",
            "an Objects of its own, for the tests",
        ),
    ),
    Undone(
        "values that are what they say",
        (
            never("program/Values.java", "at.getDeclaredMethods().length > 0"),
            ("program/Plain.java", "return Values.ofJdk(element) ? type", "return true ? type"),
            ("runtime/Equality.java", "if (a == b || a instanceof String", "if (true || a instanceof String"),
        ),
        (
            "a charset of its own",
            "a date of its own",
            "bits of its own",
            "a class that is called like the JDK's",
            "a list that equals all, for a whole suite",
            "a view of a list that equals all",
            "a proxy that equals all, for a whole suite",
            "an element that equals all",
            "a set whose order takes all for equal, for a whole suite",
            "an answer for the other side",
        ),
    ),
    Undone(
        "what is left for the next program, and time",
        (
            ("judge/Runner.java", "boolean files = task.files();", "boolean files = false;"),
            ("program/Program.java", "Thread.interrupted(); // one that ran before may have left it set", ""),
            never("runtime/Clocks.java", "millis < 0"),
            ("runtime/Clocks.java", "if (nanos > 0 && Tank.sleep(nanos)) {", "if (Tank.sleep(nanos)) {"),
        ),
        ("a note from the temporary folder", "interrupted by the program before", "a sleep into the past"),
    ),
)

KEPT = Undone("what the kernel keeps", (never("judge/run/Groups.java", "keepsMemory()"),), ())
"""To be undone together with the filter of system calls, which is no part of the JVM side."""


@contextlib.contextmanager
def judge_without(undone: Undone, folder: Path) -> Iterator[Judge]:
    """A judge with one worker whose JVM side, built below `folder`, lacks these defences."""
    sources = folder / "java"
    shutil.copytree(jvm.SOURCES, sources)
    for name, piece, instead in undone.pieces:
        text = (sources / name).read_text()
        assert text.count(piece) == 1, f"{name} has {text.count(piece)} times: {piece}"
        (sources / name).write_text(text.replace(piece, instead))
    whole = jvm.build(find_jdk())
    with pytest.MonkeyPatch.context() as patch:
        changed = {name.startswith("judge/") for name, _, _ in undone.pieces}
        if changed == {True}:
            patch.setattr(jvm, "build_commands", partial(_judge_commands, whole))
        elif changed == {False}:
            patch.setattr(jvm, "build_commands", partial(_program_commands, whole))
        patch.setattr(jvm, "SOURCES", sources)
        patch.setenv("XDG_CACHE_HOME", str(folder))
        # Archives only make it start sooner.
        patch.setattr(jvm, "archive_command", lambda _: ["true"])
        patch.setattr(jvm, "judge_archive_command", lambda _home, _folder: ["true"])
        with Judge("local", workers=1, audit=0.0) as judge:
            yield judge


def _program_commands(whole: Path, home: Path, sources: Path, folder: Path) -> list[list[str]]:
    """Those of a build that make what programs see; `judge.jar` is that of the build `whole`."""
    program = jvm.jar_commands(home, sources, folder)[:2]
    image = jvm.image_command(home, folder, ["javabox.program"])
    return [
        ["cp", str(whole / "judge.jar"), str(folder)],
        *program,
        image,
        ["rm", "-r", str(folder / "program")],
    ]


def _judge_commands(whole: Path, home: Path, sources: Path, folder: Path) -> list[list[str]]:
    """Those of a build that make `judge.jar`; what programs see is that of the build `whole`."""
    same = [str(whole / "program.jar"), str(whole / "image")]
    judge = jvm.jar_commands(home, sources, folder)[2:4]
    return [["cp", "-r", *same, str(folder)], *judge, ["rm", "-r", str(folder / "judge")]]
