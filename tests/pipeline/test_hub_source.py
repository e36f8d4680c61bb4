"""hf: sources against a hub-shaped server: files fetched one by one, once, and nothing left behind."""

from __future__ import annotations

import gzip
import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

import orjson
import pytest

from tests.pipeline.scans import GOOD, rejections, seeds

COMMIT = "c" * 40
BASE = "/datasets/someone/stack/resolve/" + COMMIT + "/"


def rows(name: str, licence: str = "mit") -> bytes:
    row = {"content": GOOD.replace("double", name), "path": f"{name}.py", "license": licence}
    return orjson.dumps(row) + b"\n"


class Hub(BaseHTTPRequestHandler):
    """One dataset repository as the hub's interface shows it."""

    files: ClassVar[dict[str, bytes]] = {}
    fetched: ClassVar[list[str]] = []

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, body: bool) -> None:
        path = urlsplit(self.path).path
        name = path.removeprefix(BASE)
        if path.startswith("/api/datasets/someone/stack/tree/" + COMMIT):
            content = orjson.dumps([self.entry(name) for name in sorted(self.files)])
        elif path in (f"/api/datasets/someone/stack{end}" for end in ("", "/revision/main")):
            content = orjson.dumps({"id": "someone/stack", "sha": COMMIT})
        elif name in self.files:
            content = self.files[name]
            if body:
                self.fetched.append(name)
        else:
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{hashlib.sha1(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if body:
            self.wfile.write(content)

    def entry(self, name: str) -> dict[str, object]:
        content = self.files[name]
        digest = hashlib.sha1(content).hexdigest()
        return {"type": "file", "path": name, "size": len(content), "oid": digest}

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def hub() -> Iterator[str]:
    Hub.fetched = []
    Hub.files = {
        "README.md": b"# A dataset",
        "data/a.jsonl": rows("first") + rows("viral", "gpl-3.0"),
        "data/b.jsonl.gz": gzip.compress(rows("second")),
        "other/c.jsonl": rows("third"),
    }
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


SCAN = """
import sys
from pathlib import Path
from tests.pipeline.scans import open_scan, take
take(open_scan(Path(sys.argv[1]), [sys.argv[2]], near_duplicates=0.0))
"""


def scan(root: Path, label: str, endpoint: str) -> subprocess.CompletedProcess[str]:
    """A scan in a process of its own: the hub's address is read when the client is imported."""
    temporary = root / "tmp"
    temporary.mkdir(exist_ok=True)
    ended = subprocess.run(
        [sys.executable, "-c", SCAN, str(root), label],
        capture_output=True,
        text=True,
        env={
            **os.environ, "HF_ENDPOINT": endpoint, "HF_HOME": str(root / "hub"), "TMPDIR": str(temporary),
            "HF_HUB_DISABLE_XET": "1", "PYTHONPATH": str(Path(__file__).parents[2]),
        },
    )  # fmt: skip
    assert list(temporary.iterdir()) == []
    return ended


def test_files_are_fetched_one_by_one_and_only_changed_ones_again(tmp_path, hub):
    label = "hf:someone/stack@main:data/*"
    ended = scan(tmp_path, label, hub)
    assert ended.returncode == 0, ended.stderr
    assert Hub.fetched == ["data/a.jsonl", "data/b.jsonl.gz"]
    found = seeds(tmp_path)
    assert found.keys() == {"first", "second"}
    assert found["first"]["path"] == "first.py"
    assert (found["first"]["repository"], found["first"]["revision"]) == ("someone/stack", COMMIT)
    assert [rule for rule, _ in rejections(tmp_path).values()] == ["licence_not_allowed"]
    Hub.files["data/b.jsonl.gz"] = gzip.compress(rows("second") + rows("fourth"))
    Hub.fetched.clear()
    assert scan(tmp_path, label, hub).returncode == 0
    assert Hub.fetched == ["data/b.jsonl.gz"]
    assert seeds(tmp_path).keys() == {"first", "second", "fourth"}


@pytest.mark.parametrize("label", ["hf:someone/nothing", "hf:someone/stack:*.zip"])
def test_a_dataset_or_a_file_that_is_not_there_is_named(tmp_path, hub, label):
    ended = scan(tmp_path, label, hub)
    assert f"MissingDataError: [seeds] sources: {label}" in ended.stderr


def test_a_hub_that_cannot_be_reached_is_named_and_nothing_counts_as_read(tmp_path):
    ended = scan(tmp_path, "hf:someone/stack", "http://127.0.0.1:9")
    assert "MissingDataError: [seeds] sources: hf:someone/stack" in ended.stderr
    assert not (tmp_path / "seeds").exists()
