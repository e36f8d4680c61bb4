"""Runs inside the sandbox: one response and its tests, again and again, each time in a fork of its own.

Data in: a job (../job.py). Data out: a report on standard output, one line behind a mark. The forks share
nothing and are killed when they take too long, so a mutant that loops or leaves affects no other run. Not
promised: that a program cannot forge the report. That the response passes its tests was proved before, by the
sandbox's own protocol.

The text of this module and of the two that it imports is part of the program that the sandbox runs.
"""

from __future__ import annotations

import _signal  # `signal` itself costs more than the rest of this file
import marshal
import os
import select
import sys
import time

from pipeline.verification.inside.circumstances import CIRCUMSTANCES, NoSay
from pipeline.verification.inside.frameworks import listen
from pipeline.verification.inside.values import changed

MYPY = False
if MYPY:  # no typing module at run time: it costs more than the rest of this file
    from collections.abc import Callable
    from typing import Any

    Namespace = dict[str, Any]
    Prepare = Callable[[Namespace], None]

_FAILED = ("Failed", "DocTestFailure")  # pytest's and doctest's
# The least limits of a fork in seconds of CPU and of wall time, far apart for the sake of busy machines; where
# the first run took long, they are SLOWER times what it took.
LEAST_CPU = 0.25
LEAST_WALL = 2.0
SLOWER = 8
_MOST_CALLS = 100  # that are observed in a run
_MOST_CHARACTERS = 500  # of an observed value


def verify(job: dict[str, Any]) -> dict[str, Any]:
    """The report of a job; see job.py for what each entry means."""
    runner = Runner(job["seconds"], frozenset(job["raises"]))
    first = runner.run(job["instrumented_code"], job["instrumented_tests"], watch=job["names"])
    report: dict[str, Any] = {"first": first["outcome"], "error": first["error"]}
    if first["outcome"] != "passed":
        return report
    runner.limit(first)
    report.update({key: first[key] for key in ("asserts", "called", "redefined")})
    report["flaky"] = flaky(job, runner)
    if report["flaky"] or report["redefined"]:
        return report
    called = set(first["called"])
    mutants = sorted(job["mutants"], key=lambda mutant: mutant[0] not in called)
    outcomes = []
    for _, source in mutants[: job["max_mutants"]]:
        outcome = runner.run(source, job["tests"], prepare=perturbing)["outcome"]
        if runner.exhausted:
            break  # the run may have been cut short
        outcomes.append(outcome)
    report["mutants"] = len(outcomes)
    report["killed"] = len(outcomes) - outcomes.count("passed")
    report["noticed"] = outcomes.count("assertion")
    report.update(compared(job, runner))
    return report


def compared(job: dict[str, Any], runner: Runner) -> dict[str, Any]:
    """Which others' tests the response passes, whose code passes its tests, and what it made of all the inputs.

    `behaviour` is "argument" where every call returned an argument, "constant" where calls with different arguments
    all returned the same, else "".
    """
    mine, agrees, supports, asked = job["entry"], [], [], 0
    own = runner.run(job["code"], job["tests"], prepare_tests=observing(mine, mine))
    calls = list(own.get("calls", []))
    for id, code, tests, entry in job["others"]:
        forth = runner.run(job["code"], tests, prepare_tests=observing(mine, entry))
        back = runner.run(code, job["tests"], prepare_tests=aliasing(entry, mine))
        if runner.exhausted:
            break  # a run may have been cut short
        asked += 1
        calls += forth.get("calls", [])
        if forth["outcome"] == "passed":
            agrees.append(id)
        if back["outcome"] == "passed":
            supports.append(id)
    return {
        "agrees": agrees,
        "supports": supports,
        "asked": asked,
        "inputs": len({given for given, _, _ in own.get("calls", [])}),
        "behaviour": behaviour(calls),
    }


def behaviour(calls: list[tuple[str, str, bool]]) -> str:
    """How trivially a function behaved in its calls; calls that returned nothing tell nothing."""
    told = [call for call in calls if call[1] != "None"]
    if not told:
        return ""
    if all(handed_on for _, _, handed_on in told):
        return "argument"
    inputs, results = {given for given, _, _ in told}, {result for _, result, _ in told}
    return "constant" if len(inputs) > 1 and len(results) == 1 else ""


