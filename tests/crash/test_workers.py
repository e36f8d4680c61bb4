"""Several workers under Luigi's central scheduler, over one folder, each with its own engine."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.crash.conftest import Small
from tests.crash.test_kill_matrix import another, left_over, outcomes, told
from tests.support.gate import APPENDED
from tests.support.projects import kill_tree, wait_until

# A worker that gives no sign of life for so long counts as dead: a busy machine must not make one so.
SCHEDULER = {"worker_disconnect_delay": 15, "retry_delay": 1, "prune_on_get_work": "true"}


@pytest.fixture
def sharded(fresh: Small) -> Small:
    """A project of four shards."""
    fresh.configure(project={"shard_size": 4}, scheduler=SCHEDULER)
    return fresh


@pytest.fixture(scope="module")
def alone(finished: Small) -> list[dict[str, Any]]:
    """The rows that one run makes of such a project."""
    project = another(finished, 1)
    project.configure(project={"shard_size": 4})
    code, output = project.run()
    assert code == 0, output
    return told(project.rows())


@pytest.fixture
def scheduler(sharded: Small) -> Iterator[list[str]]:
    """A luigid in the project's folder; the arguments that lead a worker to it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    luigid = Path(sys.executable).with_name("luigid")
    process = subprocess.Popen(
        [str(luigid), "--address", "127.0.0.1", "--port", str(port), "--state-path", "state"],
        cwd=sharded.root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    yield ["--scheduler-host", "127.0.0.1", "--scheduler-port", str(port)]
    process.terminate()
    process.wait()


def test_when_one_of_two_workers_is_killed_the_other_makes_the_dataset_of_one(sharded, scheduler, alone):
    victim = sharded.gated("responses", "append", "stop", *scheduler)
    (journal,) = (sharded.artifacts / "responses").glob("*/*.journal")
    assert len(list(journal.parent.glob("*.lease-*"))) == 1
    other = sharded.start(*scheduler)
    kill_tree(victim)
    struck, known = time.monotonic(), outcomes(sharded)
    assert len([unit for stage, unit in known if stage == "responses"]) >= APPENDED
    wait_until(journal.with_suffix(".jsonl").exists, other)
    print(f"taken over and published {time.monotonic() - struck:.1f} s after kill -9")
    output, _ = other.communicate(timeout=600)
    assert other.returncode == 0, output
    assert known.items() <= outcomes(sharded).items()
    assert left_over(sharded) == []
    logs = [path.read_text() for path in (sharded.artifacts / "logs").glob("pipeline.*.log")]
    assert [" done, " in log for log in logs] == [True, True]
    assert told(sharded.rows()) == alone


def test_two_workers_share_the_shards_and_make_the_dataset_of_one(sharded, scheduler, alone):
    """The first stands still over a shard until the second has made another one: then both go on."""
    first = sharded.gated("responses", "append", "sleep", *scheduler)
    second = sharded.start(*scheduler)
    done = sharded.artifacts / "responses"
    wait_until(lambda: list(done.glob("*/shard-??????.jsonl")), second)
    (sharded.root / "gate").unlink()
    for worker in (first, second):
        output, _ = worker.communicate(timeout=600)
        assert worker.returncode == 0, output
    assert left_over(sharded) == []
    assert told(sharded.rows()) == alone


def test_a_worker_and_a_run_that_wants_to_be_alone_exclude_each_other(sharded, scheduler):
    worker = sharded.gated("responses", "append", "sleep", *scheduler)
    code, output = sharded.run()
    assert code == 10, output
    assert "workers of a central scheduler" in output
    worker.send_signal(signal.SIGTERM)
    worker.communicate()
    assert worker.returncode == 143


def test_several_processes_of_one_run_make_a_dataset_from_the_first_run_on(sharded: Small) -> None:
    code, output = sharded.run("--workers", "2")
    assert code == 0, output
    status = orjson.loads((sharded.artifacts / "status.json").read_bytes())
    assert (status["state"], status["rows"]) == ("finished", len(sharded.rows()))
    assert status["stages"]["responses"]["done"] == len(sharded.records("responses"))


def test_a_scheduler_that_does_not_answer_is_named_before_any_work(sharded: Small) -> None:
    code, output = sharded.run("--scheduler-host", "127.0.0.1", "--scheduler-port", "9")
    assert code == 35, output
    assert "no scheduler answers at http://127.0.0.1:9/" in output
    assert not (sharded.artifacts / "seeds").exists()
