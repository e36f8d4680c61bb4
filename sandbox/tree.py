"""Measures what a tree of processes uses, from /proc. Data in: the top process's id. Data out: `Use`.

Processes start and end during the reading, so a figure is a sample; a process that has ended is no error.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

_TICKS = os.sysconf("SC_CLK_TCK")
_SOCKET_BUFFER = 212_992  # net.core.wmem_default of every common kernel
_MOST = 4096  # processes; a larger tree is not counted further


@dataclass(frozen=True, slots=True)
class Use:
    """Of a whole tree: processes, bytes of resident memory (shared pages once a process), CPU seconds.

    own   CPU seconds of each process alone, by its id and its time of birth
    """

    pids: tuple[int, ...]
    rss: int
    cpu: float
    own: Mapping[tuple[int, int], float] = field(default_factory=dict)


class Ended:
    """Adds up what processes used by themselves over several samples, those that have ended included.

    The kernel adds a child's time to its parent's only when the parent waits for it; a parent that ignores SIGCHLD
    does not. What a child did after the last sample that saw it is not known.
    """

    def __init__(self) -> None:
        self.cpu = 0.0
        self._seen: dict[tuple[int, int], float] = {}

    def note(self, use: Use) -> None:
        for process, cpu in use.own.items():
            self.cpu += cpu - self._seen.get(process, 0.0)
        self._seen.update(use.own)


def children(pid: int) -> list[int]:
    """The children of all threads of a process."""
    pids: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            pids += map(int, _read(f"/proc/{pid}/task/{thread}/children").split())
    except OSError:
        pass
    return pids


def measure(pid: int) -> Use:
    """The tree from `pid` down."""
    waiting, rss, cpu = [pid], 0, 0
    pids: list[int] = []
    own: dict[tuple[int, int], float] = {}
    while waiting and len(pids) < _MOST:
        current = waiting.pop()
        pids.append(current)
        waiting += children(current)
        fields = _read(f"/proc/{current}/stat").rpartition(b")")[2].split()
        # utime, stime and those of the children it has waited for
        cpu += sum(map(int, fields[11:15]))
        if fields:
            own[current, int(fields[19])] = sum(map(int, fields[11:13])) / _TICKS
        rss += _kilobytes(_read(f"/proc/{current}/status"), (b"RssAnon:", b"RssShmem:"))
    return Use(tuple(pids), rss * 1024, cpu / _TICKS, own)


def socket_memory() -> int:
    """Bytes that the sockets of this process's network namespace may hold in their buffers.

    They are in no process's memory, and no control group counts those of Unix sockets.
    """
    for line in _read("/proc/self/net/sockstat").splitlines():
        if line.startswith(b"sockets: used "):
            return int(line.split()[2]) * _SOCKET_BUFFER
    return 0


def proportional(pids: tuple[int, ...]) -> int:
    """Bytes of memory of these processes, each shared page divided by its users: exact, and slower."""
    return 1024 * sum(_kilobytes(_read(f"/proc/{pid}/smaps_rollup"), (b"Pss:",)) for pid in pids)


def _kilobytes(text: bytes, names: tuple[bytes, ...]) -> int:
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith(names))


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""
