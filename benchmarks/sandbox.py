"""What a sandbox costs: test programs a second and CPU milliseconds each, against Python without one.

    python benchmarks/sandbox.py [--quick] [--json] [--rounds N]
    python benchmarks/sandbox.py --attack N [--json]

Four ways to run the same file, interleaved round by round, so that whatever else the machine does hits all of
them: `python -S`, `python3`, a naive bwrap around python3, and the sandbox. Two programs: a trivial one, and one
that imports typing, collections, re, math and dataclasses. Each with as many workers as cores, and one more.
A ratio is the median over the rounds of (sandbox / python -S), each at its better number of workers.

With --attack, N programs of tests/sandbox, half of them hostile, go through one pool: which honest ones did not pass,
which hostile ones did, and the memory and descriptors of this process and of the workers along the way.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import random
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from sandbox import Limits, Pool, Program, linux, tree
from sandbox.limits import MIB
from sandbox.staging.root import find_bwrap
from tests.sandbox.suite import Case, cases

PROGRAMS = {
    "trivial": "def total(numbers):\n    return sum(numbers)\n\n\nassert total([1, 2]) == 3\n",
    "importing": (
        "import collections\nimport dataclasses\nimport math\nimport re\nfrom typing import Dict, List\n\n\n"
        "def total(numbers: List[int]) -> int:\n    return sum(numbers)\n\n\nassert total([1, 2]) == 3\n"
    ),
}
PYTHON = os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)
BARE = {
    "python -S": [PYTHON, "-S"],
    "python3": [PYTHON],
    "naive bwrap": [
        str(find_bwrap()), "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/run",
        "--unshare-all", "--die-with-parent", PYTHON,
    ],
}  # fmt: skip
OURS = "sandbox"
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Speed:
    """Of one batch: programs a second, and CPU milliseconds a program of all processes it took."""

    rate: float
    cpu_ms: float


def own_cpu() -> float:
    """CPU seconds of this process and of the children it has waited for."""
    total = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        total += usage.ru_utime + usage.ru_stime
    return total


def all_cpu(pool: Pool) -> float:
    """CPU seconds of this process, of a pool's workers and of the programs they have waited for."""
    total = 0
    for worker in pool._workers:
        if worker:
            stat = Path(f"/proc/{worker.process.pid}/stat").read_text()
            total += sum(map(int, stat.rpartition(")")[2].split()[11:15]))
    return own_cpu() + total / TICKS


def measure(work: Callable[[], None], cpu: Callable[[], float], count: int) -> Speed:
    spent, began = cpu(), time.perf_counter()
    work()
    elapsed = time.perf_counter() - began
    return Speed(count / elapsed, 1000 * (cpu() - spent) / count)


