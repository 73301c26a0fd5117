"""No attack passes, none changes what an honest program gets right after it, and none leaves anything behind.

The corpus goes through two judges of one worker each, so that the honest program after an attack meets whatever
that has left: a warm JVM, a supervisor, a machine.
"""

from __future__ import annotations

import pytest

from benchmarks.attacks import CORPUS, Siege, besiege
from javabox import Judge, Limits, Outcome, Suite
from javabox.engines import local
from javabox.verdict import NO_VERDICT
from tests.javabox.attacks.attacks_on_classes import ATTACKS_ON_CLASSES
from tests.javabox.attacks.attacks_on_junit import ATTACKS_ON_JUNIT
from tests.javabox.attacks.attacks_on_limits import ATTACKS_ON_LIMITS
from tests.javabox.attacks.attacks_on_tests import ATTACKS_ON_TESTS
from tests.javabox.attacks.attacks_on_the_floor import ATTACKS_ON_THE_FLOOR, FLOOR
from tests.javabox.attacks.attacks_on_values import ATTACKS_ON_VALUES
from tests.javabox.attacks.corpus import ATTACKS
from tests.javabox.programs import PROMPT, program

GROUND = local.best_floor()


@pytest.fixture(scope="module")
def siege() -> Siege:
    if GROUND.floor == "none":
        pytest.skip(f"no isolation here: {GROUND.reason}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("javabox.supervisor.SILENCE_SLACK_SECONDS", 5.0)
        return besiege("local", judges=2)


def test_the_corpus_is_large() -> None:
    assert len(ATTACKS | ATTACKS_ON_LIMITS) == len(ATTACKS) + len(ATTACKS_ON_LIMITS) >= 217
    new = (ATTACKS_ON_TESTS, ATTACKS_ON_VALUES, ATTACKS_ON_THE_FLOOR, ATTACKS_ON_CLASSES, ATTACKS_ON_JUNIT)
    assert len(CORPUS) == len(ATTACKS | ATTACKS_ON_LIMITS) + sum(map(len, new)) >= 277


@pytest.mark.parametrize("name", CORPUS)
def test_no_attack_passes(siege: Siege, name: str) -> None:
    assert siege.attacks[name].outcome not in CORPUS[name].wanted | set(NO_VERDICT)


@pytest.mark.parametrize("name", CORPUS)
def test_no_attack_changes_the_verdict_of_the_next_program(siege: Siege, name: str) -> None:
    told = siege.changed.get(name)
    assert told is None, told


def test_an_attack_seldom_ends_the_jvm_of_the_next_program(siege: Siege) -> None:
    """One that still runs may kill it; which lane judges then is no part of what the program is told."""
    assert siege.moved <= 5


@pytest.mark.parametrize("name", FLOOR)
def test_what_isolates_denies(siege: Siege, name: str) -> None:
    """The attack says itself what it has achieved."""
    assert [case.value for case in siege.attacks[name].cases] == ['"denied"', '"denied"']


def test_no_attack_leaves_anything(siege: Siege) -> None:
    assert siege.left.processes == []
    assert siege.left.files == []
    assert siege.left.connections == 0


# Where only the runner's last frame proves the end, this one forges it: it finds the tokens of the frames, three
# byte arrays in a row, in its own memory.
FROM_MEMORY = """
    try (var mem = new java.io.RandomAccessFile("/proc/self/mem", "r")) {
      for (String line : java.nio.file.Files.readAllLines(java.nio.file.Path.of("/proc/self/maps"))) {
        String[] range = line.split("[ -]");
        long at = Long.parseLong(range[0], 16), end = Long.parseLong(range[1], 16);
        if (!line.contains("rw-p") || line.contains("[") || end - at > 1 << 29) continue;
        byte[] b = new byte[1 << 16];
        for (; at < end; at += b.length - 128) {
          try { mem.seek(at); mem.read(b); } catch (java.io.IOException e) { continue; }
          var w = java.nio.ByteBuffer.wrap(b).order(java.nio.ByteOrder.nativeOrder());
          for (int i = 0; i + 128 < b.length; i += 8) {
            if (w.getInt(i + 12) != 16 || w.getInt(i + 44) != 16 || w.getInt(i + 76) != 16 || w.getLong(i) != 1
                || w.getLong(i + 32) != 1 || w.getLong(i + 64) != 1 || w.getShort(i + 48) == 0) continue;
            var out = java.nio.ByteBuffer.allocate(59);
            out.put(b, i + 48, 16).put((byte) 'V').putInt(5).putInt(0).put((byte) 'N');
            out.put(b, i + 80, 16).put((byte) 'D').putInt(12).putLong(1).putInt(0);
            new java.io.FileOutputStream(java.io.FileDescriptor.out).write(out.array());
            Thread.sleep(1000);
          }
        }
      }
    } catch (Exception e) { System.exit(7); }
    return 0;"""


def test_a_whole_suite_can_not_be_left_early(judge: Judge) -> None:
    """Where only the runner's last frame proves the end, an early exit and forged bytes must not look like it."""
    test = "class Main { public static void main(String[] a) throws Exception { if (!S.f(2).equals(4)) throw new Exception(); } }"
    names = [
        "exit",
        "halt",
        "exit where nothing is caught",
        "bytes on the descriptor",
        "frames with guessed tokens",
        "reading the tokens from stdin",
        "reflection on the runner",
        "a frame forged from a stolen one",
        "exit from another thread",
        "stopping the main thread",
    ]
    jobs = [program(ATTACKS[name], Suite(whole=test), fuel=Limits().fuel, wall_seconds=1.0) for name in names]
    jobs.append(program(FROM_MEMORY, Suite(whole=test), fuel=Limits().fuel, wall_seconds=8.0))
    assert not any(verdict.passed for verdict in judge.grade(jobs))


def test_the_expected_values_are_not_in_the_programs_process(judge: Judge) -> None:
    """A program that reads its own class path, classes and stdin finds the inputs but not the answers."""
    secret = "91827364"
    suite = program("").suite
    hidden = Suite(cases=(type(suite.cases[0])("only", "Object r = S.f(2);", "r", secret, "int"),))
    search = """
        StringBuilder all = new StringBuilder();
        try (var in = S.class.getClassLoader().getResourceAsStream("Main.class")) { if (in != null) all.append(new String(in.readAllBytes())); }
        catch (Exception e) { }
        try { all.append(new String(java.nio.file.Files.readAllBytes(java.nio.file.Path.of("/proc/self/cmdline")))); } catch (Exception e) { }
        try { for (var m : Class.forName("Main").getDeclaredMethods()) all.append(m); } catch (Exception e) { }
        int at = all.indexOf("91827" + "364");
        return at < 0 ? 0 : Integer.parseInt(all.substring(at, at + 8));"""
    assert judge.grade([program(search, hidden, PROMPT, fuel=Limits().fuel)])[0].outcome is Outcome.FAILED
