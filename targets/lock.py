"""One run at a time on a machine: an flock that ends with its holder and names it.

Workers of a central scheduler share the lock, to the exclusion of runs that take it alone. Between machines
flock promises too little: see `lease`.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from targets.processes import command_line, process_alive


class Locked(Exception):
    """Another process holds the lock; `holder` is its own description (empty where the lock is shared)."""

    def __init__(self, path: Path, holder: dict[str, Any]) -> None:
        super().__init__(f"{path} is held by {holder or 'another process'}")
        self.path = path
        self.holder = holder


def lock(path: Path, shared: bool = False) -> int:
    """Take the lock until this process ends, exclusively or `shared`; return the descriptor.

    A dead process does not block: the kernel has released its lock. Raises Locked when a living
    process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        holder: dict[str, Any] = {}
        with suppress(orjson.JSONDecodeError):
            holder = orjson.loads(os.pread(descriptor, 65536, 0))
        if holder and not process_alive(holder["pid"]):
            holder = {}  # of an earlier run: those that share the lock write nothing
        os.close(descriptor)
        raise Locked(path, holder) from None
    if shared:
        return descriptor
    holder = {
        "pid": os.getpid(),
        "since": time.strftime("%Y-%m-%d %H:%M:%S"),
        "command": command_line(),
    }
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, orjson.dumps(holder), 0)
    return descriptor
