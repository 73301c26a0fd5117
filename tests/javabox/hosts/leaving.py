"""What test_forks.py runs in a Python of its own: children end in any way, and nobody is harmed.

It imports no pytest: a child that leaves by `sys.exit` takes down all that was imported, and so twice as long.
"""

from __future__ import annotations

import gc
import sys
import threading

from javabox import Judge, JudgeInChild, Outcome, Verdict
from javabox.engines.opening import Engine
from tests.javabox.processes import CHILD_SECONDS, UNANSWERED, in_child
from tests.javabox.programs import program, sum_of


def children_that_leave(engine: Engine = "local") -> None:
    """The script: children end by sys.exit, after a collection of garbage, by an error, beside jobs in flight."""
    gc.freeze()  # each child would look through all that was imported
    with Judge(engine, 2) as judge:
        channel = judge._channel
        jobs = [program(f"Thread.onSpinWait(); return 2 * x + {i} - {i};") for i in range(24)]
        futures = [judge.submit(job) for job in jobs]
        codes = [in_child(lambda: None, leave=sys.exit if i % 2 else _collect_and_leave) for i in range(8)]
        assert codes == [UNANSWERED] * 8, codes
        outcomes = [future.result(timeout=60).outcome for future in futures]
        assert outcomes == [Outcome.PASSED] * len(jobs), outcomes
        assert judge._channel is channel
        assert judge.stats()["supervisors_replaced"] == 0
    print("nobody was harmed")


def _collect_and_leave(code: int) -> None:
    for judge in [thing for thing in gc.get_objects() if isinstance(thing, Judge)]:
        judge.close()
        judge.__exit__(None, None, None)
    gc.collect()
    sys.exit(code)


def children_beside_threads() -> None:
    """The script: forks at any moment. Whatever the judge's threads hold just then, no child waits for it."""
    gc.freeze()
    stop = threading.Event()
    failed: list[Verdict] = []

    def keep_asking(judge: Judge, number: int) -> None:
        while not stop.is_set():
            number += 1
            verdict = judge.grade([program(f"return 2 * x; // asked beside forks {number}")])[0]
            failed.extend([] if verdict.passed else [verdict])

    with Judge("local", 2) as judge:

        def refused() -> None:
            try:
                judge.grade([sum_of(5)])
            except JudgeInChild:
                judge.close()
            else:
                raise AssertionError("a child was not refused")

        threads = [threading.Thread(target=keep_asking, args=(judge, 10_000 * i)) for i in range(2)]
        for thread in threads:
            thread.start()
        codes = [in_child(refused, leave=sys.exit) for _ in range(30)]
        stop.set()
        for thread in threads:
            thread.join(CHILD_SECONDS)
        assert not any(thread.is_alive() for thread in threads)
        assert codes == [UNANSWERED] * 30, codes
        assert not failed, failed
        assert judge.stats()["supervisors_replaced"] == 0
    print("nobody was harmed")
