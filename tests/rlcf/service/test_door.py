"""What is sent by mistake or by malice is answered as docs/serve.md says, and the next request is served."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rlcf.problems import Problem
from tests.rlcf.service.running import Served, impatient, served, until

KEYS = ("first-key-of-the-tests", "second-key-of-the-tests")
ENDLESS = {
    "task_id": "endless",
    "prompt": "class A {\n    static int f(int x) {\n",
    "test": "",
    "entry_point": "f",
    "cases": [{"name": "0", "code": "int r = A.f(1);", "value": "r", "expected": "1"}],
    "time_limit": 55,
}
FOREVER = "        while (true);\n    }\n}"


@pytest.fixture(autouse=True)
def goes_on(server: Served) -> Iterator[None]:
    """After each test the server judges as before."""
    yield
    assert server.ask("/healthz").status == 200
    program = {"source": "class A { static int one() { return 1; } }"}
    *_, last = server.ask("/v1/jobs", {"jobs": [program]}).data.splitlines()
    assert json.loads(last)["verdict"]["outcome"] == "passed"
    assert until(lambda: server.metric("rlcf_programs_waiting") == 0)


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 422, "body"),
        (b'{"samples": [{"task_id": "MBJP/', 400, "no JSON"),
        (b'{"samples": [1e999]}', 400, "too large"),
        (b'{"samples": [-Infinity]}', 400, "no number"),
        (b'{"samples": [' + b"9" * 5000 + b"]}", 400, "digits"),
        (b"[" * 100_000, 400, "too deep"),
        (b'{"samples": ' + b"[" * 5000 + b"]" * 5000 + b"}", 400, "too deep"),
        (b"\xff\xfe{}", 400, "no JSON"),
        (b"null", 422, "body"),
        (b'{"samples": {}}', 422, "samples"),
        (b'{"samples": [{"task_id": 1, "completion": ""}]}', 422, "samples.0.task_id"),
        (b'{"samples": [], "sample": 1}', 422, "sample"),
        (b'{"samples": [], "problems": "mbjpp"}', 200, None),
        (b'{"samples": [{"task_id": "MBJP/0", "completion": ""}]}', 404, "MBJP/0"),
        (b'{"samples": [{"task_id": "\\ud800", "completion": ""}]}', 404, "ud800"),
        (b'{"samples": [{"task_id": "a", "completion": ""}], "problems": "humaneval-x"}', 404, "humaneval-x"),
        (b'{"samples": [], "problems": [{"prompt": 1}]}', 422, "problems.0.prompt"),
        (b'{"samples": [], "problems": [{"task_id": "x", "prompt": "p", "test": "t"}]}', 422, "problems.0"),
    ],
)
def test_bodies_that_are_wrong(server: Served, body: bytes, status: int, words: str | None) -> None:
    answer = server.ask("/v1/grade", body)
    assert answer.status == status
    if words is None:
        assert answer.json() == {"results": []}
    else:
        assert words in answer.data.decode()
        assert set(answer.json()) == {"detail"}


def test_lone_surrogates_and_huge_numbers_come_back(
    server: Served, answered: list[tuple[Problem, str]]
) -> None:
    problem, _ = answered[0]
    strange = {"text": "\ud800\x00\uffff", "number": 10**400, "small": 1e-320}
    completion = f"{problem.reference}// \ud800\x00"
    sample = {"task_id": problem.task_id, "completion": completion, **strange}
    (result,) = server.post("/v1/grade", {"samples": [sample]})["results"]
    assert {name: result[name] for name in sample} == sample
    assert result["passed"]
    assert server.ask("/v1/grade", {"samples": [sample | {"\udfff": None}]}).status == 422


def test_an_empty_batch_is_an_empty_answer(server: Served) -> None:
    assert server.post("/v1/grade", {"samples": []}) == {"results": []}
    assert server.ask("/v1/grade/stream", {"samples": []}).data == b""
    assert server.post("/v1/rewards", {"samples": []}) == {"rewards": [], "outcomes": []}
    answer = server.post("/reward/openrlhf", {"query": [], "prompts": [], "labels": []})
    assert (answer["rewards"], answer["scores"]) == ([], [])
    (line,) = server.ask("/v1/jobs", {"jobs": []}).data.splitlines()
    assert "provenance" in json.loads(line)


def test_too_much_is_refused_and_said(server: Served) -> None:
    samples = [{"task_id": "a", "completion": ""}] * 257
    assert server.ask("/v1/grade", {"samples": samples}).status == 413
    assert server.ask("/v1/jobs", {"jobs": [{}] * 257}).status == 413
    for length in (10 << 20, 40 << 20):
        answer = server.ask("/v1/grade", b"x" * length)
        assert answer.status == 413
        assert "8388608" in answer.json()["detail"]
    length = b"Content-Length: 99999999999"
    declared = raw(server, b"POST /v1/grade HTTP/1.1\r\nHost: localhost\r\n%s\r\n\r\n" % length)
    assert declared.startswith(b"HTTP/1.1 413")


def test_limits_are_the_servers(server: Served) -> None:
    for field, value in (("time_limit", 61), ("memory_limit", 4096)):
        row = ENDLESS | {field: value}
        answer = server.ask("/v1/rewards", {"samples": [], "problems": [row]})
        assert answer.status == 422
        assert "problems.0: limits." in answer.json()["detail"]
    for limits in ({"fuel": 1 << 60}, {"wall_seconds": 1e6}, {"memory_mb": 0}, {"output_bytes": 1 << 40}):
        job = {"source": "class A { }", "limits": limits}
        lines = server.ask("/v1/jobs", {"jobs": [job, {"source": "class B { }"}]}).data.splitlines()
        rows = [json.loads(line) for line in lines if line]
        assert "limits" in rows[1]["refused"]
        assert rows[2]["verdict"]["outcome"] == "passed"
    runs = {"language": "java", "code": "", "run_timeout": 1e300}
    assert server.ask("/run_code", runs).status == 422
    forever = {"program": "class A { }", "tests": ["true"], "max_execution_time": 1.2e308}
    assert server.ask("/test_program", forever).status == 422
    assert server.ask("/run_code", runs | {"run_timeout": 1, "files": {"../a.java": ""}}).status == 422
    assert server.ask("/run_code", runs | {"run_timeout": 1, "files": {"a.java": "?"}}).status == 422
    assert server.ask("/run_code", runs | {"run_timeout": 1, "language": "python"}).status == 422


def test_a_web_page_gets_nowhere(server: Served) -> None:
    """It can send a form to this machine, or be led here by a name of its own; neither is JSON for us."""
    job = json.dumps({"jobs": [{"source": "class A { }"}]}).encode()
    assert server.ask("/v1/jobs", job, {"Content-Type": "text/plain"}).status == 422
    assert server.ask("/v1/jobs", job, {"Host": f"evil.example:{server.port}"}).status == 403
    assert "access-control-allow-origin" not in server.ask("/healthz").headers


def test_a_client_that_leaves_ends_its_programs(server: Served) -> None:
    before = server.metric("rlcf_programs_cancelled_total")
    body = {"samples": [{"task_id": "endless", "completion": FOREVER}], "problems": [ENDLESS]}
    for path in ("/v1/grade", "/v1/grade/stream", "/v1/rewards"):
        connection = sent(server, request(path, body))
        assert until(lambda: server.metric("rlcf_programs_waiting") == 1), path
        connection.close()
        assert until(lambda: server.metric("rlcf_programs_waiting") == 0, 5), path
    assert server.metric("rlcf_programs_cancelled_total") == before + 3


def test_an_answer_waits_for_no_acknowledgement(server: Served) -> None:
    """Its end would come 40 ms after its beginning, which is a client's delayed ACK."""
    taken = []
    for _ in range(21):
        started = time.monotonic()
        assert server.ask("/healthz").status == 200
        taken.append(time.monotonic() - started)
    assert statistics.median(taken) < 0.03


