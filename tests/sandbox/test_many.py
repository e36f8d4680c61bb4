"""Many programs through one pool: nothing grows, and a second pass gives the same verdicts.

400 programs by default, 10,000 with SANDBOX_FULL=1.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox import Limits, Pool, Program, tree
from sandbox.limits import MIB
from sandbox.staging.root import default_cache

KINDS = {
    "passed": (
        "assert {n} == {n}",
        "import re, math\nassert re.sub('a', 'b', 'a{n}') == 'b{n}' and math.sqrt(4) == 2",
        "import tempfile\nwith tempfile.TemporaryDirectory() as d:\n    open(d + '/x', 'w').write('{n}')\n",
        "open('left', 'w').write('x' * 100000)\nimport os\nos.mkdir('folder')\nos.chmod('folder', 0)\n",
        "import threading\nt = threading.Thread(target=print, args=({n},))\nt.start()\nt.join()\n",
        "import os\nif os.fork() == 0:\n    os._exit(0)\nos.wait()\n",
    ),
    "failed": ("assert {n} == -1", "raise ValueError({n})", "import os\nos._exit(3)"),
    "exited_early": ("import sys\nsys.exit(0)\nassert {n}", "import os\nos._exit(0)"),
    "compile_error": ("def f{n}(:",),
    "crashed": ("import os\nos.kill(os.getpid(), 11)",),
    "tampered": ("import os\nfor fd in range(3, 256):\n    try: os.write(fd, b'P')\n    except OSError: pass\n",),
    "oom": ("x = bytearray(4 << 30)",),
    "output_limit": ("while True: print('x' * 100000)",),
}


def programs(count: int) -> Iterator[Program]:
    """A fixed mixture; the id names the status that is due."""
    order = random.Random(7)
    choices = [(status, source) for status, sources in KINDS.items() for source in sources]
    for number in range(count):
        status, source = order.choice(choices)
        yield Program(f"{number} {status}", source.replace("{n}", str(number)))


@dataclass(frozen=True)
class Footprint:
    """What a pool could leak, in this process, its workers and on the machine."""

    descriptors: int
    worker_descriptors: list[int]
    processes: int
    mounts: int
    files: int
    rss: int
    worker_rss: int


def footprint(pool: Pool) -> Footprint:
    workers = [worker.process.pid for worker in pool._workers if worker]
    places = (default_cache() / "sandbox", Path(os.environ["TMPDIR"]), Path("/dev/shm"))
    return Footprint(
        descriptors=len(os.listdir("/proc/self/fd")),
        worker_descriptors=[descriptors(pid) for pid in workers],
        processes=len(tree.measure(os.getpid()).pids),
        mounts=len(Path("/proc/self/mountinfo").read_text().splitlines()),
        files=sum(len(os.listdir(place)) for place in places if place.is_dir()),
        rss=resident(os.getpid()),
        worker_rss=max(map(resident, workers)),
    )


def descriptors(pid: int) -> int:
    """Open descriptors of a worker; the kernel's own count, which any user may read."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("FDSize:"):
            return int(line.split()[1])
    return 0


def resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_nothing_grows_and_verdicts_repeat(full: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # others use /tmp as well
    count = 10_000 if full else 400
    limits = Limits(wall_seconds=60.0, memory_bytes=256 * MIB)
    with Pool(3, limits) as pool:
        for _ in pool.run_many(programs(100)):
            pass
        before = footprint(pool)
        first = {result.id: result.status for result in pool.run_many(programs(count))}
        middle = footprint(pool)
        second = {result.id: result.status for result in pool.run_many(programs(count))}
        after = footprint(pool)
    assert len(first) == count
    assert {name: status for name, status in first.items() if name.split()[1] != status} == {}
    assert first == second
    for later in (middle, after):
        assert later.descriptors == before.descriptors
        assert later.worker_descriptors == before.worker_descriptors
        assert later.processes == before.processes
        assert later.mounts == before.mounts
        assert later.files == before.files
    print(before, middle, after, sep="\n")
    assert after.rss - middle.rss < 8 * MIB
    assert after.worker_rss - middle.worker_rss < 4 * MIB
