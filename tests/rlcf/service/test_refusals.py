"""What `rlcf serve` refuses to start with, each time with the way out."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Complaint = Callable[..., str]


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RLCF_API_KEYS", raising=False)


@pytest.mark.parametrize("module", ["fastapi", "uvicorn", "prometheus_client"])
def test_what_is_not_installed(complaint: Complaint, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    said = complaint("serve")
    assert f"needs {module}" in said
    assert "pip install 'rlcf[serve]'" in said


def test_an_address_that_others_reach_needs_a_key(complaint: Complaint) -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1"):
        assert "RLCF_API_KEYS" in complaint("serve", "--host", host)


def test_keys_are_no_words(complaint: Complaint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "keys"
    assert "can't be read" in complaint("serve", "--keys", file)
    file.write_text("# none\n")
    assert "has no key" in complaint("serve", "--keys", file)
    file.write_text("secret\n")
    said = complaint("serve", "--keys", file)
    assert "openssl rand" in said
    assert "secret" not in said
    monkeypatch.setenv("RLCF_API_KEYS", "short")
    assert "RLCF_API_KEYS" in complaint("serve")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--max-batch", "0"], "max-batch"),
        (["--queue", "10"], "queue"),
        (["--port", "70000"], "port"),
        (["--grace", "-1"], "grace"),
        (["--problems", "mbjpp"], "mbjpp"),
        (["--engine", "dokcer"], "engine"),
    ],
)
def test_options_that_can_not_be(complaint: Complaint, options: list[str], words: str) -> None:
    assert words in complaint("serve", *options)


def test_a_grounding_that_asks_a_discriminator(complaint: Complaint) -> None:
    for name in ("rlcf", "rlcf-plain"):
        assert "discriminator" in complaint("serve", "--engine", "local", "--grounding", name)
    assert "unknown grounding" in complaint("serve", "--engine", "local", "--grounding", "test")


def test_a_port_that_is_taken(complaint: Complaint) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = complaint("serve", "--engine", "local", "--port", port)
    assert f"127.0.0.1:{port} can't be had" in said