def test_slow_clients_are_let_go() -> None:
    with served("--body-time", "1", "--max-body", "16", command=impatient) as own:
        started = time.monotonic()
        head = sent(own, b"POST /v1/grade HTTP/1.1\r\nHost: local")
        body = sent(own, request("/v1/grade", {"samples": []})[:-5])
        nothing = sent(own, b"")
        text = "x" * 10_000_000
        takes = socket.create_connection(("127.0.0.1", own.port))
        takes.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        row = ENDLESS | {"task_id": "big"}
        samples = [{"task_id": "big", "completion": "return 1;}}", "text": text}]
        takes.sendall(request("/v1/grade", {"samples": samples, "problems": [row]}))
        assert body.recv(1 << 16).startswith(b"HTTP/1.1 408")
        assert until(lambda: own.metric("rlcf_programs_total") == 1)
        assert until(lambda: not holds(own, takes))
        assert received(takes) < len(text)
        assert head.recv(1 << 16) == b""
        assert nothing.recv(1 << 16) == b""
        assert time.monotonic() - started < 9
        assert own.ask("/healthz").status == 200


def test_keys(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"# the tests'\n{KEYS[1]}\n")
    with served("--keys", str(file), environment={"RLCF_API_KEYS": KEYS[0]}) as own:
        assert own.ask("/healthz").status == 200
        for key in KEYS:
            assert own.ask("/v1/judge", None, {"Authorization": f"Bearer {key}"}).status == 200
            basic = base64.b64encode(f"any:{key}".encode()).decode()
            headers = {"Authorization": f"Basic {basic}", "Host": "elsewhere"}
            assert own.ask("/v1/judge", None, headers).status == 200
        wrong = (
            "Bearer nobodys-key-of-tests",
            f"Bearer {KEYS[0]}x",
            "Bearer",
            "Basic ?",
            "",
            KEYS[0],
            "\xe9",
        )
        for value in wrong:
            for path in ("/v1/judge", "/metrics", "/docs", "/openapi.json", "/v1/nothing"):
                answer = own.ask(path, None, {"Authorization": value})
                assert answer.status == 401, (value, path)
            assert own.ask("/v1/jobs", {"jobs": []}, {"Authorization": value}).status == 401
        assert own.ask("/v1/judge").headers["WWW-Authenticate"].startswith("Basic")
        page = own.ask("/openapi.json", None, {"Authorization": f"Bearer {KEYS[0]}"}).json()
        assert page["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
        locked = {path for path, ways in page["paths"].items() for way in ways.values() if "security" in way}
        assert set(page["paths"]) - locked == {"/healthz"}
        log = json.dumps(own.log)
    assert not [key for key in KEYS if key in log]


def test_a_full_queue_sends_away_and_says_for_how_long() -> None:
    with served("--queue", "2", "--max-batch", "2", "--workers", "1", "--max-time-limit", "60") as own:
        body = {"samples": [{"task_id": "endless", "completion": FOREVER}], "problems": [ENDLESS]}
        held = [sent(own, request("/v1/grade", body))]
        other = {"samples": [{"task_id": "endless", "completion": FOREVER + "//"}], "problems": [ENDLESS]}
        held.append(sent(own, request("/v1/grade", other)))
        assert until(lambda: own.metric("rlcf_programs_waiting") == 2)
        answer = own.ask("/v1/grade", body)
        assert answer.status == 429
        assert int(answer.headers["Retry-After"]) >= 1
        assert own.ask("/v1/jobs", {"jobs": [{"source": ""}]}).status == 429
        for connection in held:
            connection.close()
        assert until(lambda: own.metric("rlcf_programs_waiting") == 0)
        assert own.ask("/v1/jobs", {"jobs": [{"source": "class A { }"}]}).status == 200


def test_a_request_has_its_time() -> None:
    with served("--request-time", "0.3") as own:
        body = {"samples": [{"task_id": "endless", "completion": FOREVER}], "problems": [ENDLESS]}
        answer = own.ask("/v1/grade", body)
        assert answer.status == 503
        assert "0.3 s" in answer.json()["detail"]
        lines = own.ask("/v1/grade/stream", body).data.splitlines()
        assert json.loads(lines[-1]) == {"error": "not done in 0.3 s"}
        assert own.metric("rlcf_programs_waiting") == 0


def holds(server: Served, connection: socket.socket) -> bool:
    """Whether the server has not let go of its end of a connection, which a client that reads nothing can't
    see of its own."""
    ends = f"0100007F:{server.port:04X} 0100007F:{connection.getsockname()[1]:04X} 01 "  # 01: established
    return ends in Path("/proc/net/tcp").read_text()


def request(path: str, body: object) -> bytes:
    """A whole request, as bytes."""
    data = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return head.encode() + f"Content-Length: {len(data)}\r\n\r\n".encode() + data


def sent(server: Served, data: bytes) -> socket.socket:
    """A connection on which this was sent."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    connection.sendall(data)
    return connection


def received(connection: socket.socket) -> int:
    """The bytes that still come before the connection is at its end."""
    total = 0
    with connection, contextlib.suppress(ConnectionResetError):  # an end as good as another
        while part := connection.recv(1 << 16):
            total += len(part)
    return total


def raw(server: Served, data: bytes) -> bytes:
    with sent(server, data) as connection:
        return connection.recv(1 << 16)
