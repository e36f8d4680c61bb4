"""One writer at a time: an flock that dies with its holder and says who that is."""

from __future__ import annotations

import fcntl
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson


class Locked(Exception):
    """Someone else holds the lock; `holder` is what they wrote about themselves (may be empty)."""

    def __init__(self, path: Path, holder: dict[str, Any]) -> None:
        super().__init__(f"{path} is held by {holder or 'another process'}")
        self.path = path
        self.holder = holder


def lock(path: Path) -> int:
    """Take the lock until this process ends; return the open descriptor.

    A lock left by a dead process does not block: the kernel has dropped it. Raises Locked when a living
    process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder: dict[str, Any] = {}
        with suppress(orjson.JSONDecodeError):
            holder = orjson.loads(os.pread(descriptor, 65536, 0))
        os.close(descriptor)
        raise Locked(path, holder) from None
    holder = {
        "pid": os.getpid(),
        "since": time.strftime("%Y-%m-%d %H:%M:%S"),
        "command": " ".join(sys.argv),
    }
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, orjson.dumps(holder), 0)
    return descriptor
