"""The pool: order, laziness, second chances, and a clean end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from sandbox import Limits, Pool, Program, SandboxUnavailable, tree

PROJECT = Path(__file__).parent.parent.parent
SLEEPS = "import time\ntime.sleep(600)\n"


def descendants() -> set[int]:
    return set(tree.measure(os.getpid()).pids)


def test_results_come_in_order_of_completion() -> None:
    programs = [Program("slow", "import time\ntime.sleep(3)"), Program("quick", "pass")]
    with Pool(2) as pool:
        assert [result.id for result in pool.run_many(programs)] == ["quick", "slow"]


def test_a_hanging_program_does_not_hold_the_others_up() -> None:
    programs = [Program("hangs", SLEEPS), *(Program(str(n), "pass") for n in range(20))]
    with Pool(2, Limits(wall_seconds=5.0)) as pool:
        order = [result.id for result in pool.run_many(programs)]
    assert order[-1] == "hangs" and len(order) == 21


def test_programs_are_taken_as_workers_become_free() -> None:
    taken = 0

    def programs() -> Iterator[Program]:
        nonlocal taken
        for number in range(50):
            taken += 1
            yield Program(str(number), "pass")

    with Pool(2) as pool:
        results = pool.run_many(programs())
        for seen in range(1, 6):
            next(results)
            assert taken <= seen + 2 * 2
        results.close()


def test_leaving_the_iterator_ends_what_runs_and_the_pool_can_go_on() -> None:
    before = descendants()
    with Pool(2) as pool:
        results = pool.run_many([Program("quick", "pass"), *[Program("sleeps", SLEEPS)] * 5])
        assert next(results).id == "quick"
        results.close()
        running = descendants() - before
        assert len(running) <= 1  # the worker that was done
        assert [result.status for result in pool.run_many([Program("after", "pass")])] == ["passed"]
    assert descendants() == before


def test_a_closed_pool_leaves_no_process_and_says_that_it_is_closed() -> None:
    before = descendants()
    pool = Pool(2)
    pool.close()
    pool.close()
    assert descendants() == before
    with pytest.raises(RuntimeError, match="closed"):
        next(pool.run_many([Program("", "pass")]))


def test_a_second_iterator_at_the_same_time_is_refused() -> None:
    with Pool(1) as pool:
        first = pool.run_many([Program("", "pass")] * 2)
        next(first)
        with pytest.raises(RuntimeError, match="already"):
            next(pool.run_many([Program("", "pass")]))
        assert next(first).passed


def test_a_worker_that_dies_costs_no_program_its_verdict() -> None:
    with Pool(1) as pool:
        results = pool.run_many(Program(str(n), "import time\ntime.sleep(0.5)") for n in range(3))
        assert next(results).passed
        worker = pool._workers[0]
        assert worker
        worker.process.kill()
        assert [result.status for result in results] == ["passed", "passed"]


def test_the_parent_may_have_threads_and_forked_children() -> None:
    stop = threading.Event()
    threads = [threading.Thread(target=stop.wait) for _ in range(5)]
    for thread in threads:
        thread.start()
    pid = os.fork()
    if pid == 0:
        time.sleep(30)
        os._exit(0)
    found: list[str] = []
    try:

        def work() -> None:
            with Pool(1) as pool:
                found.extend(r.status for r in pool.run_many([Program("", "pass")] * 3))

        workers = [threading.Thread(target=work) for _ in range(3)]
        for thread in workers:
            thread.start()
        for thread in workers:
            thread.join()
    finally:
        stop.set()
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    assert found == ["passed"] * 9


SCRIPT = """
import signal
from sandbox import Pool, Program
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
with Pool(2) as pool:
    print("ready", flush=True)
    for result in pool.run_many(Program(str(n), {source!r}) for n in range({count})):
        print(result.status, flush=True)
"""


def start(source: str, count: int) -> subprocess.Popen[str]:
    """A process with a pool at work, in a process group of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT.format(source=source, count=count)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
        start_new_session=True,
    )
    assert process.stdout and process.stdout.readline() == "ready\n"
    return process


def family(process: subprocess.Popen[str], least: int) -> list[tuple[int, str]]:
    """All descendants with their start times, once there are at least so many."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        pids = tree.measure(process.pid).pids
        if len(pids) >= least:
            break
        time.sleep(0.05)
    return [(pid, birth(pid)) for pid in pids if birth(pid)]


def birth(pid: int) -> str:
    """When a process was started, which tells it from a later one with its id; "" when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]


def alive(members: list[tuple[int, str]]) -> list[int]:
    return [pid for pid, born in members if birth(pid) == born]


def test_ctrl_c_ends_everything_cleanly() -> None:
    process = start(SLEEPS, 4)
    members = family(process, 7)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert alive(members) == []


def test_nothing_survives_the_kill_of_the_parent_for_two_seconds() -> None:
    hostile = (
        "import os, signal, time\n"
        "for number in range(1, 32):\n"
        "    try:\n        signal.signal(number, signal.SIG_IGN)\n"
        "    except (OSError, ValueError):\n        pass\n"
        "for _ in range(49):\n"
        "    if os.fork() == 0:\n        os.setsid(); time.sleep(600)\n"
        "time.sleep(600)\n"
    )
    process = start(hostile, 4)
    members = family(process, 100)
    assert len(members) >= 100
    process.kill()
    process.wait()
    time.sleep(2)
    assert alive(members) == []


def test_nothing_survives_the_kill_of_a_worker() -> None:
    process = start(SLEEPS, 1)
    members = family(process, 5)
    for pid in tree.children(process.pid):
        os.kill(pid, signal.SIGKILL)
    time.sleep(2)
    first = [pid for pid in alive(members) if pid != process.pid]
    process.kill()
    process.wait()
    assert first == []


def test_a_source_that_does_not_fit_fails_and_costs_no_other_its_verdict() -> None:
    limits = Limits(scratch_bytes=1 << 20)
    big = Program("big", "x = 1  # " + "x" * (2 << 20))
    with Pool(1, limits) as pool:
        results = list(pool.run_many([big, *(Program(str(n), "assert True") for n in range(3))]))
    assert [(result.id, result.status) for result in results] == [
        ("big", "failed"),
        *((str(n), "passed") for n in range(3)),
    ]
    assert "does not fit into scratch_bytes" in results[0].detail


def test_a_configuration_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.pool.asdict", lambda value: {**asdict(value), "colour": "red"})
    with pytest.raises(SandboxUnavailable, match="colour"):
        Pool(1)


def test_a_lock_on_what_all_see_is_seen_by_no_other_worker() -> None:
    paths = "os.__file__, sys.executable" + (", '/dev/null', '/dev/zero'" if os.geteuid() == 0 else "")
    source = (
        "import fcntl, os, sys, time\n"
        f"for path in ({paths}):\n"
        "    fcntl.flock(os.open(path, os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
        "time.sleep(1)\n"
    )
    with Pool(2) as pool:
        results = list(pool.run_many(Program(str(n), source) for n in range(2)))
    assert [(result.status, result.stderr) for result in results] == [("passed", "")] * 2
