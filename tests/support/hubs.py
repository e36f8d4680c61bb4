"""A hub-shaped server with one dataset, and programs run against it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

import orjson

COMMIT = "c" * 40
BASE = "/datasets/someone/stack/resolve/" + COMMIT + "/"


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
            content = orjson.dumps(
                {
                    "id": "someone/stack",
                    "sha": COMMIT,
                    "siblings": [{"rfilename": name} for name in sorted(self.files)],
                }
            )
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


@contextmanager
def serving(files: dict[str, bytes]) -> Iterator[str]:
    """The address of a hub that has these files."""
    Hub.fetched = []
    Hub.files = files
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def run_against(endpoint: str, root: Path, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A program in a process of its own: the hub's address is read when the client is imported."""
    temporary = root / "tmp"
    temporary.mkdir(exist_ok=True)
    ended = subprocess.run(
        [sys.executable, "-c", program, str(root), *arguments],
        capture_output=True,
        text=True,
        env={
            **os.environ, "HF_ENDPOINT": endpoint, "HF_HOME": str(root / "hub"), "TMPDIR": str(temporary),
            "HF_HUB_DISABLE_XET": "1", "PYTHONPATH": str(Path(__file__).parents[2]),
        },
    )  # fmt: skip
    assert list(temporary.iterdir()) == []
    return ended
