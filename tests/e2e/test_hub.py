"""[model] repo_id: fetched once through huggingface-hub from a hub-shaped server, checked, then kept."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from pipeline.model import DEMO_MODEL

CONTENT = DEMO_MODEL.read_bytes()
DIGEST = hashlib.sha256(CONTENT).hexdigest()
FILE = "/someone/small-base/resolve/main/model-q8_0.gguf"


class Hub(BaseHTTPRequestHandler):
    """One file of one repository, as the hub serves it."""

    asked: ClassVar[list[str]] = []

    def _headers(self) -> bool:
        self.asked.append(f"{self.command} {self.path}")
        if self.path != FILE:
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return False
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.send_header("ETag", f'"{DIGEST}"')
        self.send_header("X-Repo-Commit", "a" * 40)
        self.end_headers()
        return True

    def do_HEAD(self) -> None:
        self._headers()

    def do_GET(self) -> None:
        if self._headers():
            self.wfile.write(CONTENT)

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def hub() -> Iterator[str]:
    Hub.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def environment(project, endpoint):
    return {
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(project.root / "hub"),
        "HF_HUB_DISABLE_XET": "1",
    }


def configure(project, filename="model-q8_0.gguf", **model):
    # Without any source there is nothing to generate: the run ends once the model was looked at.
    (project.root / "empty").mkdir(exist_ok=True)
    project.configure(
        seeds={"sources": "empty"},
        model={"repo_id": "someone/small-base", "filename": filename, **model},
        prompts={"exemplars": DEMO_MODEL.parent / "exemplars"},
    )


def test_a_model_is_fetched_once_checked_and_then_taken_from_the_cache(project, hub):
    configure(project, sha256=DIGEST)
    code, output = project.run(**environment(project, hub))
    assert (code, "no source holds a seed" in output) == (30, True), output
    assert f"GET {FILE}" in Hub.asked
    Hub.asked.clear()
    code, output = project.run(**environment(project, hub))
    assert (code, "no source holds a seed" in output) == (30, True), output
    assert not [request for request in Hub.asked if FILE in request]


def test_a_file_with_another_digest_is_refused(project, hub):
    configure(project, sha256="0" * 64)
    code, output = project.run(**environment(project, hub))
    assert code == 15, output
    assert DIGEST in output


def test_a_file_that_the_repository_does_not_have_is_named(project, hub):
    configure(project, filename="other.gguf")
    code, output = project.run(**environment(project, hub))
    assert code == 20, output
    assert "other.gguf" in output
    assert "Traceback" not in output


def test_a_hub_that_cannot_be_reached_is_named_with_the_remedy(project):
    configure(project)
    code, output = project.run(**environment(project, "http://127.0.0.1:9"))
    assert code == 20, output
    assert "someone/small-base" in output
    assert "[model] path" in output
    assert "Traceback" not in output
