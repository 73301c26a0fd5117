"""Builds of the judge without one of its defences: pieces of its source, and what stands there instead.

No switch of shipped code turns a defence off, so its sources are copied and changed here, and built into folders of
their own. That each piece is still there is checked: a defence that has moved must be found again.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
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

EACH = """
import java.nio.file.*;
import java.util.*;
import java.util.spi.ToolProvider;

class Each {
    public static void main(String[] commands) throws Exception {
        for (String command : commands) {
            List<String> words = Files.readAllLines(Path.of(command));
            String[] rest = words.subList(1, words.size()).toArray(new String[0]);
            if (ToolProvider.findFirst(words.get(0)).orElseThrow().run(System.out, System.err, rest) != 0) {
                throw new Error(words.toString());
            }
        }
    }
}
"""
"""Runs tools of the JDK in one JVM: in a fresh one each, most of their time is its start."""


def make(undone: tuple[Undone, ...], folder: Path) -> dict[str, Path]:
    """What differs in builds without each of these, in folders below `folder`, by their names.

    Compiled are the changed files alone, beside the classes of the whole build.
    """
    home, whole = find_jdk().home, jvm.build(find_jdk())
    made = {one.name: folder / str(number) for number, one in enumerate(undone)}
    commands = [command for one in undone for command in _commands(one, home, whole, made[one.name])]
    files = [folder / f"{number}.txt" for number in range(len(commands))]
    for file, words in zip(files, commands, strict=True):
        file.write_text("\n".join(words))
    (folder / "Each.java").write_text(EACH)
    done = subprocess.run(
        [home / "bin" / "java", *jvm.SHORT_FLAGS, folder / "Each.java", *files],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return made


def _commands(undone: Undone, home: Path, whole: Path, made: Path) -> list[list[str]]:
    """Those that make in `made`, where this writes the changed sources, the jars and the image that differ."""
    sources, classes = made / "java", made / "classes"
    for name, piece, instead in undone.pieces:
        source = sources / name
        if not source.exists():
            source.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(jvm.SOURCES / name, source)
        text = source.read_text()
        assert text.count(piece) == 1, f"{name} has {text.count(piece)} times: {piece}"
        source.write_text(text.replace(piece, instead))
    # A class file does not say which module it was compiled for.
    exports = [*jvm.INTERNAL_COMPILER, jvm.INTERNAL_MEMORY.replace("javabox.program", "ALL-UNNAMED")]
    path = ":".join(str(whole / name) for name in jvm.JARS)
    javac = ["javac", "-g", "-encoding", "UTF-8", "-XDstringConcat=inline", *exports, "-cp", path]
    commands = [[*javac, "-d", str(classes), *sorted(map(str, sources.rglob("*.java")))]]
    for jar, packages in (("judge.jar", {"judge"}), ("program.jar", {"program", "runtime"})):
        if changed := sorted(packages & {name.split("/")[0] for name, _, _ in undone.pieces}):
            shutil.copy(whole / jar, made / jar)
            of_them = [word for package in changed for word in ("-C", str(classes), f"javabox/{package}")]
            commands.append(["jar", "--update", "--file", str(made / jar), *of_them])
    if (made / "program.jar").exists():
        _, *words = jvm.image_command(home, made, ["javabox.program"])
        commands.append(["jlink", *(word for word in words if word not in jvm.TOOL_FLAGS)])
    return commands


@contextlib.contextmanager
def judge_without(made: Path, folder: Path) -> Iterator[Judge]:
    """A judge with one worker whose JVM side, put together below `folder`, has what was made for it."""
    whole = jvm.build(find_jdk())
    parts = [
        str((made if (made / name).exists() else whole) / name)
        for name in ("judge.jar", "program.jar", "image")
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jvm, "build_commands", lambda _home, _sources, to: [["cp", "-r", *parts, str(to)]])
        patch.setenv("XDG_CACHE_HOME", str(folder))
        # Archives only make it start sooner.
        patch.setattr(jvm, "archive_command", lambda _: ["true"])
        patch.setattr(jvm, "judge_archive_command", lambda _home, _folder: ["true"])
        with Judge("local", workers=1, audit=0.0) as judge:
            yield judge