def run_bare(command: list[str], count: int, workers: int) -> None:
    """Run a command `count` times, `workers` at a time."""
    left = itertools.count()

    def loop() -> None:
        while next(left) < count:
            pid = os.posix_spawn(
                command[0], command, {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
                file_actions=[(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0)],
            )  # fmt: skip
            if os.waitpid(pid, 0)[1] != 0:
                raise SystemExit(f"{' '.join(command)} failed")

    threads = [threading.Thread(target=loop) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    reap_orphans()


def reap_orphans() -> None:
    """Wait for the inner halves of naive bwraps, which are ours as sub-reaper, so that their CPU time counts."""
    deadline = time.monotonic() + 1.0
    while time.monotonic() < deadline:
        orphans = [pid for pid in tree.children(os.getpid()) if comm(pid) == "bwrap"]
        if not orphans:
            return
        for pid in orphans:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        time.sleep(0.001)


def comm(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def run_ours(pool: Pool, source: str, count: int) -> None:
    for result in pool.run_many(Program(str(number), source) for number in range(count)):
        if not result.passed:
            raise SystemExit(f"the sandbox gave {result}")


def collect(
    rounds: int, count: int, seconds: float, say: Callable[[str], None]
) -> dict[tuple[str, str, int], list[Speed]]:
    """All batches: (program, way, workers) -> a Speed a round. No round begins after `seconds`."""
    deadline = time.monotonic() + seconds
    cores = len(os.sched_getaffinity(0))
    speeds: dict[tuple[str, str, int], list[Speed]] = {}
    linux.become_subreaper()
    pools = {workers: Pool(workers, log=say) for workers in (cores, cores + 1)}
    with tempfile.TemporaryDirectory() as folder:
        files = {name: f"{folder}/{name}.py" for name in PROGRAMS}
        for name, path in files.items():
            Path(path).write_text(PROGRAMS[name])
        for number in range(rounds + 1):
            for name, (workers, pool) in itertools.product(PROGRAMS, pools.items()):
                for way, command in BARE.items():
                    # the slow ways cost most of the time and need the least precision
                    batch = count if way == "python -S" else max(2, count // 4)
                    bare = partial(run_bare, [*command, files[name]], batch, workers)
                    speeds.setdefault((name, way, workers), []).append(measure(bare, own_cpu, batch))
                ours = partial(run_ours, pool, PROGRAMS[name], count)
                speed = measure(ours, partial(all_cpu, pool), count)
                speeds.setdefault((name, OURS, workers), []).append(speed)
            if number == 0:
                speeds.clear()  # the first round fills caches
                continue
            say(f"round {number} of {rounds}")
            if time.monotonic() > deadline:
                break
    for pool in pools.values():
        pool.close()
    return speeds


def ratio(speeds: dict[tuple[str, str, int], list[Speed]], name: str, way: str) -> float:
    """Median over the rounds of (ours / way), each at its better number of workers."""

    def best(which: str) -> list[float]:
        runs = [speeds[key] for key in speeds if key[:2] == (name, which)]
        return [max(speed.rate for speed in batch) for batch in zip(*runs, strict=True)]

    return statistics.median(a / b for a, b in zip(best(OURS), best(way), strict=True))


def cpu_ratio(speeds: dict[tuple[str, str, int], list[Speed]], name: str, way: str) -> float:
    """CPU time of `way` divided by ours, from the medians: what remains when nothing waits."""
    return cpu_ms(speeds, name, way) / cpu_ms(speeds, name, OURS)


def cpu_ms(speeds: dict[tuple[str, str, int], list[Speed]], name: str, way: str) -> float:
    return statistics.median(s.cpu_ms for key, runs in speeds.items() if key[:2] == (name, way) for s in runs)


def summary(speeds: dict[tuple[str, str, int], list[Speed]], count: int) -> dict[str, object]:
    ways = [*BARE, OURS]
    return {
        "trivial_vs_bare": round(ratio(speeds, "trivial", "python -S"), 3),
        "importing_vs_bare": round(ratio(speeds, "importing", "python -S"), 3),
        "trivial_vs_python3": round(ratio(speeds, "trivial", "python3"), 3),
        "importing_vs_python3": round(ratio(speeds, "importing", "python3"), 3),
        "trivial_vs_naive_bwrap": round(ratio(speeds, "trivial", "naive bwrap"), 3),
        "importing_vs_naive_bwrap": round(ratio(speeds, "importing", "naive bwrap"), 3),
        "trivial_cpu_vs_bare": round(cpu_ratio(speeds, "trivial", "python -S"), 3),
        "importing_cpu_vs_bare": round(cpu_ratio(speeds, "importing", "python -S"), 3),
        "cpu_ms": {way: {name: round(cpu_ms(speeds, name, way), 2) for name in PROGRAMS} for way in ways},
        "programs_per_second": {
            f"{name}, {way}, {workers} workers": round(statistics.median(s.rate for s in runs), 1)
            for (name, way, workers), runs in speeds.items()
        },
        "rounds": min(map(len, speeds.values())),
        "programs_per_batch": count,
        "cores": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "kernel": platform.release(),
        "processor": platform.machine(),
    }


def show(facts: dict[str, object], speeds: dict[tuple[str, str, int], list[Speed]]) -> None:
    print(f"{'program':10} {'way':12} {'workers':>7} {'programs/s':>11} {'CPU ms':>7}")
    for (name, way, workers), runs in sorted(speeds.items()):
        rate = statistics.median(s.rate for s in runs)
        spent = statistics.median(s.cpu_ms for s in runs)
        print(f"{name:10} {way:12} {workers:7} {rate:11.1f} {spent:7.2f}")
    for key, value in facts.items():
        if "_vs_" in key:
            print(f"{key:26} {value}")
    print(f"load {facts['load']}, {facts['cores']} cores, Python {facts['python']}, Linux {facts['kernel']}")


def mixture(count: int, found: list[Case], seconds: dict[str, float]) -> Iterator[Program]:
    """Honest and hostile programs in turn; what took longer than a second is drawn a fiftieth as often as the rest."""
    order = random.Random(11)
    sides = [[case for case in found if (case.expected == ("passed",)) is honest] for honest in (True, False)]
    weights = [[1 if seconds[case.name] < 1 else 0.02 for case in side] for side in sides]
    for number in range(count):
        side = number % 2
        (case,) = order.choices(sides[side], weights[side])
        yield Program(f"{number} {case.name}", case.source)


def footprint(pool: Pool) -> dict[str, float]:
    """What could grow: resident MB and descriptors of this process, and the most of a worker; processes; mounts."""
    workers = [worker.process.pid for worker in pool._workers if worker]
    return {
        "mb": round(resident(os.getpid()), 1),
        "descriptors": len(os.listdir("/proc/self/fd")),
        "worker_mb": round(max(map(resident, workers), default=0), 1),
        "worker_descriptors": max((len(os.listdir(f"/proc/{pid}/fd")) for pid in workers), default=0),
        "processes": len(tree.measure(os.getpid()).pids),
        "mounts": len(Path("/proc/self/mountinfo").read_text().splitlines()),
    }


def resident(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / MIB


def attack(count: int, say: Callable[[str], None]) -> dict[str, object]:
    """Run a mixture of `count` programs through one pool, after each program of the suite once."""
    found = cases()
    expected = {case.name: case.expected for case in found}
    limits = Limits(wall_seconds=6.0, cpu_seconds=2, memory_bytes=256 * MIB)
    wrong: list[str] = []
    seen = 0
    with Pool(log=say) as _:
        pass  # the files are staged
    with Pool(limits=limits) as pool:
        seconds = {r.id: r.wall_s for r in pool.run_many(Program(case.name, case.source) for case in found)}
        along = [footprint(pool)]
        began = time.perf_counter()
        for result in pool.run_many(mixture(count, found, seconds)):
            seen += 1
            name = result.id.partition(" ")[2]
            if (expected[name] == ("passed",)) != result.passed or result.status == "sandbox_error":
                wrong.append(f"{name}: {result.status} {result.detail}")
            if seen % max(1, count // 10) == 0:
                say(f"{seen} of {count}, {len(wrong)} wrong, {time.perf_counter() - began:.0f} s")
                along.append(footprint(pool))
        elapsed = time.perf_counter() - began
        along.append(footprint(pool))
    return {
        "programs": seen,
        "seconds": round(elapsed),
        "wrong": wrong,
        "along": along,
        "cores": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "kernel": platform.release(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, within five minutes")
    parser.add_argument("--json", action="store_true", help="print one object")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--attack", type=int, metavar="N", help="run N honest and hostile programs through one pool")
    options = parser.parse_args()
    if options.attack:
        outcome = attack(options.attack, lambda line: print(line, file=sys.stderr, flush=True))
        if options.json:
            print(json.dumps(outcome))
        else:
            for name, value in outcome.items():
                print(*([f"{name}:", *value] if isinstance(value, list) else [f"{name}: {value}"]), sep="\n    ")
        return
    rounds = options.rounds or (5 if options.quick else 15)
    count, seconds = (40, 200.0) if options.quick else (100, 3600.0)
    speeds = collect(rounds, count, seconds, lambda line: print(line, file=sys.stderr, flush=True))
    facts = summary(speeds, count)
    if options.json:
        print(json.dumps(facts))
    else:
        show(facts, speeds)


if __name__ == "__main__":
    main()
