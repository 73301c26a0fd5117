"""A vLLM server in a process of its own, for tests."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import PreTrainedTokenizerFast

from tests.vllm.models import VOCABULARY, small_model

SECONDS = 240
VARIABLES = {
    "VLLM_SERVER_DEV_MODE": "1",
    "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
}
OPTIONS = (
    "--generation-config", "vllm", "--logprobs-mode", "processed_logprobs", "--dtype", "float32",
    "--enable-lora", "--max-lora-rank", "8", "--enforce-eager",
)  # fmt: skip


def write_model(folder: Path, family: str) -> None:
    """With a tokenizer, which the server asks for though it is given token ids."""
    small_model(family).save_pretrained(folder)
    words = Tokenizer(WordLevel({f"w{at}": at for at in range(VOCABULARY)}, unk_token="w0"))
    PreTrainedTokenizerFast(tokenizer_object=words, eos_token="w1").save_pretrained(folder)


class Server:
    """A server of one model, at a port that stays its own when it is started again."""

    def __init__(self, model: Path) -> None:
        self.model, self.log = model, model.parent / "server.log"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        # `vllm serve` is this module; of the package vllm-cpu the command itself doesn't find its version.
        command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(self.model)]
        command += ["--port", str(self.port), *OPTIONS]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(command, env=os.environ | VARIABLES, stdout=log, stderr=log)
        until = time.monotonic() + SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            try:
                urllib.request.urlopen(f"{self.endpoint}/health", timeout=5).close()
                return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.5)
        self.stop()
        raise RuntimeError(f"the server did not start: {self.log.read_text()[-2000:]}")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
