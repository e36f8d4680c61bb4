"""Several workers under a real luigid: what a second one brings, and what `kill -9` of one costs.

    python benchmarks/workers.py [--share 0.4]      # of the standard library; 0.4 gives about 120 seeds

Three runs of the demo in a project of its own each, one thread an engine, shards of 16 seeds: one worker; two;
two of which one is killed in the middle of its responses. Prints the seconds until the last worker has ended,
the first two as a ratio, and for the third how long after the blow the dead worker's shard was published by the
other, how long shards took it until then, and whether the dataset is that of one worker.
"""

from __future__ import annotations

import argparse
import configparser
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

BIN = Path(sys.executable).parent


def configure(project: Path, share: float) -> None:
    parser = configparser.ConfigParser()
    parser["project"] = {"shard_size": "16"}
    parser["seeds"] = {"stdlib_share": str(share)}
    parser["engine"] = {"n_threads": "1"}
    parser["executions"] = {"workers": "1"}
    # As docs/scale-out.md has it.
    parser["scheduler"] = {
        "worker_disconnect_delay": "15", "retry_delay": "5", "retry_count": "3",
        "disable_persist": "60", "prune_on_get_work": "true",
    }  # fmt: skip
    with open(project / "luigi.cfg", "w") as file:
        parser.write(file)


@contextmanager
def scheduler(project: Path) -> Iterator[list[str]]:
    """A luigid in the project's folder; the arguments that lead a worker to it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [str(BIN / "luigid"), "--address", "127.0.0.1", "--port", str(port)],
        cwd=project,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0)
        yield ["--scheduler-host", "127.0.0.1", "--scheduler-port", str(port)]
    finally:
        process.terminate()
        process.wait()


def wait(condition: Callable[[], object]) -> None:
    while not condition():
        time.sleep(0.05)


def start(project: Path, arguments: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [str(BIN / "luigi"), "--module", "pipeline", "FinalDataset", *arguments],
        cwd=project,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def leased(project: Path, pid: int) -> Path | None:
    """The responses that a worker is at: the shard's records, which are not there yet."""
    for path in (project / "artifacts" / "responses").glob("*/*.lease-*"):
        try:
            if orjson.loads(path.read_bytes())["pid"] == pid:
                return path.with_name(path.name.split(".")[0] + ".jsonl")
        except (OSError, orjson.JSONDecodeError):
            continue
    return None


def end(workers: list[subprocess.Popen[bytes]]) -> None:
    codes = [worker.wait() for worker in workers]
    if any(codes):
        raise SystemExit(f"workers ended with {codes}")


def seconds(project: Path, count: int) -> float:
    """The whole dataset with so many workers."""
    with scheduler(project) as arguments:
        began = time.monotonic()
        end([start(project, arguments) for _ in range(count)])
        return time.monotonic() - began


def killed(project: Path) -> tuple[float, float, float]:
    """With two of which one is killed: seconds in all, until its shard was there, a shard's before that."""
    with scheduler(project) as arguments:
        began = time.monotonic()
        victim, other = (start(project, arguments) for _ in range(2))
        # Two shards of responses are there, so that both have their engines, and each is at another.
        done = project / "artifacts" / "responses"
        wait(
            lambda: (
                len(list(done.glob("*/shard-??????.jsonl"))) >= 2
                and leased(project, victim.pid)
                and leased(project, other.pid)
            )
        )
        shard = leased(project, victim.pid)
        assert shard is not None
        metas = [orjson.loads(path.read_bytes()) for path in done.glob("*/shard-*.meta.json")]
        usual = sum(meta["seconds"] for meta in metas) / len(metas)
        os.killpg(victim.pid, signal.SIGKILL)
        struck = time.monotonic()
        victim.wait()
        wait(shard.exists)
        recovered = time.monotonic() - struck
        end([other])
        return time.monotonic() - began, recovered, usual


def rows(project: Path) -> set[str]:
    with open(project / "artifacts" / "latest" / "train.jsonl", "rb") as file:
        return {orjson.loads(line)["id"] for line in file}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--share", type=float, default=0.4)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="workers-") as name:
        projects = [Path(name, kind) for kind in ("one", "two", "killed")]
        for project in projects:
            project.mkdir()
            configure(project, arguments.share)
        one, two = seconds(projects[0], 1), seconds(projects[1], 2)
        made = rows(projects[0])
        print(f"{len(made)} rows; one worker {one:.1f} s, two {two:.1f} s: {one / two:.2f} times as fast")
        whole, recovered, usual = killed(projects[2])
        same = len(made & rows(projects[2]))
        print(
            f"one of two killed: {whole:.1f} s in all; its shard was there {recovered:.1f} s after the blow"
            f" (a shard of responses takes {usual:.1f} s); {same} of {len(made)} rows are the same"
        )


if __name__ == "__main__":
    main()
