"""Claim: `rlcf serve` under more load than it can judge answers 200 or 429 and nothing else, in bounded
time, and SIGTERM cuts nothing off that it had accepted.

Clients send batches of MBJP's references to `/v1/grade`, each program a new text (nothing is cached), and
wait as long as a 429 says. The queue is shorter than what all of them hold, so that it fills. SIGTERM comes
at the end, while all still send. Before it, one client asks for one program after the other.

    python -m benchmarks.service                             # 64 clients for 60 seconds
    python -m benchmarks.service --clients 0 --seconds 0     # that client alone
"""

from __future__ import annotations

import argparse
import json
import random
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError

from rlcf.problems import load_problems

WARMING, ALONE = 100, 200
"""Programs of the client that is alone."""


@dataclass
class Seen:
    """What all clients saw."""

    statuses: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, status: str, took: float, outcomes: list[str]) -> None:
        with self.lock:
            self.statuses[status] += 1
            self.seconds.setdefault(status, []).append(took)
            self.outcomes.update(outcomes)


def one_by_one(url: str, samples: list[dict[str, str]]) -> list[float]:
    """The seconds that one client waits for each program, on one connection; the first warm the judge."""
    pool, taken = urllib3.PoolManager(retries=False, timeout=300.0), []
    for number, row in enumerate(samples[: WARMING + ALONE]):
        rows = [row | {"completion": f"{row['completion']}// alone {number}"}]
        started = time.monotonic()
        answer = pool.request("POST", f"{url}/v1/grade", json={"samples": rows})
        taken.append(time.monotonic() - started)
        assert answer.status == 200, answer.data
    return taken[WARMING:]


def client(
    url: str, number: int, samples: list[dict[str, str]], batch: int, end: threading.Event, seen: Seen
) -> None:
    """Sends batches until the end; waits as it is told to."""
    pool = urllib3.PoolManager(retries=False, timeout=300.0)
    chance = random.Random(number)
    turn = 0
    while not end.is_set():
        turn += 1
        chosen = chance.sample(samples, batch)
        rows = [row | {"completion": f"{row['completion']}// {number} {turn}"} for row in chosen]
        started = time.monotonic()
        try:
            answer = pool.request(
                "POST",
                f"{url}/v1/grade",
                body=json.dumps({"samples": rows}).encode(),
                headers={"Content-Type": "application/json"},
            )
        except HTTPError as error:
            name = "after SIGTERM" if end.is_set() else type(error).__name__
            seen.add(name, time.monotonic() - started, [])
            continue
        took = time.monotonic() - started
        results: list[dict[str, Any]] = answer.json()["results"] if answer.status == 200 else []
        seen.add(str(answer.status), took, [str(row["outcome"]) for row in results])
        if answer.status == 429:
            end.wait(float(answer.headers["Retry-After"]) * chance.uniform(1.0, 1.25))


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def started(options: argparse.Namespace, log: list[str]) -> tuple[subprocess.Popen[str], str]:
    """A server, and its URL. `log` gets the lines that it logs from then on."""
    serve = [sys.executable, "-m", "rlcf", "serve", "--engine", "local", "--problems", "mbjp", "--port", "0"]
    limits = ["--queue", str(options.queue), "--max-batch", str(options.queue)]
    process = subprocess.Popen([*serve, *limits], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("{") and (row := json.loads(line))["event"] == "ready":
            threading.Thread(target=lambda: log.extend(process.stderr or ()), daemon=True).start()
            return process, str(row["url"])
    raise SystemExit("the server did not start")


def main() -> None:
    parser = argparse.ArgumentParser(description="The service under load.")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--queue", type=int, default=128)
    options = parser.parse_args()
    problems = [one for one in load_problems("mbjp") if one.reference]
    samples = [{"task_id": one.task_id, "completion": str(one.reference)} for one in problems]
    log: list[str] = []
    process, url = started(options, log)
    alone = one_by_one(url, samples)
    seen, end = Seen(), threading.Event()
    clients = [
        threading.Thread(target=client, args=(url, number, samples, options.batch, end, seen))
        for number in range(options.clients)
    ]
    begun = time.monotonic()
    for one in clients:
        one.start()
    time.sleep(options.seconds)
    took = time.monotonic() - begun
    with seen.lock:
        statuses, seconds, outcomes = Counter(seen.statuses), dict(seen.seconds), Counter(seen.outcomes)
    end.set()
    process.send_signal(signal.SIGTERM)
    for one in clients:
        one.join()
    code = process.wait()
    print(f"`{shlex.join(['python', '-m', 'benchmarks.service', *sys.argv[1:]])}`\n")
    p50, p99 = (1000 * percentile(alone, share) for share in (0.5, 0.99))
    print(f"one client, one program after the other: p50 {p50:.1f} ms, p99 {p99:.1f} ms\n")
    print("| answer | requests | p50 s | p99 s | longest s |\n|---|---:|---:|---:|---:|")
    for status in sorted(statuses):
        times = seconds[status][: statuses[status]]
        shown = [percentile(times, 0.5), percentile(times, 0.99), max(times)]
        print(f"| {status} | {statuses[status]} | " + " | ".join(f"{value:.3f}" for value in shown) + " |")
    print(f"\n{sum(outcomes.values()) / took:.1f} programs/s; {dict(outcomes)}")
    answered = seen.statuses["200"] - statuses["200"]
    print(f"SIGTERM under load: exit code {code}, {answered} batches answered after it, {log[-1].strip()}")


if __name__ == "__main__":
    main()
