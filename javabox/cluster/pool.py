"""Ray itself: joins a cluster or starts one on this machine, and finds or starts the actors.

An actor takes as many CPUs as its judge has workers, on the machine that has them free. Those of a named pool
are detached: whoever asks for the same pool with the same settings gets the same actors, whatever started
them, until nobody has for IDLE_SECONDS.

A Ray of one's own is on this machine alone: it listens on the loopback, asks for a token, has no dashboard
and tells nobody of its use; its files are in a folder that is deleted when it ends.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from javabox.cluster.node import Node
from javabox.cores import cores
from javabox.errors import JudgeUnavailable

NAMESPACE = "javabox"
IDLE_SECONDS = 600.0
START_SECONDS = 120.0
REACH_SECONDS = 10.0
STORE_BYTES = 200 << 20
"""Of Ray's own object store, where it is our own: jobs are small."""
INSTALL = "pip install 'rlcf[ray]'"


@dataclass
class Actor:
    """An actor that has greeted."""

    handle: Any
    workers: int
    provenance: dict[str, str]
    pid: int


@dataclass
class Pool:
    """The actors, and what has to be ended with them."""

    actors: list[Actor]
    detached: bool
    leave: Callable[[], None]
    """Undoes what was done to be connected to Ray."""

    def close(self) -> None:
        """Ends actors that are nobody else's, and a Ray that was started for them."""
        import ray

        if not self.detached and ray.is_initialized():
            _wait([actor.handle.close.remote() for actor in self.actors])
            for actor in self.actors:
                ray.kill(actor.handle)
        self.leave()


def open_pool(settings: Mapping[str, Any], name: str | None) -> Pool:
    """The actors of the pool of this name, or new ones of one's own. `settings` are arguments of `Judge`;
    each actor has `workers` of them, by default as many as its machine has CPUs free.

    Raises JudgeUnavailable where Ray is missing, where no CPU is free, where an actor can't judge, or where
    two would not judge alike.
    """
    pool = Pool([], name is not None, _join())
    try:
        handles = _found(settings, name) or _started(settings, name)
        pool.actors = [_greeted(handle) for handle in handles]
        _check_alike(pool.actors)
    except BaseException:
        pool.close()
        raise
    return pool


def end_pool(name: str) -> int:
    """Ends the pool's actors, whoever uses them; how many there were."""
    import ray

    leave = _join()
    try:
        handles = [ray.get_actor(one, NAMESPACE) for one in _names(f"{name}/")]
        _wait([handle.close.remote() for handle in handles])
        for handle in handles:
            ray.kill(handle)
        return len(handles)
    finally:
        leave()


