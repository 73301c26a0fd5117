"""SIGTERM under load: what was accepted is answered, nothing more is taken, and the process ends with 0."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections import Counter
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError

from javabox import Limits
from javabox.job import FUEL_PER_SECOND
from tests.rlcf.service.running import Served, served, until

CLIENTS = 12
BATCH = 10
CONNECTING = "NewConnectionError", "ConnectionRefusedError"


def test_no_accepted_batch_is_lost() -> None:
    with served("--queue", "512", "--grace", "120", started=True) as own:
        ended = threading.Event()
        counts: Counter[str] = Counter()
        clients = [threading.Thread(target=_client, args=(own, n, ended, counts)) for n in range(CLIENTS)]
        for client in clients:
            client.start()
        assert until(lambda: counts["answered"] >= CLIENTS, 60), counts
        assert until(lambda: own.metric("rlcf_programs_waiting") > BATCH)
        own.signal(signal.SIGTERM)
        assert own.process.wait(120) == 0
        ended.set()
        for client in clients:
            client.join(30)
        assert counts["cut"] == 0, counts
        assert counts["refused"] >= CLIENTS  # each has found the door closed
        assert until(lambda: own.log[-1]["event"] == "ended")
        assert own.log[-1]["cut_off"] == 0
        logged = Counter(line["status"] for line in own.log if line.get("path") == "/v1/jobs")
        assert logged == {200: counts["answered"]}
    assert own.jvms() == []


def _client(own: Served, number: int, ended: threading.Event, counts: Counter[str]) -> None:
    """Sends batch after batch: each is answered in full, or was never taken."""
    turn = 0
    while not ended.is_set():
        turn += 1
        source = "class A { static int f() { return %d; } } // %d %d"
        jobs = [{"source": source % (index, number, turn)} for index in range(BATCH)]
        pool = urllib3.PoolManager(retries=False, timeout=120.0)
        try:
            answer = pool.request(
                "POST",
                f"{own.url}/v1/jobs",
                body=json.dumps({"jobs": jobs}).encode(),
                headers={"Content-Type": "application/json"},
            )
        except HTTPError as error:
            # A connection that nobody had accepted is reset or refused before anything was read.
            taken = "closed connection without response" in str(error) or "IncompleteRead" in str(error)
            counts["cut" if taken else "refused"] += 1
            time.sleep(0.2)
            continue
        rows = [json.loads(line) for line in answer.data.splitlines() if line]
        verdicts = {row["index"]: row["verdict"]["outcome"] for row in rows if "verdict" in row}
        counts["answered" if verdicts == dict.fromkeys(range(BATCH), "passed") else "cut"] += 1


def test_what_takes_longer_than_the_grace_is_cut_off_and_said() -> None:
    limits = {"fuel": 55 * FUEL_PER_SECOND, "wall_seconds": Limits().wall_seconds}
    cases = [{"name": "0", "code": "int r = A.f();", "value": "r", "expected": "1"}]
    job: dict[str, Any] = {
        "source": "class A { static int f() { while (true); } }",
        "suite": {"cases": cases},
        "limits": limits,
    }
    with served("--grace", "1") as own:
        asking = threading.Thread(target=lambda: _ignored(own, job))
        asking.start()
        assert until(lambda: own.metric("rlcf_programs_waiting") == 1)
        started = time.monotonic()
        own.signal(signal.SIGTERM)
        assert own.process.wait(30) == 1
        assert time.monotonic() - started < 20
        asking.join(30)
        assert until(lambda: own.log[-1]["event"] == "ended")
        assert own.log[-1]["cut_off"] == 1
    assert own.jvms() == []


def _ignored(own: Served, job: dict[str, Any]) -> None:
    try:
        own.ask("/v1/jobs", {"jobs": [job]})
    except HTTPError:
        return
