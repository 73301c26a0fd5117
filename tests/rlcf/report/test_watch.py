"""`rlcf report --watch`: what a training writes is served as it comes, on this machine alone, and no longer
than the training lives, however it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from javabox import Diagnostic, Outcome, Suite, Verdict
from rlcf import Answer, BadInput, Problem, Signal
from rlcf.cli import main
from rlcf.files import is_written
from rlcf.machine import Machine
from rlcf.recipe import Recipe
from rlcf.recipes import override
from rlcf.report import watch as looking
from rlcf.report.watch import Watched, serve, watch
from rlcf.training.runtime.run_folder import RunFolder
from tests.rlcf.processes import SERVER, begin
from tests.rlcf.report.browser import NEEDED, browser, opened, until

PROBLEM = Problem("set/1", "class A {\n", Suite())
BROKEN = Verdict(
    Outcome.COMPILE_ERROR, diagnostics=(Diagnostic("compiler.err.expected", 1, 1, "';' expected"),)
)


def begun(folder: Path) -> RunFolder:
    run = RunFolder(folder)
    run.begin(override(Recipe(), {"objective.steps": 3}), Machine())
    return run


def step(run: RunFolder, number: int) -> None:
    run.metrics({"step": number, "reward": 0.5, "seconds_generate": 1.0})
    rows = [(Answer(PROBLEM, f"int f{number}(\n", BROKEN), Signal(-1.0), {})] * 2
    run.completions("rollout", number, 0.8, rows)


@contextmanager
def served(run: RunFolder) -> Iterator[tuple[Watched, str]]:
    """The folder behind a server, looked at by hand."""
    watched = Watched(run.folder)
    with serve(watched) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))  # so soon it sees its end
        thread.start()
        try:
            yield watched, f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


def state(address: str, since: int = 0, version: int = -1) -> dict[str, Any]:
    with urllib.request.urlopen(f"{address}state?from={since}&version={version}") as reply:
        found: dict[str, Any] = json.load(reply)
        return found


def test_new_steps_are_added_and_what_is_known_is_not_sent_again(tmp_path: Path) -> None:
    run = begun(tmp_path / "run")
    with served(run) as (watched, address):
        watched.look()
        assert state(address)["blocks"] == []
        step(run, 1)
        with open(run.folder / "completions.jsonl", "a", encoding="utf-8") as file:
            file.write('{"stage": "rollout", "st')  # a line that is being written
            file.flush()
            watched.look()
            first = state(address)
            assert [block["rows"] for block in first["blocks"]] == [2]
            assert first["progress"] == "step 1 of 3"
            file.write('ep": 2, "task_id": "set/1", "completion": "x"}\n')
        watched.look()
        more = state(address, since=1, version=first["version"])
        assert [block["rows"] for block in more["blocks"]] == [1]
        assert "charts" not in more, "nothing new"
        assert more["generation"] == first["generation"]


def test_a_run_that_is_resumed_begins_again(tmp_path: Path) -> None:
    run = begun(tmp_path / "run")
    with served(run) as (watched, address):
        for number in (1, 2):
            step(run, number)
            watched.look()
        before = state(address)
        assert len(before["blocks"]) == 2
        run.resume(None)
        watched.look()
        after = state(address)
        assert after["blocks"] == []
        assert after["generation"] != before["generation"], "which pages see, and load anew"


def test_it_answers_this_machine_alone_and_nothing_but_the_page(tmp_path: Path) -> None:
    with served(begun(tmp_path / "run")) as (_, address):
        port = int(address.rsplit(":", 1)[1].strip("/"))
        assert b"Content-Security-Policy" in urllib.request.urlopen(address).read()
        for path, host, code in (
            ("", "elsewhere.example", 403),
            ("state?from=0", f"elsewhere.example:{port}", 403),
            ("recipe.toml", "localhost", 404),
            ("../recipe.toml", "127.0.0.1", 404),
        ):
            request = urllib.request.Request(address + path, headers={"Host": host})
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(request)
            assert refused.value.code == code
        others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
        for other in others - {"127.0.0.1"}:
            with socket.socket() as end:
                assert end.connect_ex((other, port)) != 0


def _train_until_killed(folder: Path) -> None:
    run = begun(folder)
    with run.writing():
        step(run, 1)
        time.sleep(60)


def _watch_in_a_hurry(folder: Path) -> int:
    """`rlcf report FOLDER --watch`, which looks more often and stays less long for the pages at the end."""
    looking.LOOK_EVERY, looking.FAREWELL = 0.2, 1.5
    return main(["report", str(folder), "--watch"])


def test_it_ends_with_a_training_that_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    training = SERVER.Process(target=_train_until_killed, args=(folder,))
    training.start()
    while not (folder / "completions.jsonl").exists() or not is_written(folder):
        time.sleep(0.05)
    watching = begin(_watch_in_a_hurry, folder, folder=tmp_path)
    deadline = time.monotonic() + 30
    while not (words := watching.out.read_text()).endswith("\n") and time.monotonic() < deadline:
        time.sleep(0.05)
    address = words.split()[0]
    while not (found := state(address))["blocks"] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not found["ended"]
    assert training.pid is not None
    os.kill(training.pid, signal.SIGKILL)
    training.join()
    while not state(address)["ended"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert watching.wait(20) == 0
    assert "the training has ended" in watching.err.read_text()


def test_what_is_not_trained_is_not_watched(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is not being trained"):
        watch(begun(tmp_path / "run").folder)
    with pytest.raises(BadInput, match="no such run folder"):
        watch(tmp_path / "nowhere")


@NEEDED
def test_a_page_grows_and_says_that_the_training_ended(tmp_path: Path) -> None:
    run = begun(tmp_path / "run")
    step(run, 1)
    with served(run) as (watched, address), browser() as found:
        watched.look()
        with opened(found, address) as page:
            until(page, "document.getElementById('count').textContent.startsWith('2 of 2')")
            page.click(".row")
            step(run, 2)
            watched.look()
            until(page, "document.getElementById('count').textContent.startsWith('4 of 4')")
            assert page.locator("#program .source").is_visible(), "what was open stays open"
            assert "step 2 of 3" in page.inner_text("#live")
            watched.ended = True
            until(page, "document.getElementById('live').textContent.includes('has ended')")
