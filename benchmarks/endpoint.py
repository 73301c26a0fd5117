"""Whether a killed `rlcf bench --endpoint` ends as an undisturbed one, against transformers' own server.

    python -m venv --system-site-packages serving && serving/bin/pip install 'transformers[serving]'
    python -m benchmarks.endpoint --server serving/bin/transformers

`transformers serve` stands on loopback with a small model whose weights are random and spread out. Both
ways to ask it (chat and completions), greedy: undisturbed, and with 64 requests at a time while the client is
killed (SIGKILL) at a third of the problems and started again, and the server at two thirds. Compared are all
lines of the results and the tables; counted are the answers that the server gave (its log). The same chat and
base models are asked without a server in the end.

Not covered: other servers; a model that can do anything.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rlcf.policy import tiny_policy
from rlcf.problems import load_problems

TEMPLATE = (
    "{% for m in messages %}<{{ m.role }}>\n{{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}<assistant>\n{% endif %}"
)
SAME = ("task_id", "sample", "completion", "finish_reason", "tokens", "extraction", "outcome", "diagnostics")
TABLE = ("samples", "outcomes", "compile", "exec", "pass", "intervals", "failures", "per_problem")
ENDS = 'POST /v1/{} HTTP/1.1" 200'


def main() -> None:
    parser = argparse.ArgumentParser(description="Kills rlcf bench and the server that it asks.")
    parser.add_argument("--server", required=True, help="the command `transformers`, with its serving extra")
    parser.add_argument("--folder", default="runs/endpoint", help="where models and results are written")
    parser.add_argument("--problems", type=int, default=96)
    parser.add_argument("--tokens", type=int, default=64, help="of a completion at most")
    parser.add_argument("--port", type=int, default=18321)
    options = parser.parse_args()
    folder = Path(options.folder).absolute()
    folder.mkdir(parents=True)
    make_models(folder, options.problems)
    for api, name in (("chat", "chat"), ("completions", "base")):
        disturbed(api, folder / name, folder, options)
        local = folder / f"{name}-local.jsonl"
        found = json.loads(run([*bench(folder, options, local), str(folder / name)]))
        print(f"{name}, here: {found['samples']} samples, compile {found['compile']}, pass {found['pass']}")
        served = rows(folder / f"{api}-whole.jsonl")
        alike = sum(a["completion"] == b["completion"] for a, b in zip(served, rows(local), strict=True))
        print(f"{name}: {alike} of {len(served)} completions are the server's")


def make_models(folder: Path, problems: int) -> None:
    """`base` and `chat`: the same weights, the latter with a template; and the file of problems."""
    asked = [problem for problem in load_problems("mbjp", "test") if problem.reference]
    policy = tiny_policy([f"{one.prompt}{one.reference}" for one in asked[: 2 * problems]], seed=0)
    for parameter in policy.parameters():
        if parameter.ndim > 1:
            parameter.data.mul_(4.0)  # or greedy decoding would say one token again and again
    policy.save(folder / "base")
    policy.tokenizer.chat_template = TEMPLATE
    policy.save(folder / "chat")
    wanted = {problem.task_id for problem in asked[:problems]}
    source = Path(asked[0].source.rpartition(":")[0])
    lines = [line for line in source.read_text().splitlines() if json.loads(line)["task_id"] in wanted]
    (folder / "problems.jsonl").write_text("".join(f"{line}\n" for line in lines))


def disturbed(api: str, model: Path, folder: Path, options: argparse.Namespace) -> None:
    """An undisturbed run, a disturbed one, and what differs."""
    url = f"http://localhost:{options.port}/v1"
    asked = ["--endpoint", url, "--model", str(model), "--api", api, "--concurrency", "64"]
    out, log = folder / f"{api}.jsonl", folder / f"{api}.log"
    with serving(options.server, model, options.port, folder / f"{api}-whole.log"):
        whole = folder / f"{api}-whole.jsonl"
        undisturbed = json.loads(run([*bench(folder, options, whole), *asked]))
    command = [sys.executable, "-m", "rlcf", *bench(folder, options, out), *asked]
    total = undisturbed["samples"]
    with serving(options.server, model, options.port, log):
        client = subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE, text=True)
        wait(lambda: arrived(out) >= total // 3, client)
        os.killpg(client.pid, signal.SIGKILL)
        client.communicate()
        kept = arrived(out)
        client = subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE, text=True)
        wait(lambda: arrived(out) >= 2 * total // 3, client)
        between = arrived(out)
    with serving(options.server, model, options.port, log):
        told, _ = client.communicate(timeout=600)
    assert client.returncode == 0, told
    found, before = json.loads(told), rows(folder / f"{api}-whole.jsonl")
    after = rows(out)
    keys = [(row["task_id"], row["sample"]) for row in after]
    lines = sum(all(a[f] == b[f] for f in SAME) for a, b in zip(before, after, strict=True))
    table = all(found[name] == undisturbed[name] for name in TABLE)
    path = "chat/completions" if api == "chat" else "completions"
    answered = log.read_text().count(ENDS.format(path))
    print(
        f"{api}: {total} problems, 64 at a time; client killed after {kept} completions, server "
        f"after {between}; {len(keys)} lines, {len(set(keys))} different; {lines} equal the undisturbed "
        f"run's, tables {'equal' if table else 'DIFFER'}; the server gave {answered} answers"
    )


def bench(folder: Path, options: argparse.Namespace, out: Path) -> list[str]:
    """The command line without its model."""
    what = ["bench", "--problems", str(folder / "problems.jsonl"), "--out", str(out), "--json"]
    tokens = str(options.tokens)
    return [
        *what,
        "--n",
        "1",
        "--temperature",
        "0",
        "--k",
        "1",
        "--max-new-tokens",
        tokens,
        "--engine",
        "local",
    ]


def run(arguments: Sequence[str]) -> str:
    """What `rlcf` prints."""
    command = [sys.executable, "-m", "rlcf", *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


@contextmanager
def serving(command: str, model: Path, port: int, log: Path) -> Iterator[None]:
    """A server on loopback until the block ends; then it is killed."""
    assert not healthy(port), f"port {port} is another server's"
    with log.open("ab") as file:
        arguments = [command, "serve", str(model), "--port", str(port), "--device", "cpu"]
        server = subprocess.Popen(arguments, stdout=file, stderr=file, start_new_session=True)
    try:
        wait(lambda: healthy(port), server)
        yield
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def healthy(port: int) -> bool:
    """Whether the server answers."""
    try:
        with urllib.request.urlopen(f"http://localhost:{port}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def wait(there: Any, process: subprocess.Popen[Any]) -> None:
    """Until something is there, while a process runs."""
    while not there():
        assert process.poll() is None, "it ended too early"
        time.sleep(0.05)


def arrived(out: Path) -> int:
    """Completions in the journal."""
    journal = out.with_name(f"{out.name}.journal")
    return max(0, journal.read_bytes().count(b"\n") - 1) if journal.exists() else 0


def rows(path: Path) -> list[dict[str, Any]]:
    """The lines of a results file."""
    return [json.loads(line) for line in path.read_text().splitlines()]


if __name__ == "__main__":
    main()
