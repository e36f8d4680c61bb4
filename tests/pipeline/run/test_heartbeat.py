"""The heartbeat: a call at once on request, none after the end, and no end by an exception."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from pipeline.run import heartbeat
from pipeline.run.heartbeat import Heartbeat

SECONDS = 10.0


class Beats:
    """Counts calls; `wait` returns whether another one came in time."""

    def __init__(self) -> None:
        self.count = 0
        self._semaphore = threading.Semaphore(0)

    def __call__(self) -> None:
        self.count += 1
        self._semaphore.release()

    def wait(self) -> bool:
        return self._semaphore.acquire(timeout=SECONDS)


@pytest.fixture
def beats() -> Beats:
    return Beats()


@pytest.fixture
def started(beats: Beats, monkeypatch: pytest.MonkeyPatch) -> Iterator[Heartbeat]:
    """A heartbeat whose interval does not end within a test."""
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 600.0)
    started = Heartbeat(beats)
    yield started
    started.stop()


def test_it_beats_at_once_on_request(started: Heartbeat, beats: Beats) -> None:
    for _ in range(2):
        started.now()
        assert beats.wait()


def test_it_beats_at_every_interval(beats: Beats, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.01)
    started = Heartbeat(beats)
    assert beats.wait() and beats.wait()
    started.stop()


def test_it_does_not_beat_after_its_end(started: Heartbeat, beats: Beats) -> None:
    started.stop()
    started.now()
    thread = next((item for item in threading.enumerate() if item.name == "status"), None)
    if thread is not None:
        thread.join(SECONDS)
    assert beats.count == 0


def test_an_exception_does_not_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 600.0)
    beats = Beats()

    def fails_once() -> None:
        beats()
        if beats.count == 1:
            raise OSError("no space")

    started = Heartbeat(fails_once)
    started.now()
    assert beats.wait()
    started.now()
    assert beats.wait()
    started.stop()