class Runner:
    """Runs programs in forks until the job's time is used up."""

    def __init__(self, seconds: float, raises: frozenset[int]) -> None:
        self._end = time.monotonic() + seconds
        self._raises = raises
        self._cpu = self._wall = seconds

    @property
    def exhausted(self) -> bool:
        return time.monotonic() >= self._end

    def limit(self, first: dict[str, Any]) -> None:
        """Set the limits of later runs by what the first took."""
        self._cpu = max(LEAST_CPU, SLOWER * first["cpu"])
        self._wall = max(LEAST_WALL, SLOWER * first["wall"])

    def run(
        self,
        code: str,
        tests: str,
        watch: tuple[str, ...] = (),
        prepare: Prepare | None = None,
        prepare_tests: Prepare | None = None,
    ) -> dict[str, Any]:
        """The outcome of code and tests: passed, assertion, error, no_say or timeout."""

        def child() -> dict[str, Any]:
            return attempt(code, tests, self._raises, watch, prepare, prepare_tests)

        written, _ = self._fork(lambda write: os.write(write, marshal.dumps(child())))
        try:
            outcome = marshal.loads(written)
        except (EOFError, ValueError, TypeError):
            outcome = None
        return outcome if isinstance(outcome, dict) else {"outcome": "timeout", "error": "no end"}

    def run_with_hash_seed(self, source: str, seed: int) -> bool | None:
        """Whether the program exits with 0 in a new interpreter with this hash seed; None: it did not end."""

        def child(write: int) -> None:
            with open("again.py", "w") as file:
                file.write(source)
            environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
            environment["PYTHONPATH"] = ":".join(path for path in sys.path if path)
            os.set_inheritable(write, True)  # its end is the program's end
            arguments = [sys.executable, "-S", "-s", "-B", "again.py"]
            os.execve(sys.executable, arguments, environment)

        _, status = self._fork(child)
        return None if status is None else status == 0

    def _fork(self, work: Callable[[int], Any]) -> tuple[bytes, int | None]:
        """The output of a forked child, and its exit status; None when its time was up."""
        read, write = os.pipe()
        pid = os.fork()
        if not pid:
            try:
                os.close(read)
                _signal.setitimer(_signal.ITIMER_PROF, self._cpu)
                quiet = os.open(os.devnull, os.O_RDWR)
                for stream in (0, 1, 2):
                    os.dup2(quiet, stream)
                work(write)
            finally:
                os._exit(0)
        os.close(write)
        end = min(self._end, time.monotonic() + self._wall)
        written, part = b"", b"-"
        while part and select.select([read], [], [], max(0.0, end - time.monotonic()))[0]:
            part = os.read(read, 65536)
            written += part
        os.close(read)
        if part:
            os.kill(pid, 9)
        status = os.waitpid(pid, 0)[1]
        ended = not part and not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == _signal.SIGPROF)
        return written, status if ended else None


def attempt(
    code: str,
    tests: str,
    raises: frozenset[int],
    watch: tuple[str, ...] = (),
    prepare: Prepare | None = None,
    prepare_tests: Prepare | None = None,
) -> dict[str, Any]:
    """Run code, then tests, as one `__main__`; only ever called in a process that is thrown away."""
    module = type(sys)("__main__")
    sys.modules["__main__"] = module
    names = module.__dict__
    seen: dict[str, Any] = {"asserts": 0}
    called: set[str] = set()
    counted: list[str] = []  # failures that were counted and not raised

    def asserted(times: int = 1) -> None:
        seen["asserts"] += times

    names.update(__asserted__=asserted, __called__=called.add, __file__="main.py")
    began, spent = time.perf_counter(), time.process_time()
    outcome, error = "passed", ""
    originals: Namespace = {}
    try:
        if prepare:
            prepare(names)
        listen(tests, asserted, counted.append)
        exec(compile(code, "<response>", "exec"), names)
        if prepare_tests:
            prepare_tests(names)
        originals = {name: names.get(name) for name in watch}
        called.clear()
        exec(compile(tests, "<tests>", "exec"), names)
    except NoSay:
        outcome = "no_say"
    except BaseException as raised:
        outcome, error = judge(raised, raises), f"{type(raised).__name__}: {raised}"[:200]
    if counted and outcome == "passed":
        outcome, error = "assertion", counted[0][:200]
    return {
        "outcome": outcome,
        "error": error,
        "wall": time.perf_counter() - began,
        "cpu": time.process_time() - spent,
        "asserts": seen["asserts"],
        "called": sorted(called),
        "calls": names.get("__calls__", []),
        "redefined": [name for name in watch if names.get(name) is not originals.get(name)],
    }


