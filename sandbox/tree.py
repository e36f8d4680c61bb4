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
_MAPPING = 256  # bytes that the kernel keeps for each
_MAPS_BYTES = 1 << 19  # of the text about one process's mappings, several thousand; a longer one counts as too much


@dataclass(frozen=True, slots=True)
class Use:
    """Of a whole tree: processes, bytes of resident memory (shared pages once a process), CPU seconds.

    anonymous   the part of the resident memory that is shared with nothing but forks
    own   CPU seconds of each process alone, by its id and its time of birth
    """

    pids: tuple[int, ...]
    rss: int
    cpu: float
    anonymous: int = 0
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
    waiting, anonymous, shared, cpu = [pid], 0, 0, 0
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
        status = _read(f"/proc/{current}/status")
        anonymous += 1024 * _kilobytes(status, b"RssAnon:")
        shared += 1024 * _kilobytes(status, b"RssShmem:")
    return Use(tuple(pids), anonymous + shared, cpu / _TICKS, anonymous, own)


def socket_memory() -> int:
    """Bytes that the sockets of this process's network namespace may hold in their buffers.

    They are in no process's memory, and no control group counts those of Unix sockets.
    """
    for line in _read("/proc/self/net/sockstat").splitlines():
        if line.startswith(b"sockets: used "):
            return int(line.split()[2]) * _SOCKET_BUFFER
    return 0


def shared_memory(pids: tuple[int, ...]) -> int:
    """Bytes of shared anonymous mappings, and of the kernel's records of all mappings.

    Such memory stays while one process maps it, though it be in no process's resident memory.
    """
    areas: dict[bytes, int] = {}
    count = 0
    for pid in pids:
        text = _read(f"/proc/{pid}/maps", _MAPS_BYTES)
        if len(text) == _MAPS_BYTES:
            return 1 << 62
        count += text.count(b"\n")
        for line in text.splitlines():
            if b"/dev/zero (deleted)" in line:
                addresses, _, _, _, inode, *_ = line.split()
                start, end = (int(number, 16) for number in addresses.split(b"-"))
                areas[inode] = max(areas.get(inode, 0), end - start)
    return sum(areas.values()) + count * _MAPPING


def proportional(pids: tuple[int, ...]) -> int:
    """Bytes of anonymous memory of these processes, each shared page divided by its users: exact, and slower."""
    texts = (_read(f"/proc/{pid}/smaps_rollup") for pid in pids)
    return 1024 * sum(_kilobytes(text, b"Pss_Anon:") or _kilobytes(text, b"Pss:") for text in texts)


def _kilobytes(text: bytes, name: bytes) -> int:
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith(name))


def _read(path: str, most: int = -1) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(most)
    except OSError:
        return b""
