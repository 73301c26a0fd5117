"""Which host a test needs: `.ci/hosts` installs each in an environment of its own."""

from __future__ import annotations

import importlib.util

import pytest

MODULES = {
    "trl": "trl",
    "verl": "verl",
    "openrlhf": "openrlhf",
    "verifiers": "verifiers",
    "openenv": "openenv",
    "inspect_ai": "inspect_ai",
    "lm-eval": "lm_eval",
}
"""The module by which each host is known to be there."""


def needs(host: str) -> pytest.MarkDecorator:
    """Skips where the host is not installed."""
    missing = importlib.util.find_spec(MODULES[host]) is None
    return pytest.mark.skipif(missing, reason=f"{host} is not installed: .ci/hosts runs this")
