"""Metrics for Prometheus, and logs as JSON lines. Neither holds a program, a test or a key."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

log = logging.getLogger("rlcf.service")

CONTENT_TYPE = CONTENT_TYPE_LATEST
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)


class Metrics:
    """What the service counts."""

    def __init__(self) -> None:
        own = self._registry = CollectorRegistry()
        self.requests = Counter("rlcf_requests", "Requests answered", ["route", "status"], registry=own)
        self.seconds = Histogram(
            "rlcf_request_seconds", "From request to answer", ["route"], buckets=SECONDS, registry=own
        )
        self.programs = Counter("rlcf_programs", "Programs judged", ["outcome"], registry=own)
        self.waiting = Gauge(
            "rlcf_programs_waiting", "Programs accepted, without a verdict yet", registry=own
        )
        self.cancelled = Counter(
            "rlcf_programs_cancelled", "Programs whose client had gone or whose time was up", registry=own
        )
        self.supervisors = Gauge(
            "rlcf_judge_supervisors_replaced", "Judge JVMs that had to be replaced", registry=own
        )

    def text(self) -> bytes:
        """In Prometheus's format."""
        return generate_latest(self._registry)


class JsonLines(logging.Formatter):
    """A record as one JSON object; what is passed as `extra={"fields": {…}}` becomes fields of it."""

    def format(self, record: logging.LogRecord) -> str:
        row = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            row["error"] = self.formatException(record.exc_info)
        return json.dumps(row)


def say(event: str, **fields: object) -> None:
    """Logs an event with fields."""
    log.info(event, extra={"fields": fields})


def log_as_json(level: int = logging.INFO) -> None:
    """All logs of this process become JSON lines on stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("rlcf").setLevel(level)
