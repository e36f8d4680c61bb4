"""Threads on the cores that other processes leave free."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from pipeline.engine.child import cores
from pipeline.engine.child.cores import (
    INTERVAL_SECONDS,
    READINGS_TO_GROW,
    CpuTimes,
    FreeCores,
    free_threads,
)


@pytest.mark.parametrize(
    ("busy", "own", "most", "expected"),
    [
        (0.0, 0.0, 8, 8),
        (8.0, 8.0, 8, 8),  # all of it is this process
        (8.0, 7.0, 8, 7),
        (1.4, 0.0, 8, 7),
        (1.6, 0.0, 8, 6),
        (3.0, 0.0, 4, 4),  # five are free, but four is the limit
        (8.0, 0.0, 8, 1),
        (9.0, 0.0, 8, 1),  # clocks that tick coarsely may count more than there is
        (0.0, 1.0, 8, 8),
    ],
)
def test_the_threads_are_the_cores_that_others_left_free(busy, own, most, expected):
    for seconds in (1.0, 3.0):
        before, now = CpuTimes(5.0, 100.0, 50.0), CpuTimes(5.0 + seconds, 100.0, 50.0)
        now = CpuTimes(now.time, now.busy + busy * seconds, now.own + own * seconds)
        assert free_threads(before, now, 8, most) == expected


def follow(monkeypatch, others):
    """The threads after each second in which others kept so many of 4 cores busy."""
    readings = [CpuTimes(0.0, 0.0, 0.0)]
    for busy in others:
        last = readings[-1]
        readings.append(CpuTimes(last.time + INTERVAL_SECONDS, last.busy + busy, 0.0))
    monkeypatch.setattr(cores, "cores", lambda: 4)
    monkeypatch.setattr(cores, "read_cpu_times", iter(readings).__next__)
    free = FreeCores()
    return [free.threads(4) for _ in others]


def test_threads_go_at_once_and_come_back_after_a_while(monkeypatch):
    others = [0, 2, 3, *[0] * READINGS_TO_GROW, 0]
    expected = [4, 2, 1, *[1] * (READINGS_TO_GROW - 1), 4, 4]
    assert follow(monkeypatch, others) == expected


def test_a_core_taken_again_and_again_stays_without_a_thread(monkeypatch):
    assert follow(monkeypatch, [1, 0, 0, 1, 0, 0, 1, 0]) == [3] * 8


def test_beside_a_busy_process_for_every_core_one_thread_works():
    spin = [sys.executable, "-c", "while True: pass"]
    others = [subprocess.Popen(spin) for _ in range(cores.cores())]
    try:
        free = FreeCores()
        time.sleep(INTERVAL_SECONDS * 2)
        assert free.threads(cores.cores()) == 1
    finally:
        for other in others:
            other.kill()
            other.wait()


def test_what_was_busy_while_this_process_slept_does_not_count(monkeypatch):
    readings = iter([CpuTimes(0.0, 0.0, 0.0), CpuTimes(60.0, 240.0, 0.0), CpuTimes(61.0, 240.0, 0.0)])
    monkeypatch.setattr(cores, "cores", lambda: 4)
    monkeypatch.setattr(cores, "read_cpu_times", readings.__next__)
    free = FreeCores()
    free.restart()
    assert free.threads(4) == 4
