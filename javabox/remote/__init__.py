"""Judging on another machine: jobs as JSON, and a client that asks `rlcf serve` for verdicts."""
