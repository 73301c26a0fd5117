"""`rlcf push`, with runs made on the spot: the folder loads, the card says what was measured and made it, and
nothing is sent that was not asked for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import torch
from huggingface_hub import ModelCard
from transformers import AutoModelForCausalLM, AutoTokenizer

from rlcf.cli import main
from rlcf.hub.licences import LICENCES, data_licence
from rlcf.policy import load_policy, tiny_policy
from rlcf.problems.load import NAMED
from rlcf.report.before_after import changes
from rlcf.report.run_folder import read_run
from tests.rlcf.conftest import SmallSet
from tests.rlcf.test_cli_models import LITTLE

SECRET = "hf_not-a-real-token"


@pytest.fixture(scope="module")
def made(small_set: SmallSet, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Trains a little run in a new folder, with options, and returns its folder."""
    place = tmp_path_factory.mktemp("push")
    model = place / "a-model"
    tiny_policy([row["prompt"] for row in small_set.rows] * 20, seed=0).save(model)
    recipe = place / "little.toml"
    recipe.write_text(f"model.name = {json.dumps(str(model))}\n{LITTLE}")

    def train(name: str, *options: str) -> Path:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(place)
            assert main(["train", str(recipe), "--engine", "local", "--run", name, *options]) == 0
        return place / "runs" / name

    return train


@pytest.fixture(scope="module")
def run(made: Callable[..., Path]) -> Path:
    return made("plain", "--objective.steps", "2", "--checkpoint-every", "1")


