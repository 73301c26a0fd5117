"""Serves the environment `java_mbjp`: problems of MBJP in two turns, programs judged by javabox."""

import uvicorn
from openenv.core.env_server.http_server import create_app

from rlcf.adapters.openenv import JavaAction, JavaEnvironment, JavaObservation

app = create_app(JavaEnvironment, JavaAction, JavaObservation, env_name="java_mbjp", max_concurrent_envs=64)


def main() -> None:
    """On the loopback alone: whoever reaches it has programs run."""
    uvicorn.run(app, host="127.0.0.1", port=8000)


if __name__ == "__main__":
    main()
