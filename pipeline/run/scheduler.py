"""The central scheduler of several workers: whether it answers, and where it is."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from luigi.interface import core

from pipeline.errors import MachineError

_CONNECT_SECONDS = 5.0


def address() -> str:
    """The scheduler's URL, from the command line or luigi.cfg."""
    settings = core()
    return str(settings.scheduler_url or f"http://{settings.scheduler_host}:{settings.scheduler_port}/")


def require(place: str) -> None:
    """Raises MachineError, within seconds, when no scheduler answers there: Luigi would try for minutes."""
    url = urlsplit(place)
    if url.scheme not in ("http", "https") or not url.hostname:
        return
    try:
        port = url.port or (443 if url.scheme == "https" else 80)
        socket.create_connection((url.hostname, port), _CONNECT_SECONDS).close()
    except OSError as error:
        raise MachineError(
            f"no scheduler answers at {place}: {error.strerror or error}",
            "start `luigid` there, correct --scheduler-host and --scheduler-port, or leave them out to work alone",
        ) from None
