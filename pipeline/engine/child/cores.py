"""Limits llama.cpp's threads to the CPU cores that other processes leave free.

The threads synchronize hundreds of times a step, and each barrier waits for the last of them. A
thread that shares its core with another busy process delays all: two threads on one free core may
be ten times slower than one thread (benchmarks/results/engine.md). So no more threads run than
cores are free. Free cores are measured about once a second. The number of threads is lowered at
once, and raised only after the cores have stayed free for `READINGS_TO_GROW` readings.

In: /proc/stat and this process's own CPU time. Where they are not available (not on Linux), every
core counts as free. Not promised: a reaction within less than `INTERVAL_SECONDS`.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from pipeline.engine.sizing import cores

INTERVAL_SECONDS = 1.0
# Consecutive readings that must show a core free before a thread uses it.
READINGS_TO_GROW = 5


@dataclass(frozen=True, slots=True)
class CpuTimes:
    """A reading of the clocks, in seconds since some fixed moment.

    time: wall time
    busy: CPU time of all processes on the cores that this process may use
    own: CPU time of this process
    """

    time: float
    busy: float
    own: float


class FreeCores:
    """Tracks the number of free cores, from construction on."""

    def __init__(self) -> None:
        self._last = read_cpu_times()
        self._threads: int | None = None
        self._readings = 0  # consecutive readings with more cores free than threads

    def restart(self) -> None:
        """Discard the interval until now, because load during a sleep predicts nothing."""
        self._last, self._readings = read_cpu_times(), 0

    def threads(self, most: int) -> int:
        """Number of threads to run now, from 1 to `most`."""
        now = read_cpu_times()
        if now is None or self._last is None:
            return most
        if now.time - self._last.time < INTERVAL_SECONDS:
            return self._threads or most
        free = free_threads(self._last, now, cores(), most)
        self._last = now
        if self._threads is None or free <= self._threads:
            self._threads, self._readings = free, 0
        else:
            self._readings += 1
            if self._readings == READINGS_TO_GROW:
                self._threads, self._readings = free, 0
        return self._threads


def free_threads(before: CpuTimes, now: CpuTimes, n_cores: int, most: int) -> int:
    """Cores, rounded, that other processes left free between two readings; from 1 to `most`."""
    others = ((now.busy - before.busy) - (now.own - before.own)) / (now.time - before.time)
    return max(1, min(most, round(n_cores - others)))


def read_cpu_times() -> CpuTimes | None:
    """Read the clocks; None where they are not available."""
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
    return CpuTimes(time.monotonic(), ticks / os.sysconf("SC_CLK_TCK"), time.process_time())
