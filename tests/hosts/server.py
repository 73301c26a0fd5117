"""A server that speaks OpenAI's protocol on the loopback and says given replies, as a model would."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from rlcf.evaluation.generation.prompting import request
from tests.rlcf.adapters.replies import Reply


class Server(ThreadingHTTPServer):
    """Knows what to say to each message; of several replies each in its turn."""

    request_queue_size = 128

    def __init__(self, replies: Sequence[Reply]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.replies: dict[str, list[str]] = {}
        for one in replies:
            self.replies.setdefault(request(one.problem), []).append(one.text)
        self.lock, self.said = threading.Lock(), Counter[str]()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def reply(self, messages: list[dict[str, Any]]) -> str:
        """What is said to the last message of a user."""
        content = next(one["content"] for one in reversed(messages) if one["role"] == "user")
        text = content if isinstance(content, str) else "".join(part["text"] for part in content)
        its = self.replies.get(text, ["Hello."])
        with self.lock:
            self.said[text] += 1
            return its[(self.said[text] - 1) % len(its)]


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        text = self.server.reply(body["messages"])
        message = {"role": "assistant", "content": text}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        streamed = bool(body.get("stream"))
        part = {"index": 0, "finish_reason": "stop", "delta" if streamed else "message": message}
        kind = "chat.completion.chunk" if streamed else "chat.completion"
        answer = {"id": "1", "object": kind, "created": 1, "model": body["model"]}
        told = json.dumps({**answer, "choices": [part], "usage": usage})
        sent = (f"data: {told}\n\ndata: [DONE]\n\n" if streamed else told).encode()
        self.send_response(200)
        self.send_header("content-type", "text/event-stream" if streamed else "application/json")
        self.send_header("content-length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@contextmanager
def serving(replies: Sequence[Reply]) -> Iterator[Server]:
    """A server for as long as the context is open."""
    server = Server(replies)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
