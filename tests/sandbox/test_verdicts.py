"""Each status, from a program that earns it, and what the result says besides."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox import Limits, Pool, Program, Result, run
from sandbox.limits import MIB

PROJECT = Path(__file__).parent.parent.parent
Verdict = Callable[[str], Result]


def test_a_traceback_is_that_of_python(verdict: Verdict) -> None:
    result = verdict("def f(x):\n    return 1 / x\n\n\nassert f(0) == 1\n")
    lines = result.stderr.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1] == '  File "/tmp/main.py", line 5, in <module>'
    assert lines[-1] == result.detail == "ZeroDivisionError: division by zero"
    assert "runner" not in result.stderr


@pytest.mark.parametrize(
    "source",
    ["def f(:\n", "x = (\n", "  indented", "return 1", "x = '\0'", "\ud800 = 1", "f(**{}, *[])"],
)
def test_what_does_not_compile_is_named(verdict: Verdict, source: str) -> None:
    result = verdict(source)
    assert result.status == "compile_error", result
    assert "Error" in result.detail


def test_a_syntax_error_at_run_time_is_a_failure(verdict: Verdict) -> None:
    assert verdict("eval('1 +')").status == "failed"


def test_a_byte_order_mark_and_carriage_returns_compile(verdict: Verdict) -> None:
    assert verdict("\ufeffx = 'é'\r\nassert x == 'é'\r\n").passed


def test_a_long_program_runs(verdict: Verdict) -> None:
    source = "".join(f"x{number} = {number}\n" for number in range(80_000))
    assert len(source) > 1 << 20
    assert verdict(source + "assert x79999 == 79999\n").passed


def test_the_end_by_a_signal_is_told_from_an_exit_code(verdict: Verdict) -> None:
    killed = verdict("import os\nos.kill(os.getpid(), 15)")
    assert (killed.status, killed.signal, killed.exit_code) == ("crashed", 15, None)
    left = verdict("import sys\nsys.exit(143)")
    assert (left.status, left.signal, left.exit_code) == ("failed", None, 143)


def test_output_is_kept_up_to_its_limit_and_marked_when_cut() -> None:
    limits = Limits(output_bytes=1000)
    result = run("import sys\nprint('a' * 5000)\nprint('b' * 10, file=sys.stderr)", limits)
    assert result.passed and result.stderr == "b" * 10 + "\n"
    assert result.stdout == "a" * 1000 + "\n[cut: the first 1000 of 5001 bytes]\n"


def test_undecodable_output_is_still_text(verdict: Verdict) -> None:
    assert verdict("import os\nos.write(1, b'\\xff\\xfeab')").stdout == "\ufffd\ufffdab"


def test_what_is_written_at_exit_is_kept(verdict: Verdict) -> None:
    source = (
        "import atexit, threading, time\n"
        "atexit.register(print, 'at exit')\n"
        "threading.Thread(target=lambda: (time.sleep(0.1), print('thread'))).start()\n"
        "print('main', end=' ')\n"
    )
    assert verdict(source).stdout == "main thread\nat exit\n"


def test_a_failure_after_the_last_statement_counts(verdict: Verdict) -> None:
    result = verdict("import atexit, os\natexit.register(os._exit, 3)")
    assert (result.status, result.exit_code) == ("failed", 3)


def test_a_failure_of_unittest_is_named(verdict: Verdict) -> None:
    source = "import unittest\nclass T(unittest.TestCase):\n    def test(self): self.fail()\nunittest.main()"
    result = verdict(source)
    assert (result.status, result.detail) == ("failed", "unittest, doctest or pytest counted a failure")


def test_processor_time_and_memory_are_measured(verdict: Verdict) -> None:
    source = "x = bytearray(b'1') * (100 << 20)\nfor _ in range(3_000_000):\n    pass\n"
    result = verdict(source)
    assert result.passed and result.cpu_s > 0.05 and result.wall_s > 0.05
    assert 100 * MIB < result.max_rss < 200 * MIB


def test_processor_time_is_that_of_all_processes() -> None:
    source = "import os\nfor _ in range(3):\n    os.fork()\nwhile True:\n    pass\n"
    result = run(source, Limits(wall_seconds=120.0, cpu_seconds=2))
    assert result.status == "cpu_timeout", result


def test_a_wall_timeout_is_reported_with_what_was_written() -> None:
    result = run("print('begun', flush=True)\nimport time\ntime.sleep(60)", Limits(wall_seconds=1.0))
    assert (result.status, result.stdout, result.exit_code) == ("timeout", "begun\n", None)


def test_memory_of_one_process_is_limited() -> None:
    result = run("x = bytearray(200 << 20)", Limits(memory_bytes=128 * MIB))
    assert (result.status, result.detail) == ("oom", "MemoryError")


@pytest.mark.parametrize("limits", [Limits(open_files=16), Limits(open_files=100_000), Limits(processes=1)])
def test_unusual_limits_make_no_sandbox_error(limits: Limits) -> None:
    assert run("assert 1 + 1 == 2", limits).passed


def test_a_caller_under_limits_of_its_own_is_served() -> None:
    code = (
        "import resource, sandbox\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, 1 << 30))\n"
        "print(sandbox.run('assert True').status)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT)
    assert done.stdout.strip() == "passed", done.stderr


def test_two_runs_see_the_same_machine(pool: Pool) -> None:
    source = (
        "import os, socket, time, sys, locale\n"
        "print(socket.gethostname(), os.getuid(), os.getgid(), time.tzname, hash('a'), {'x', 'y', 'z'})\n"
        "print(sorted(os.environ.items()), sys.path, os.getcwd(), sys.flags, locale.getlocale())\n"
    )
    first, second, third = pool.run_many(Program(str(n), source) for n in range(3))
    assert first.stdout == second.stdout == third.stdout != ""
