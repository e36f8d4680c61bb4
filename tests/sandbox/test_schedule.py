"""The order of programs and their second chances, without a process."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox import Program, Result
from sandbox.schedule import BATCH, Schedule


def programs(count: int, taken: list[str] | None = None) -> Iterator[Program]:
    for number in range(count):
        if taken is not None:
            taken.append(str(number))
        yield Program(str(number), "pass")


def test_a_program_is_taken_only_when_it_can_start() -> None:
    taken: list[str] = []
    schedule = Schedule(programs(100, taken), rerun_alone=True)
    schedule.next(0), schedule.next(1)
    assert taken == ["0", "1"]


def test_a_timeout_runs_again_alone_and_then_counts() -> None:
    schedule = Schedule(programs(2), rerun_alone=True)
    first, second = schedule.next(0), schedule.next(1)
    assert first and second
    assert schedule.settle(first, Result("0", "timeout")) is None
    assert schedule.next(1) is None
    assert schedule.settle(second, Result("1", "passed"))
    assert schedule.next(0) is first
    assert schedule.next(1) is None
    assert schedule.settle(first, Result("0", "timeout")) == Result("0", "timeout")
    assert schedule.next(0) is None


def test_a_failure_that_a_neighbour_can_cause_runs_again_alone() -> None:
    schedule = Schedule(programs(1), rerun_alone=True)
    job = schedule.next(0)
    crowded = Result("0", "failed", detail="OSError: [Errno 109] Too many references: cannot splice")
    assert job and schedule.settle(job, crowded) is None
    assert schedule.next(0) is job
    assert schedule.settle(job, crowded) == crowded


def test_the_others_wait_for_a_batch_of_timeouts_and_then_go_on() -> None:
    schedule = Schedule(programs(BATCH + 1), rerun_alone=True)
    for _ in range(BATCH):
        job = schedule.next(0)
        assert job
        schedule.settle(job, Result(job.id, "timeout"))
    again = [schedule.next(0) for _ in range(BATCH)]
    assert all(job and job.alone for job in again)
    last = schedule.next(0)
    assert last and last.id == str(BATCH) and not last.alone


def test_a_lone_worker_does_not_run_a_timeout_again() -> None:
    schedule = Schedule(programs(1), rerun_alone=False)
    job = schedule.next(0)
    assert job and schedule.settle(job, Result("0", "timeout"))


def test_a_sandbox_error_is_tried_three_times_and_then_reported_as_such() -> None:
    schedule = Schedule(programs(1), rerun_alone=True)
    broken = Result("0", "sandbox_error")
    job = schedule.next(0)
    assert job and schedule.settle(job, broken) is None
    assert schedule.next(0) is job and schedule.settle(job, broken) is None
    assert schedule.next(0) is job and schedule.settle(job, broken) == broken
    assert schedule.next(0) is None


def test_an_error_while_alone_is_tried_again_alone() -> None:
    schedule = Schedule(programs(2), rerun_alone=True)
    job = schedule.next(0)
    assert job
    schedule.settle(job, Result("0", "timeout"))
    other = schedule.next(0)
    assert other
    schedule.settle(other, Result("1", "passed"))
    assert schedule.next(0) is job
    assert schedule.settle(job, Result("0", "sandbox_error")) is None
    assert schedule.next(1) is None
    assert schedule.next(0) is job
