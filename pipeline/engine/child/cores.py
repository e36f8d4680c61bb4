"""How many cores the other processes leave to llama.cpp's threads.

The threads meet hundreds of times a step, and each meeting waits for the last. One that shares its core
with another busy process holds all of them up: two threads on one free core may be ten times slower than
one thread (benchmarks/results/engine.md). So no more threads work than cores are free, counted anew about
once a second: fewer at once, more again only when the cores have stayed free for a while.

In: /proc/stat and this process's own CPU time; elsewhere than on Linux every core counts as free.
Not promised: anything about the second before the next look.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

LOOK_SECONDS = 1.0
# Looks in a row that find a core free before a thread is put on it.
PATIENCE = 5


def cores() -> int:
    """The cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        return os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class _Look:
    """Seconds, all since some fixed moment."""

    time: float
    busy: float  # of all cores this process may use, together
    own: float  # of this process


class FreeCores:
    """Follows what is free from its making on."""

    def __init__(self) -> None:
        self._last = _look()
        self._threads: int | None = None
        self._allowed = 0  # looks in a row that found more free

    def start_over(self) -> None:
        """What others did until now, while this process slept, says nothing of what comes."""
        self._last, self._allowed = _look(), 0

    def threads(self, most: int) -> int:
        """The threads that shall work now, of `most`; at least 1."""
        now = _look()
        if now is None or self._last is None:
            return most
        if now.time - self._last.time < LOOK_SECONDS:
            return self._threads or most
        found = free_threads(self._last, now, cores(), most)
        self._last = now
        if self._threads is None or found <= self._threads:
            self._threads, self._allowed = found, 0
        else:
            self._allowed += 1
            if self._allowed == PATIENCE:
                self._threads, self._allowed = found, 0
        return self._threads


def free_threads(before: _Look, now: _Look, n_cores: int, most: int) -> int:
    """The cores, rounded, that others left free between two looks; from 1 to `most`."""
    others = ((now.busy - before.busy) - (now.own - before.own)) / (now.time - before.time)
    return max(1, min(most, round(n_cores - others)))


def _look() -> _Look | None:
    try:
        allowed = os.sched_getaffinity(0)
        with open("/proc/stat") as file:
            lines = file.readlines()
    except (AttributeError, OSError):
        return None
    ticks = 0
    for line in lines:
        name, *times = line.split()
        if name.startswith("cpu") and name[3:].isdigit() and int(name[3:]) in allowed:
            user, nice, system, _idle, _iowait, irq, softirq = map(int, times[:7])
            ticks += user + nice + system + irq + softirq
    return _Look(time.monotonic(), ticks / os.sysconf("SC_CLK_TCK"), time.process_time())