def judge(raised: BaseException, raises: frozenset[int]) -> str:
    """Whether an exception that ended the tests is a failed check of theirs ("assertion") or an "error".

    A check is an assert, a `raise` statement of the tests (`raises`: the lines of those), or a library's."""
    if isinstance(raised, SystemExit):  # unittest.main
        return "assertion" if raised.code else "passed"
    trace = raised.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    file = trace.tb_frame.f_code.co_filename if trace is not None else ""
    if isinstance(raised, AssertionError) or type(raised).__name__ in _FAILED:
        # An assert of the response itself is no check of the tests.
        return "error" if file == "<response>" else "assertion"
    own = trace is not None and file == "<tests>" and trace.tb_lineno in raises
    return "assertion" if own else "error"


def flaky(job: dict[str, Any], runner: Runner) -> str:
    """Why the tests fail at another time; "" if they pass under all circumstances."""
    source, tests = job["code"], job["tests"]
    for _ in range(job["repeats"]):
        again = runner.run(source, tests)
        if again["outcome"] in ("assertion", "error"):
            return f"it fails when it is run again: {again['error']}"
    for where, modules, circumstance, control in CIRCUMSTANCES:
        if not modules.intersection(job["uses"]):
            continue
        again = runner.run(source, tests, prepare=circumstance)
        if again["outcome"] != "assertion":
            continue
        if runner.run(source, tests, prepare=control)["outcome"] == "passed":
            return f"it fails {where}: {again['error']}"
    for seed in range(1, job["hash_seeds"] + 1):
        if runner.run_with_hash_seed(job["program"], seed) is False:
            if runner.run_with_hash_seed(job["program"], 0):
                return f"it fails with PYTHONHASHSEED={seed}"
            break  # the program does not run in a bare interpreter at all
    return ""


def aliasing(mine: str, theirs: str) -> Prepare:
    """Add this response's function under the name that another response's tests use."""

    def prepare(names: Namespace) -> None:
        if theirs and mine in names:
            names.setdefault(theirs, names[mine])

    return prepare


def observing(mine: str, theirs: str) -> Prepare:
    """`aliasing`, with a record in `__calls__` of each call: arguments, result, whether the result is an argument."""

    def prepare(names: Namespace) -> None:
        function: Any = names.get(mine)
        aliasing(mine, theirs)(names)
        calls = names["__calls__"] = []
        if not hasattr(function, "__code__"):
            return  # classes and their methods are not observed

        def observed(*args: Any, **kwargs: Any) -> Any:
            given = spelt((args, kwargs))
            handed = [spelt(argument) for argument in (*args, *kwargs.values())]
            result = function(*args, **kwargs)
            if len(calls) < _MOST_CALLS:
                told = spelt(result)
                calls.append((given, told, told in handed))
            return result

        for name in {mine, theirs} & names.keys():
            if names[name] is function:
                names[name] = observed

    return prepare


def spelt(value: Any) -> str:
    """A value's representation, cut to a bounded length; "?" where it has none."""
    try:
        return repr(value)[:_MOST_CHARACTERS]
    except Exception:
        return "?"


def perturbing(names: Namespace) -> None:
    """Give mutants the functions that change a returned value into another of the same type."""
    names.update(__more__=lambda value: changed(value, 1), __other__=lambda value: changed(value, -1))
