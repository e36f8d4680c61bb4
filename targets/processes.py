"""Identifies processes and tells whether they are alive: ids are reused, and each machine has its own."""

from __future__ import annotations

import hashlib
import os
import sys
from functools import cache
from pathlib import Path


@cache
def place() -> str:
    """Where this process's process ids are valid: eight hex digits for this boot of this kernel and this
    process namespace (a container has its own).
    """
    boot = Path("/proc/sys/kernel/random/boot_id").read_bytes()
    namespace = os.readlink("/proc/self/ns/pid").encode()
    return hashlib.sha256(boot + namespace).hexdigest()[:8]


def command_line() -> str:
    """What started this process, for people: bytes that are not UTF-8 are escaped."""
    return " ".join(sys.argv).encode(errors="backslashreplace").decode()


def process_alive(pid: int) -> bool:
    """Whether there is a process with this id here."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def started(pid: int) -> int | None:
    """When a process of this place started, in the kernel's ticks; None when there is none.

    Together with the id it identifies one process for ever.
    """
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = status.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])
