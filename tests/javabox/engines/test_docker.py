"""The docker engine: what a program in the container can't do, and that nothing is left behind.

The programs here try it from inside; what they managed comes back as the value of a case.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from docker.errors import APIError

from benchmarks.attacks import BODIES
from javabox import Job, Judge, JudgeUnavailable, Limits, Outcome, Suite, SuiteCase
from javabox.engines import docker
from tests.javabox.programs import program


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    if not docker.answers():
        pytest.skip("no Docker engine answers")
    client = docker.find_engine()
    yield client
    client.close()


@pytest.fixture(scope="module")
def docker_judge(engine: Any) -> Iterator[Judge]:  # noqa: ARG001  (skips without an engine)
    with Judge(engine="docker", workers=2) as judge:
        yield judge


@pytest.fixture
def containers(engine: Any) -> Callable[[int], list[Any]]:
    """The supervisors' containers of a process, those that only wait to be removed included."""

    def of(pid: int) -> list[Any]:
        # One may be removed while they are listed.
        labelled = {"label": f"javabox={pid}"}
        return list(engine.containers.list(all=True, filters=labelled, ignore_removed=True))

    return of


def returning(kind: str, body: str, **limits: Any) -> Job:
    """A program whose only case reports what `body` returns."""
    source = (
        f"import java.io.*; import java.util.*; class P {{ static {kind} f() throws Exception {{ {body} }} }}"
    )
    suite = Suite((SuiteCase("f", f"{kind} x = P.f();", "x", None),), imports="import java.util.*;")
    return Job(source, suite, Limits(**limits))


def sums(count: int, start: int) -> list[Job]:
    """Programs that differ and are right: `passed` is the only right verdict."""
    return [
        Job(
            f"class P {{ static int f(int a) {{ return a + {i}; }} }}",
            Suite((SuiteCase("one", "int x = P.f(1);", "x", str(1 + i)),)),
        )
        for i in range(start, start + count)
    ]


def value(judge: Judge, job: Job) -> str | None:
    [verdict] = judge.grade([job])
    assert verdict.outcome is Outcome.PASSED, verdict
    return verdict.cases[0].value


def commands(containers: Callable[[int], list[Any]]) -> list[str]:
    """What runs in this process's first container, but for warm JVMs, which come and go. Another one may be
    there for what is asked again, and one that has ended may still be listed; [] where none is left."""
    for container in sorted(containers(os.getpid()), key=lambda one: one.attrs["Created"]):
        with contextlib.suppress(APIError):  # it has just ended
            running = (row[-1] for row in container.top(ps_args="-eo pid,args")["Processes"])
            return sorted(command for command in running if "WarmRunner" not in command)
    return []


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return condition()


def test_the_container_is_started_with_every_limit(
    docker_judge: Judge, containers: Callable[[int], list[Any]]
) -> None:
    assert docker_judge.engine_name == "docker"
    [container] = containers(os.getpid())
    flags, config = container.attrs["HostConfig"], container.attrs["Config"]
    assert flags["NetworkMode"] == "none"
    assert flags["ReadonlyRootfs"] is True
    assert flags.get("Tmpfs") == {"/tmp": "size=64m,mode=1777,nosuid,nodev,noexec"}
    assert flags["IpcMode"] == "none"
    assert flags["CapDrop"] == ["ALL"]
    assert not flags["CapAdd"]
    assert not flags["Privileged"]
    assert flags["SecurityOpt"] == ["no-new-privileges"]
    assert 0 < flags["PidsLimit"] <= 512
    assert 0 < flags["Memory"] == flags["MemorySwap"] <= 4 << 30
    assert 0 < flags["NanoCpus"] <= docker_judge.workers * 10**9
    assert flags["Init"] is True
    assert flags["AutoRemove"] is True
    assert flags["LogConfig"]["Type"] == "none"
    assert not flags["Binds"]
    assert config["User"] not in ("", "0", "root")


