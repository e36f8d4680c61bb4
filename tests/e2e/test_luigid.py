"""Luigi's own page: under a real luigid, the running task has the numbers of the live view."""

from __future__ import annotations

import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.support.projects import wait_until


@pytest.fixture
def luigid(tmp_path) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [
            str(Path(sys.executable).with_name("luigid")),
            "--port",
            str(port),
            "--address",
            "127.0.0.1",
        ],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: _listens(port), process)
    yield port
    process.terminate()
    process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def ask(port, method, **data):
    body = f"data={orjson.dumps(data).decode()}".encode()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/{method}", body) as answer:
        return orjson.loads(answer.read())["response"]


def test_the_running_task_has_message_and_percentage(project, luigid):
    project.configure(seeds={"stdlib_share": "0.03"})
    seen = []

    def shown():
        for task_id in ask(luigid, "task_list", status="RUNNING", upstream_status=""):
            message = ask(luigid, "get_task_status_message", task_id=task_id)["statusMessage"]
            progress = ask(luigid, "get_task_progress_percentage", task_id=task_id)
            percentage = progress["progressPercentage"]
            if message and "responses" in message and percentage is not None:
                seen.append((message, percentage))
        return seen

    scheduler = ("--scheduler-host", "127.0.0.1", "--scheduler-port", str(luigid))
    process = project.gated("responses", "append", "sleep", *scheduler)
    wait_until(shown, process)
    process.terminate()
    process.communicate()
    message, percentage = seen[0]
    assert message.startswith("responses 000000: ")
    assert 0 <= percentage <= 100
