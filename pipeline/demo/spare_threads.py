"""Chooses how many threads the next training step uses, without taking cores from other programs.

Two threads that share their cores with other programs are slower than one, since each step of the
arithmetic waits for the last of them. Linux only; elsewhere all threads are always used.
"""

from __future__ import annotations

import time

SAMPLES = 4
PAUSE_SECONDS = 0.003


def spare_threads(most: int) -> int:
    """The number of threads to use: `most` less the other programs that are ready to run, but at least one."""
    waiting = min(_others_running() for _ in range(SAMPLES))
    return max(1, most - waiting)


def _others_running() -> int:
    """Programs that run or could run at this moment, besides this one."""
    time.sleep(PAUSE_SECONDS)
    try:
        with open("/proc/stat") as stat:
            for line in stat:
                if line.startswith("procs_running"):
                    return max(0, int(line.split()[1]) - 1)
    except OSError:
        pass
    return 0
