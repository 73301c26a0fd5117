"""A server that speaks OpenAI's protocol, small and moody: a tiny policy behind the standard library's HTTP.

The first request for a prompt is refused for the moment, in one of several ways; later ones are answered. A
conversation about newer names may not say `max_tokens`. Each request that is answered is a line of LOG.
"""

from __future__ import annotations

import json
import socket
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from rlcf.cli import main
from rlcf.evaluation.generation import endpoint
from rlcf.policy import Policy, load_policy
from rlcf.policy.writing import Writing, Written, write
from rlcf.stopping import Stop

SOON = 0.05
MOODS = ("well", 429, 500, 503, "hang up", "half", "page")


class Server(ThreadingHTTPServer):
    """Holds the policy; one request is answered at a time."""

    request_queue_size = 128

    def __init__(self, port: int, policy: Policy, log: Path, key: str | None, pause: float) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.policy, self.log, self.key, self.pause = policy, log, key, pause
        self.lock, self.seen = threading.Lock(), set[str]()


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        text = json.dumps(body.get("messages", body.get("prompt")))
        given = self.headers.get("authorization", "")
        if self.server.key and given != f"Bearer {self.server.key}":
            self.say(
                401, {"error": {"message": f"Incorrect API key provided: {given.removeprefix('Bearer ')}"}}
            )
        elif body["model"] != "tiny":
            self.say(404, {"error": {"message": f"The model {body['model']} does not exist"}})
        elif "newer names" in text and "max_tokens" in body:
            self.say(400, {"error": {"message": "Unsupported: 'max_tokens'. Use 'max_completion_tokens'."}})
        elif not self.sulked(text):
            self.say(200, self.answered(body, self.path.endswith("/chat/completions")))

    def sulked(self, text: str) -> bool:
        """Whether this is a first request that was not answered."""
        with self.server.lock:
            mood = "well" if text in self.server.seen else MOODS[zlib.crc32(text.encode()) % len(MOODS)]
            self.server.seen.add(text)
        if mood == "hang up":
            self.connection.shutdown(socket.SHUT_RDWR)
        elif mood == "half":
            self.send_response(200)
            self.send_header("content-length", "1000")
            self.end_headers()
            self.wfile.write(b'{"choices": [')
            self.connection.shutdown(socket.SHUT_RDWR)
        elif mood == "page":
            self.say(200, "<html>of a proxy</html>")
        elif isinstance(mood, int):
            self.say(mood, {"error": {"message": "later"}}, {"retry-after": "0.01"})
        self.close_connection = self.close_connection or mood in ("hang up", "half")
        return mood != "well"

    def answered(self, body: dict[str, Any], chat: bool) -> dict[str, Any]:
        """An answer of the policy."""
        policy, found = self.server.policy, list[Written]()
        ids = policy.encode_chat(body["messages"]) if chat else policy.encode_prompt(body["prompt"])
        longest = body.get("max_tokens") or body["max_completion_tokens"]
        writing = Writing(body["temperature"], body.get("top_p", 1.0), longest, 1)
        stop = Stop(tuple(body.get("stop", ())))

        class Receiver:
            def written(self, _number: int, completion: Written) -> None:
                found.append(completion)

            def tokens(self, _count: int) -> None: ...

        with self.server.lock:
            write(policy, [ids], [body["seed"]], [stop], writing, Receiver())
            time.sleep(self.server.pause)
            with self.server.log.open("a") as log:
                log.write(json.dumps(body.get("messages", body.get("prompt"))) + "\n")
        one = found[0]
        said = {"message": {"role": "assistant", "content": one.text}} if chat else {"text": one.text}
        reason = "length" if one.finish_reason == "length" else "stop"
        usage = {"prompt_tokens": len(ids), "completion_tokens": one.tokens}
        return {"choices": [{"index": 0, "finish_reason": reason, **said}], "usage": usage}

    def say(self, status: int, answer: object, headers: dict[str, str] | None = None) -> None:
        """Sends an answer."""
        text = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
        self.send_response(status)
        for name, value in {**(headers or {}), "content-length": str(len(text))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


def run(model: Path, port: int, log: Path, key: str, pause: float) -> None:
    """Says that it is ready, and answers until it is killed; each answer takes `pause` seconds longer."""
    server = Server(port, load_policy(model, trained=False), log, key, pause)
    print("ready", flush=True)
    server.serve_forever()


def impatient(words: list[str]) -> int:
    """`rlcf`, which asks again what has failed after a twentieth of a second and not half of one."""
    endpoint.PAUSE = SOON
    return main(words)
