"""What Luigi's scheduling costs a task, by the number of shards: alone, and under a real luigid.

    python benchmarks/scheduling.py [--shards 600 1800 5400] [--batch 0] [--luigid] [--prune]

The graph is that of FinalDataset with all its stages, as Luigi builds and runs it; the work of a task is replaced by an
empty file, and the sources by a number of shards. So nearly all CPU time is that of Luigi, of the completeness checks
and of starting. `--batch` is the number of shards in a batch (pipeline/stages/batches.py); 0 puts all shards into one,
as before there were batches. `--prune` sets `[scheduler] prune_on_get_work`. Prints for each number of shards the CPU milliseconds of the worker and of luigid a task,
without those of a run with one shard (starting), and the ratio to the first line.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[0] = str(ROOT)  # not this folder, which has a sandbox.py of its own

from pipeline.stages.batches import SHARDS

TICKS = os.sysconf("SC_CLK_TCK")


def work(shards: int, batch: int, words: list[str]) -> None:
    """One worker, whose tasks make empty files; prints the number of tasks that were run as JSON."""
    from luigi.cmdline import luigi_run

    import pipeline
    from pipeline.run.reporter import Reporter
    from pipeline.seeds.scan import Scan
    from pipeline.stages import batches, dataset, seeds, stage

    ran = 0

    def touch(task: stage.StageTask) -> None:
        nonlocal ran
        ran += 1
        task.paths.folder.mkdir(parents=True, exist_ok=True)
        task.paths.records.touch()

    def finish(task: dataset.DatasetFiles) -> None:
        print(json.dumps({"tasks": ran}))
        sys.stdout.flush()
        os._exit(0)

    batches.SHARDS = batch or shards
    Scan.shards_in_force = property(lambda scan: list(range(shards)))  # type: ignore[assignment,method-assign]
    seeds.Seeds.is_made = lambda task: True  # type: ignore[method-assign]
    seeds.SeedShard.complete = lambda task: True  # type: ignore[method-assign]
    stage.StageTask.run = touch  # type: ignore[method-assign]
    dataset.DatasetFiles.run = finish  # type: ignore[method-assign]
    dataset.FinalDataset._funnel = dataset.FinalDataset._seeds = lambda task: {}  # type: ignore[assignment,method-assign]
    Reporter.expect = lambda *_: None  # type: ignore[method-assign]
    dataset.trust.require = lambda project: None  # type: ignore[assignment]
    assert pipeline.FinalDataset is dataset.FinalDataset
    luigi_run(["--module", "pipeline", "FinalDataset", *words])


@contextmanager
def luigid(folder: Path) -> Iterator[tuple[list[str], subprocess.Popen[bytes]]]:
    """A scheduler, and the words that lead a worker to it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    argv = [str(Path(sys.executable).with_name("luigid")), "--address", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(argv, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while socket.socket().connect_ex(("127.0.0.1", port)):
            time.sleep(0.1)
        yield ["--scheduler-host", "127.0.0.1", "--scheduler-port", str(port)], process
    finally:
        process.terminate()
        process.wait()


def measure(shards: int, batch: int, central: bool, prune: bool) -> tuple[int, float, float]:
    """Tasks, and CPU seconds of the worker and of luigid."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "code").mkdir()
        (folder / "code" / "one.py").write_text('def double(x):\n    """Twice a number."""\n    return 2 * x\n')
        (folder / "luigi.cfg").write_text(
            f"[seeds]\nsources = code\ntype_check = false\n[scheduler]\nprune_on_get_work = {str(prune).lower()}\n"
        )
        seeds = [sys.executable, "-m", "pipeline", "run", "Seeds"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        subprocess.run(seeds, cwd=folder, env=environment, check=True, capture_output=True)
        if not central:
            return (*_worker(folder, shards, batch, [], environment), 0.0)
        with luigid(folder) as (words, process):
            before = _cpu(process.pid)
            tasks, seconds = _worker(folder, shards, batch, words, environment)
            return tasks, seconds, _cpu(process.pid) - before


def _worker(folder: Path, shards: int, batch: int, words: list[str], env: dict[str, str]) -> tuple[int, float]:
    argv = [sys.executable, __file__, "--work", str(shards), str(batch), *words]
    before = os.times()
    ended = subprocess.run(argv, cwd=folder, env=env, capture_output=True, text=True, check=False)
    after = os.times()
    if ended.returncode or not ended.stdout:
        sys.exit(ended.stdout + ended.stderr)
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return json.loads(ended.stdout)["tasks"], used


def _cpu(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / TICKS


def main() -> None:
    if sys.argv[1:2] == ["--work"]:
        shards, batch, *words = sys.argv[2:]
        work(int(shards), int(batch), words)
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--shards", type=int, nargs="+", default=[600, 1800, 5400])
    parser.add_argument("--batch", type=int, default=SHARDS)
    parser.add_argument("--luigid", action="store_true")
    parser.add_argument("--prune", action="store_true")
    arguments = parser.parse_args()
    first = None
    few, worker_starts, central_starts = measure(1, arguments.batch, arguments.luigid, arguments.prune)
    print("| shards | tasks | worker, CPU ms a task | luigid, CPU ms a task | ratio |")
    print("|---:|---:|---:|---:|---:|")
    for shards in arguments.shards:
        tasks, worker, central = measure(shards, arguments.batch, arguments.luigid, arguments.prune)
        tasks, worker, central = tasks - few, worker - worker_starts, central - central_starts
        total = (worker + central) / tasks
        first = first or total
        print(
            f"| {shards:,} | {tasks:,} | {1000 * worker / tasks:.2f} | "
            f"{1000 * central / tasks:.2f} | {total / first:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