def test_a_program_has_no_privileges(docker_judge: Judge) -> None:
    status = value(
        docker_judge,
        returning(
            "String",
            """StringBuilder found = new StringBuilder();
            try (BufferedReader in = new BufferedReader(new FileReader("/proc/self/status"))) {
                for (String line; (line = in.readLine()) != null; )
                    if (line.matches("(Uid|CapEff|CapBnd|NoNewPrivs|Seccomp):.*"))
                        found.append(line.replaceAll("\\\\s+", " ")).append(";");
            }
            return found.toString();""",
        ),
    )
    assert status == (
        '"Uid: 10001 10001 10001 10001;CapEff: 0000000000000000;CapBnd: 0000000000000000;'
        'NoNewPrivs: 1;Seccomp: 2;"'
    )


def test_a_program_reaches_no_network(docker_judge: Judge) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        port = listener.getsockname()[1]
        reached = value(
            docker_judge,
            returning(
                "String",
                f"""StringBuilder reached = new StringBuilder();
                for (String host : new String[] {{"127.0.0.1", "192.0.2.1", "deb.debian.org"}})
                    try (java.net.Socket s = new java.net.Socket()) {{
                        s.connect(new java.net.InetSocketAddress(host, {port}), 500);
                        reached.append(host);
                    }} catch (IOException e) {{ }}
                var cards = java.net.NetworkInterface.getNetworkInterfaces();
                while (cards.hasMoreElements()) reached.append(cards.nextElement().getName());
                return reached.toString();""",
            ),
        )
        assert reached == '"lo"'
        with pytest.raises(TimeoutError):
            listener.accept()


def test_a_program_writes_no_file_but_a_temporary_one(docker_judge: Judge) -> None:
    written = value(
        docker_judge,
        returning(
            "String",
            """StringBuilder written = new StringBuilder();
            for (String folder : new String[] {"/", "/etc", "/usr/bin", "/opt/javabox", "/home", "/root",
                    "/var/tmp", "/var/lib", "/run", "/dev", "/dev/shm", "/dev/mqueue", "/proc", "/sys", "/sys/fs/cgroup", "/tmp"})
                try (FileOutputStream out = new FileOutputStream(folder + "/written")) {
                    out.write(1);
                    written.append(folder).append(";");
                } catch (IOException e) { }
            return written.toString();""",
        ),
    )
    assert written == '"/tmp;"'


