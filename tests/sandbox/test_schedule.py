"""The order of programs and their second chances, without a process."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox import Program, Result
from sandbox.schedule import BATCH, VAIN_SECONDS, VAIN_SHARE, Reruns, Schedule


def programs(count: int, taken: list[str] | None = None) -> Iterator[Program]:
    for number in range(count):
        if taken is not None:
            taken.append(str(number))
        yield Program(str(number), "pass")


def test_a_program_is_taken_only_when_it_can_start() -> None:
    taken: list[str] = []
    schedule = Schedule(programs(100, taken), Reruns(), rerun_alone=True)
    schedule.next(0), schedule.next(1)
    assert taken == ["0", "1"]


def test_a_timeout_runs_again_alone_and_then_counts() -> None:
    schedule = Schedule(programs(2), Reruns(), rerun_alone=True)
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
    schedule = Schedule(programs(1), Reruns(), rerun_alone=True)
    job = schedule.next(0)
    crowded = Result("0", "failed", detail="OSError: [Errno 109] Too many references: cannot splice")
    assert job and schedule.settle(job, crowded, True) is None
    assert schedule.next(0) is job
    assert schedule.settle(job, crowded, True) == crowded


def test_what_a_program_prints_gives_it_no_second_run() -> None:
    schedule = Schedule(programs(1), Reruns(), rerun_alone=True)
    job = schedule.next(0)
    printed = Result("0", "failed", detail="OSError: [Errno 109] Too many references: cannot splice")
    assert job and schedule.settle(job, printed) == printed


def test_second_runs_that_change_nothing_end_for_the_whole_pool() -> None:
    reruns, count = Reruns(), 400
    for _ in range(4):  # iterators of one pool
        schedule = Schedule(programs(count), reruns, rerun_alone=True)
        while job := schedule.next(0):
            schedule.settle(job, Result(job.id, "timeout", wall_s=10.0))
    assert reruns.vain <= VAIN_SECONDS + VAIN_SHARE * reruns.seconds + BATCH * 10
    assert reruns.vain < 0.2 * reruns.seconds


def test_second_runs_that_help_go_on() -> None:
    reruns = Reruns()
    schedule = Schedule(programs(1000), reruns, rerun_alone=True)
    ended = []
    while job := schedule.next(0):
        ended.append(schedule.settle(job, Result(job.id, "passed" if job.alone else "timeout", wall_s=10.0)))
    assert sum(1 for result in ended if result) == 1000
    assert {result.status for result in ended if result} == {"passed"}


def test_the_others_wait_for_a_batch_of_timeouts_and_then_go_on() -> None:
    schedule = Schedule(programs(BATCH + 1), Reruns(), rerun_alone=True)
    for _ in range(BATCH):
        job = schedule.next(0)
        assert job
        schedule.settle(job, Result(job.id, "timeout"))
    again = [schedule.next(0) for _ in range(BATCH)]
    assert all(job and job.alone for job in again)
    last = schedule.next(0)
    assert last and last.id == str(BATCH) and not last.alone


def test_a_lone_worker_does_not_run_a_timeout_again() -> None:
    schedule = Schedule(programs(1), Reruns(), rerun_alone=False)
    job = schedule.next(0)
    assert job and schedule.settle(job, Result("0", "timeout"))


def test_a_sandbox_error_is_tried_three_times_and_then_reported_as_such() -> None:
    schedule = Schedule(programs(1), Reruns(), rerun_alone=True)
    broken = Result("0", "sandbox_error")
    job = schedule.next(0)
    assert job and schedule.settle(job, broken) is None
    assert schedule.next(0) is job and schedule.settle(job, broken) is None
    assert schedule.next(0) is job and schedule.settle(job, broken) == broken
    assert schedule.next(0) is None


def test_an_error_while_alone_is_tried_again_alone() -> None:
    schedule = Schedule(programs(2), Reruns(), rerun_alone=True)
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