def test_the_folder_loads_and_its_card_has_what_was_measured(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    assert main(["push", str(run), "me/little", "--dry-run", "--out", str(out), "--license", "mit"]) == 0

    tokenizer, model = AutoTokenizer.from_pretrained(out), AutoModelForCausalLM.from_pretrained(out)
    trained = load_policy(run / "checkpoints" / "step-000002", dtype="float32", device="cpu")
    ids = tokenizer("class A { static int f(int x) {", return_tensors="pt").input_ids
    assert torch.equal(model(ids).logits, trained.model(ids).logits)
    assert {path.suffix for path in out.iterdir()} == {".json", ".jsonl", ".md", ".safetensors", ".toml"}
    assert (out / "recipe.toml").read_bytes() == (run / "recipe.toml").read_bytes()
    assert (out / "evaluation.jsonl").read_bytes() == (run / "evaluation.jsonl").read_bytes()

    card = ModelCard.load(out / "README.md")
    found = changes(read_run(run))
    assert len(found) == 7
    for change in found:
        assert change.after is not None
        assert change.gain is not None
        numbers = f"| {change.before.percent()} | {change.after.percent()} | {change.gain.points()} |"
        assert numbers in card.text
    rates = [result.metric_value for result in card.data.eval_results]
    assert rates == [round(100 * change.after.rate, 1) for change in found if change.after]
    (version,) = map(json.loads, (run / "versions.jsonl").read_text().splitlines())
    assert (
        f"{version['rlcf']}, " + (f"commit {version['commit']}" if version["commit"] else "no") in card.text
    )
    assert "| data | mbjp: CC BY 4.0" in card.text
    assert "a model folder, `a-model`" in card.text, "its name and not where it lay"
    assert str(run.parent) not in card.content
    assert card.data.license == "mit"
    assert "`recipe.toml`" in card.text
    assert "compiler" in card.text


def test_weights_that_were_not_measured_are_said_not_to_be(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    assert main(["push", str(run), "little", "--dry-run", "--out", str(out), "--step", "1"]) == 0
    card = ModelCard.load(out / "README.md")
    assert "Nothing of these weights: they are of step 1, and the run was evaluated at step 2." in card.text
    assert card.data.eval_results is None
    assert "%" not in card.text


def test_adapters_are_merged_and_a_base_model_is_named(made: Callable[..., Path], tmp_path: Path) -> None:
    run = made("adapters", "--model.lora-rank", "2", "--critic.lora-rank", "2", "--objective.lr", "0.01")
    out = tmp_path / "model"
    assert (
        main(["push", str(run), "me/little", "--dry-run", "--out", str(out), "--base-model", "them/base"])
        == 0
    )
    assert not (out / "adapter_config.json").exists()
    model, tokenizer = AutoModelForCausalLM.from_pretrained(out), AutoTokenizer.from_pretrained(out)
    trained = load_policy(run / "checkpoints" / "step-000001", dtype="float32", device="cpu").plain_copy()
    ids = tokenizer("class A {", return_tensors="pt").input_ids
    assert torch.allclose(model(ids).logits, trained(ids).logits, atol=1e-5)
    card = ModelCard.load(out / "README.md")
    assert card.data.base_model == "them/base"


def test_what_can_not_be_published_is_refused(
    run: Path, tmp_path: Path, complaint: Callable[..., str]
) -> None:
    dry = ("--dry-run", "--out", tmp_path / "model")
    assert "no such run folder" in complaint("push", tmp_path / "nowhere", "me/x", *dry)
    assert "field 'name'" in complaint("push", run, "not a name", *dry)
    assert "only of: 0, 1, 2" in complaint("push", run, "me/x", *dry, "--step", "7")
    assert "field 'out'" in complaint("push", run, "me/x", "--out", tmp_path / "model")
    (tmp_path / "model").mkdir()
    assert "exists already" in complaint("push", run, "me/x", *dry)


BOTH = """
import sys, urllib.error, urllib.request
from rlcf.cli import main
address, run, out = sys.argv[1:]
code = main(["push", run, "me/little", "--dry-run", "--out", out])
try:
    urllib.request.urlopen(f"{address}/the-dry-run-has-ended-with-{code}")
except urllib.error.HTTPError:
    pass
sys.exit(main(["push", run, "me/little"]))
"""


def test_nothing_is_sent_by_a_dry_run_and_the_token_is_never_written(run: Path, tmp_path: Path) -> None:
    """The other end is a server of the test's own, which refuses: no test may fill a real hub."""
    with listening() as (address, asked):
        env = {"HF_ENDPOINT": address, "HF_TOKEN": SECRET, "HF_HUB_OFFLINE": "0"}
        out = tmp_path / "model"
        # One process for both, which says when the first has ended: torch is imported once.
        both = [sys.executable, "-c", BOTH, address, str(run), str(out)]
        done = subprocess.run(both, capture_output=True, text=True, env=os.environ | env, check=False)
        assert done.returncode == 2, done.stderr
        assert asked.pop(0)[0] == "/the-dry-run-has-ended-with-0", "nothing was asked before"
        assert done.stderr.count("\n") == 1
        assert "the hub refused" in done.stderr
        (create,) = [request for request in asked if request[0] == "/api/repos/create"]
        wanted = json.loads(create[1])
        assert (wanted["name"], wanted["organization"]) == ("little", "me")
        assert wanted.get("private") is True or wanted.get("visibility") == "private"
        assert create[2] == f"Bearer {SECRET}"
    assert SECRET not in done.stdout + done.stderr
    for path in [*out.rglob("*"), *run.rglob("*")]:
        assert path.is_dir() or SECRET.encode() not in path.read_bytes()


def test_every_named_data_set_has_a_licence() -> None:
    assert set(LICENCES) == set(NAMED)
    assert data_licence("atomic", None) == "made by rlcf, Apache-2.0"
    assert data_licence("mine.jsonl", None) == "licence not stated"
    assert data_licence("mine.jsonl", "MIT") == "MIT"


@contextmanager
def listening() -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """A server that notes path, body and authorization of each request, and refuses it."""
    asked: list[tuple[str, str, str]] = []

    class Refusing(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            asked.append((self.path, body, self.headers.get("Authorization", "")))
            self.send_response(403)
            self.end_headers()

        do_GET = do_HEAD = do_PUT = do_POST

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