def _join() -> Callable[[], None]:
    """Connects to Ray, or starts one where there is none to be connected to; what undoes that. Raises
    JudgeUnavailable."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ModuleNotFoundError as missing:
        raise JudgeUnavailable(f"Ray is not installed ({missing})", INSTALL) from None
    if ray.is_initialized():
        return lambda: None
    if address := os.environ.get("RAY_ADDRESS"):
        try:
            _reach(address)
            ray.init(address=address, namespace=NAMESPACE, log_to_driver=False, logging_level="error")
        except (OSError, RuntimeError, ValueError) as error:
            found = f"no Ray answers at RAY_ADDRESS={address} ({error})"
            raise JudgeUnavailable(found, "ray start --head, or leave RAY_ADDRESS out") from error
        return lambda: ray.shutdown()
    # Below /tmp: the path of a socket may have 107 characters, and Ray's own part of it is long.
    folder = Path(tempfile.mkdtemp(prefix="javabox-ray-", dir="/tmp"))
    ending = ExitStack()
    ending.callback(shutil.rmtree, folder, ignore_errors=True)
    # Whoever reaches its ports may run anything as this user, and other users of the machine do. So Ray asks
    # for a token, which it would otherwise write into the home folder; the mode it sets itself.
    token = {"RAY_AUTH_TOKEN": secrets.token_hex(32), "RAY_AUTH_MODE": None}
    ending.enter_context(_environment(token))
    ending.callback(ray.shutdown)
    try:
        with _on_loopback():
            ray.init(
                address="local",
                num_cpus=cores(),
                namespace=NAMESPACE,
                include_dashboard=False,
                object_store_memory=STORE_BYTES,
                log_to_driver=False,
                logging_level="error",
                _temp_dir=str(folder / "ray"),  # which it opens to everybody; not what is above
            )
    except BaseException:
        ending.close()
        raise
    return ending.close


def _reach(address: str) -> None:
    """Raises OSError where nobody is at `host:port`: Ray itself tries for minutes."""
    host, _, port = address.rpartition(":")
    if "/" not in host and port.isdigit():
        socket.create_connection((host, int(port)), REACH_SECONDS).close()


@contextmanager
def _on_loopback() -> Iterator[None]:
    """A Ray that is started meanwhile listens on 127.0.0.1 alone. Ray has this for Windows and macOS, where
    it is on one machine anyway; a node address of 127.0.0.1 it replaces by the network's, and then listens on
    every interface (https://github.com/ray-project/ray/issues/18730)."""
    from ray._private import ray_constants

    before = ray_constants.ENABLE_RAY_CLUSTER
    with _environment({ray_constants.ENABLE_RAY_CLUSTERS_ENV_VAR: "0"}):
        ray_constants.ENABLE_RAY_CLUSTER = False
        try:
            yield
        finally:
            ray_constants.ENABLE_RAY_CLUSTER = before


@contextmanager
def _environment(values: Mapping[str, str | None]) -> Iterator[None]:
    """Variables that are set, or with None not set, meanwhile, also for what is started."""
    before = {name: os.environ.get(name) for name in values}
    _set(values)
    try:
        yield
    finally:
        _set(before)


def _set(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _names(prefix: str) -> list[str]:
    import ray

    found = ray.util.list_named_actors(all_namespaces=True)
    return sorted(
        one["name"] for one in found if one["namespace"] == NAMESPACE and one["name"].startswith(prefix)
    )


def _prefix(settings: Mapping[str, Any], name: str) -> str:
    """Of the names of a pool's actors: other settings are another pool."""
    digest = hashlib.sha256(json.dumps(dict(settings), sort_keys=True, default=str).encode())
    return f"{name}/{digest.hexdigest()[:12]}/"


def _found(settings: Mapping[str, Any], name: str | None) -> list[Any]:
    import ray

    return [ray.get_actor(one, NAMESPACE) for one in _names(_prefix(settings, name))] if name else []


def _started(settings: Mapping[str, Any], name: str | None) -> list[Any]:
    """As many actors as there are CPUs for. Raises JudgeUnavailable."""
    import ray
    from ray._private.state import available_resources_per_node
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    actor = ray.remote(Node)
    wanted = settings.get("workers")
    handles: list[Any] = []
    free = {node: int(has.get("CPU", 0)) for node, has in sorted(available_resources_per_node().items())}
    for node, cpus in free.items():
        workers = wanted or cpus
        for place in range(cpus // workers if workers else 0):
            options = {
                "num_cpus": workers,
                "max_restarts": -1,
                "scheduling_strategy": NodeAffinitySchedulingStrategy(node, soft=False),
            }
            if name is not None:
                named = f"{_prefix(settings, name)}{node[:12]}-{place}"
                options |= {"name": named, "namespace": NAMESPACE, "lifetime": "detached"}
                options |= {"get_if_exists": True}
            idle = None if name is None else IDLE_SECONDS
            handles.append(actor.options(**options).remote({**settings, "workers": workers}, idle))
    if not handles:
        raise JudgeUnavailable(
            f"no machine of the Ray cluster has {wanted or 1} CPUs free ({len(free)} machines, most"
            f" {max(free.values(), default=0)}): ask for fewer workers, or wait for others to end"
        )
    return handles


def _greeted(handle: Any) -> Actor:
    """Raises JudgeUnavailable where the actor could not be started."""
    import ray

    try:
        hello = ray.get(handle.hello.remote(), timeout=START_SECONDS)
    except ray.exceptions.GetTimeoutError as late:
        raise JudgeUnavailable(
            f"an actor was not started in {START_SECONDS:.0f} s: `ray status` says what the cluster waits for"
        ) from late
    except ray.exceptions.RayActorError as error:
        # Its words end with what the actor raised: the name of the error, and what it says.
        said = str(error).strip().splitlines()[-1].partition("JudgeUnavailable: ")
        raise JudgeUnavailable(
            f"a judge can't be started on the Ray cluster: {said[2] or said[0]}"
        ) from error
    return Actor(handle, hello["workers"], hello["provenance"], hello["pid"])


def _check_alike(actors: list[Actor]) -> None:
    first = actors[0].provenance
    for actor in actors[1:]:
        for name, value in first.items():
            if actor.provenance.get(name) != value:
                raise JudgeUnavailable(
                    f"the machines of the Ray cluster would not judge alike: {name} is {value} and"
                    f" {actor.provenance.get(name)}; say --jdk and --isolation, or install the same on each"
                )


def _wait(references: list[Any]) -> None:
    import ray

    if references:
        ray.wait(references, num_returns=len(references), timeout=10)