BOMBS = {
    "threads": """while (true) {
            Thread t = new Thread(() -> { while (true) try { Thread.sleep(1000); } catch (Throwable e) { } });
            try { t.start(); } catch (Throwable e) { }
        }""",
    "processes": """while (true)
            try { new ProcessBuilder("sleep", "1000").start(); } catch (Throwable e) { }""",
    "shells in sessions of their own": """
        new ProcessBuilder("sh", "-c", "b() { setsid sh -c 'while :; do sleep 1000 & done' & b | b & }; b")
            .start();
        synchronized (P.class) { P.class.wait(60_000); }
        return 0;""",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_fork_bomb_harms_nothing(
    bomb: str, docker_judge: Judge, containers: Callable[[int], list[Any]]
) -> None:
    idle = commands(containers)
    before, after = sums(6, len(bomb) * 100), sums(6, 20_000 + len(bomb) * 100)
    exploding = docker_judge.submit(returning("int", BOMBS[bomb], wall_seconds=4))
    beside = [docker_judge.submit(job) for job in before]
    assert exploding.result(timeout=300).outcome in (
        Outcome.TIME_LIMIT,
        Outcome.MEMORY_LIMIT,
        Outcome.RUNTIME_ERROR,
        Outcome.PREMATURE_EXIT,
    )
    assert [future.result(timeout=120).outcome for future in beside] == [Outcome.PASSED] * 6
    assert [verdict.outcome for verdict in docker_judge.grade(after)] == [Outcome.PASSED] * 6

    assert wait_until(lambda: commands(containers) == idle, 10), commands(containers)


def test_a_container_killed_in_the_middle_changes_no_verdict(
    engine: Any, containers: Callable[[int], list[Any]]
) -> None:
    known = {container.id for container in containers(os.getpid())}
    with Judge(engine="docker", workers=2) as judge:
        outcomes = {}
        for index, verdict in judge.stream(sums(24, 50_000)):
            outcomes[index] = verdict.outcome
            if len(outcomes) in (5, 14):
                for container in containers(os.getpid()):
                    if container.id not in known:
                        engine.api.kill(container.id)
        assert outcomes == dict.fromkeys(range(24), Outcome.PASSED)


def test_a_closed_judge_leaves_no_container(containers: Callable[[int], list[Any]]) -> None:
    known = len(containers(os.getpid()))
    judge = Judge(engine="docker", workers=1)
    assert len(containers(os.getpid())) == known + 1
    judge.close()
    judge.close()
    assert wait_until(lambda: len(containers(os.getpid())) == known, 10)


@pytest.mark.parametrize("end", ["exit", "exception", "kill"])
def test_a_python_that_ends_leaves_no_container(end: str, containers: Callable[[int], list[Any]]) -> None:
    program = (
        "import sys, time\n"
        "from javabox import Judge\n"
        "judge = Judge(engine='docker', workers=1)\n"
        "print('up', flush=True)\n"
        "if sys.argv[1] == 'exception': raise SystemError\n"
        "if sys.argv[1] == 'kill': time.sleep(60)\n"
    )
    python = subprocess.Popen(
        [sys.executable, "-c", program, end], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert python.stdout is not None
    assert python.stdout.readline() == "up\n"
    if end == "kill":
        assert len(containers(python.pid)) == 1
        python.send_signal(signal.SIGKILL)
    python.wait(timeout=60)
    python.stdout.close()
    assert wait_until(lambda: not containers(python.pid), 20)


def test_forked_children_leave_their_parents_container_alone(engine: Any) -> None:  # noqa: ARG001
    command = "from tests.javabox.hosts import leaving; leaving.children_that_leave('docker')"
    done = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=False, timeout=200
    )
    assert (done.stderr, done.stdout) == ("", "nobody was harmed\n")


def test_without_an_engine_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    assert not docker.answers()
    with pytest.raises(JudgeUnavailable, match=r"apt-get install -y docker\.io"):
        Judge(engine="docker")


@pytest.mark.parametrize("release", [21, 25])
def test_the_release_that_is_asked_for_is_the_images(engine: Any, release: int) -> None:  # noqa: ARG001
    switch = "Object o = x; return switch (o) { case Integer i when i > 2 -> 6; case Integer i -> 4; default -> 0; };"
    with Judge(engine="docker", workers=1, jdk=release) as judge:
        assert f" {release}." in judge.provenance()["jdk"]
        assert [verdict.outcome for verdict in judge.grade([program(switch), program("return x + 2;")])] == [
            Outcome.PASSED,
            Outcome.FAILED,
        ]


def test_a_build_that_fails_is_named_with_what_to_try(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker, "_context", lambda: iter([("Dockerfile", b"FROM scratch\nCOPY none /\n")]))
    with pytest.raises(JudgeUnavailable, match="docker pull debian:bookworm-slim"):
        docker.ensure_image(engine)


@pytest.fixture(scope="module")
def besieged(engine: Any) -> Iterator[Judge]:  # noqa: ARG001  (skips without an engine)
    with Judge(engine="docker", workers=1) as judge:
        yield judge


@pytest.mark.parametrize(
    "name",
    [
        "a reply into the judge's pipe",
        "replies and jobs into every pipe",
        "reading the pipe of process 1",
        "the answers in the judge's memory",
        "a full /tmp",
        "a note for the next program",
        "a note from the one before",
    ],
)
def test_no_program_speaks_for_the_judge_or_to_the_next_one(besieged: Judge, name: str) -> None:
    attack, honest = besieged.grade(
        [program(BODIES[name], fuel=Limits().fuel), program(f"return 2 * x; // after {name}")]
    )
    assert attack.outcome not in (Outcome.PASSED, Outcome.JUDGE_ERROR)
    assert honest.passed
