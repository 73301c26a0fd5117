"""Attacks succeed against a judge without the defence that is there for them, and not against the judge.

So each of them attacks something, and the defence is what holds it off. With isolation alone, as all attacks.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.attacks import CORPUS
from javabox import Job, Judge, Outcome
from javabox.engines import local
from tests.javabox.attacks.attacks_on_tests import LIMITS, Attack
from tests.javabox.attacks.attacks_on_the_floor import SHARED
from tests.javabox.attacks.defences import KEPT, UNDONE, Undone, judge_without, make
from tests.javabox.programs import DOUBLE, PROMPT

BEFORE = {
    "a note from the temporary folder": "a note in the temporary folder",
    "interrupted by the program before": "an interrupt for the next program",
}
"""What has to be judged first, in the same JVM or on the same floor."""
ATTEMPTS = 5
"""A JVM that starts slowly on a busy machine serves one program, and the next one gets another."""
INTERRUPTED = (
    "try { Thread.sleep(1); } catch (InterruptedException e) { seen = true; } return seen ? 2 * x : 0; }"
    " static boolean seen; static {"
)
NEXT = Attack(Job(f"{PROMPT}{INTERRUPTED}\n}}}}\n", DOUBLE, LIMITS, len(PROMPT)))


def verdicts(judge: Judge, names: tuple[str, ...]) -> dict[str, Outcome]:
    """One after the other, each after what has to come before it."""
    found = {}
    for name in names:
        attack = CORPUS.get(name, NEXT)
        before = [CORPUS[BEFORE[name]].job] if name in BEFORE else []
        for attempt in range(ATTEMPTS if before else 1):
            for job in [*before, attack.job]:
                another = replace(job, source=job.source + "\n" * attempt)  # else its verdict is known
                found[name] = judge.grade([another])[0].outcome
            if found[name] in attack.wanted:
                break
    return found


def succeeded(found: dict[str, Outcome]) -> list[str]:
    return [name for name, outcome in found.items() if outcome in CORPUS.get(name, NEXT).wanted]


@pytest.fixture
def folder() -> Iterator[Path]:
    yield from _folder()


@pytest.fixture(scope="module")
def made() -> Iterator[dict[str, Path]]:
    """What differs in the judges without a defence, by its name."""
    for folder in _folder():
        yield make((*UNDONE, KEPT), folder)


def _folder() -> Iterator[Path]:
    """Not below /tmp, which is another one for the judge and its programs."""
    if local.best_floor().floor == "none":
        pytest.skip(f"no isolation here: {local.best_floor().reason}")
    path = Path(tempfile.mkdtemp(prefix="javabox-", dir="/var/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def whole() -> Iterator[Judge]:
    """With all of its defences."""
    if local.best_floor().floor == "none":
        pytest.skip(f"no isolation here: {local.best_floor().reason}")
    with Judge("local", workers=1) as judge:
        yield judge


@pytest.mark.parametrize("undone", UNDONE, ids=lambda undone: undone.name)
def test_attacks_succeed_without_their_defence_and_only_then(
    undone: Undone, whole: Judge, made: dict[str, Path], folder: Path
) -> None:
    assert succeeded(verdicts(whole, undone.attacks)) == []
    with judge_without(made[undone.name], folder) as judge:
        found = verdicts(judge, undone.attacks)
    assert succeeded(found) == list(undone.attacks), found


def test_notes_in_the_kernels_memory_reach_the_next_program_without_the_filter(
    whole: Judge, made: dict[str, Path], folder: Path
) -> None:
    """Shared memory, queues and semaphores are nobody's file, and a namespace keeps them until it ends."""
    assert succeeded(verdicts(whole, tuple(SHARED))) == []
    if local.best_floor().floor != "namespaces":  # there it is more than this that forbids them
        return
    readers = [name for name in SHARED if " from " in name]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("javabox.engines.restricted.seccomp.supported", lambda: False)
        with Judge("local", workers=1) as judge:  # it sees what is kept, and replaces its supervisor
            assert succeeded(verdicts(judge, tuple(SHARED))) == []
        with judge_without(made[KEPT.name], folder) as judge:
            found = verdicts(judge, tuple(SHARED))
    assert succeeded(found) == readers, found


def test_twenty_attacks_have_their_defence_shown() -> None:
    assert len({name for undone in UNDONE for name in undone.attacks}) >= 20
