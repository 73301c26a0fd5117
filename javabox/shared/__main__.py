"""Starts the shared judge: `python -m javabox.shared SOCKET SETTINGS`, by connection.py, which has the lock.

It leaves the process that started it, opens the judge, and closes its standard output once it listens; where
there is no judge it says why there, as JSON.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

from javabox.errors import CacheUnusable, ClasspathUnusable, JudgeUnavailable
from javabox.shared.place import Place, make_key


def main() -> None:
    """`SOCKET` names the place; the judge's settings are JSON."""
    socket, settings = Path(sys.argv[1]), json.loads(sys.argv[2])
    if os.fork():
        os._exit(0)
    from javabox.judge import Judge
    from javabox.shared.server import Server

    signal.signal(signal.SIGTERM, _end)
    place = Place(socket, *(socket.with_name(f"{socket.name}.{kind}") for kind in ("key", "lock", "log")))
    linger = settings.pop("linger")
    settings["cache"] = settings["cache"] and Path(settings["cache"])
    try:
        judge = Judge(**settings)
    except JudgeUnavailable as error:
        print(json.dumps({"found": error.found, "mend": error.mend}), flush=True)
        raise SystemExit(3) from error
    except (CacheUnusable, ClasspathUnusable) as error:
        print(json.dumps({"found": str(error), "mend": None}), flush=True)
        raise SystemExit(2) from error
    with judge:
        key = make_key(place.key)
        server = Server(judge, place, key, linger)
        print("{}", flush=True)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        server.serve()


def _end(*_: object) -> NoReturn:
    raise SystemExit(0)


if __name__ == "__main__":
    main()
