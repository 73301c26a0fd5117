"""Python's end of one supervisor JVM: what it holds at the moment, and whether it still answers.

Two threads are its own: one listens, and one writes what is too much for the pipe, so that nobody waits for a
supervisor that does not read. All else belongs to the dispatcher's thread.

It is silent when a job that it surely works on has exceeded its limits by far, whatever else it answers
meanwhile, or when it misses its beats. It takes jobs in the order in which they come, so of those that it
holds it works on the oldest ones, as many as it has workers: a job's time counts from when it is one of them.
What takes long to compile may be overtaken there, and waits for one of the others to end: so the longest wall
clock's limit of those that it is held with counts for it too.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count, islice
from queue import SimpleQueue

from javabox.delivery import Promise
from javabox.job import Job
from javabox.protocol import codec as wire
from javabox.protocol.sealed import BrokenLine, Line

log = logging.getLogger("javabox")

SILENCE_SLACK_SECONDS = 30.0
"""A supervisor that exceeds the limits of a job by this much is taken for dead."""
BEATS_MISSED = 10
"""So is one that a program has stopped, or its container: it beats once a second."""


@dataclass(eq=False, slots=True)
class Task:
    """A job that waits for its verdict, with everyone who asked for it."""

    job: Job
    futures: list[Promise] = field(default_factory=list)
    """Empty when all of them were cancelled."""
    deaths: int = 0
    """Supervisors that ended, or ran out of memory, while they had it."""
    doubts: int = 0
    """Times that it ended in a way that others may have caused."""


HELD_BYTES = 32 << 20
"""Of jobs that a supervisor holds, whose heap is 512 MB, more than this is not added to."""
PIPE_BYTES = 60_000
"""What a pipe takes in while nobody reads it (pipe(7): 65,536 by default). So much can be written at once."""
_numbers = count(1)


@dataclass(eq=False, slots=True)
class _Flight:
    task: Task
    size: int
    """Bytes of its frame, which the supervisor may not have read yet."""
    since: float | None = None
    """When it became one of those that the supervisor works on."""
    beside: float = 0.0
    """The longest wall clock's limit of the jobs that it was seen with since, in seconds."""


class Supervisor:
    """A running supervisor. `hear` gets each of its answers, and None at its end, on a thread of its own."""

    def __init__(self, line: Line, workers: int, hear: Callable[[Supervisor, bytes | None], None]) -> None:
        self.line = line
        self.number = next(_numbers)
        self.worn = False
        """It asks to be replaced, and gets no more jobs."""
        self._workers = workers
        self._hear = hear
        self._flights: dict[int, _Flight] = {}
        self._held = 0
        """Bytes of them."""
        self._outbox: SimpleQueue[bytes | None] = SimpleQueue()
        self._queued = self._written = 0
        """Frames that were left to the writing thread, and that it has written."""
        self._heard = self._used = time.monotonic()
        self._missed = 0
        threading.Thread(target=self._write, name="javabox-send", daemon=True).start()
        threading.Thread(target=self._listen, name="javabox-receive", daemon=True).start()

    def load(self) -> int:
        """How many jobs it holds."""
        return len(self._flights)

    def has_room(self, most: int) -> bool:
        """Whether it may get one more: it holds fewer than `most`, and not too much for its memory."""
        return len(self._flights) < most and (self._held < HELD_BYTES or not self._flights)

    def send(self, job_id: int, task: Task) -> None:
        """Raises what `wire.encode_job` raises of a job that has no form on the wire."""
        frame = wire.encode_job(job_id, task.job)
        self._flights[job_id] = _Flight(task, len(frame))
        self._held += len(frame)
        self._clock()
        self._put(frame)

    def cancel(self, task: Task) -> None:
        """Asks it to end a job whose answer nobody waits for any more; nothing to do for one it does not
        hold."""
        for job_id, flight in self._flights.items():
            if flight.task is task:
                self._put(wire.encode_cancel(job_id))

    def take(self, job_id: int) -> Task | None:
        """The job that an answer is for, which it holds no longer. None: nobody asked."""
        flight = self._flights.pop(job_id, None)
        self._held -= flight.size if flight else 0
        self._clock()
        return flight.task if flight else None

    def take_all(self) -> list[Task]:
        """What is lost with it."""
        lost = [flight.task for flight in self._flights.values()]
        self._flights.clear()
        self._held = 0
        return lost

    def unused_seconds(self) -> float:
        return 0.0 if self._flights else time.monotonic() - self._used

    def silent(self) -> bool:
        """Whether it is to be given up. To be asked once a second."""
        now = time.monotonic()
        # Looks are counted, not seconds: this process may have been stopped itself.
        self._missed = self._missed + 1 if now - self._heard > 1.5 else 0
        late = False
        for flight in islice(self._flights.values(), self._workers):
            others = (_wall(other.task.job) for other in self._flights.values() if other is not flight)
            flight.beside = max(flight.beside, *others, 0.0)
            allowed = _allowance(flight.task.job) + flight.beside
            late |= flight.since is not None and now - flight.since > allowed
        return late or (len(self._flights) > 0 and self._missed > BEATS_MISSED)

    def close(self) -> None:
        """Ends it and all that it started. Idempotent."""
        self._outbox.put(None)
        self.line.channel.close()

    def _clock(self) -> None:
        self._used = time.monotonic()
        for flight in islice(self._flights.values(), self._workers):
            flight.since = self._used if flight.since is None else flight.since

    def _put(self, frame: bytes) -> None:
        """Writes it where that can't take long, else leaves it to the thread; in order."""
        if self._queued > self._written or self._held + len(frame) > PIPE_BYTES:
            self._queued += 1
            self._outbox.put(frame)
        else:
            with contextlib.suppress(OSError, ValueError):  # gone: the listener sees the end
                self.line.send(frame)

    def _write(self) -> None:
        while (frame := self._outbox.get()) is not None:
            try:
                self.line.send(frame)
            except (OSError, ValueError):
                return  # gone: the listener sees the end
            self._written += 1

    def _listen(self) -> None:
        try:
            while True:
                frame = self.line.receive()
                self._heard = time.monotonic()
                if wire.decode_id(frame) != wire.BEAT:
                    self._hear(self, frame)
        except (EOFError, OSError, ValueError, BrokenLine) as error:
            log.info("supervisor ended: %s %s", error, self.line.channel.stderr_tail())
        self._hear(self, None)


def _allowance(job: Job) -> float:
    return _wall(job) + job.limits.compile_seconds + SILENCE_SLACK_SECONDS


def _wall(job: Job) -> float:
    # A run of a suite of standard input has the limits for itself, and its checker has them again.
    runs = sum(1 if case.checker is None else 2 for case in job.suite.stdin) or 1
    return runs * job.limits.wall_seconds
