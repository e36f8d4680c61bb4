"""[model] repo_id: fetched once through huggingface-hub from a hub-shaped server, checked, then kept."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from pipeline import demo

# Longer than the ten megabytes that the hub's client writes at a time.
CONTENT = demo.MODEL.read_bytes() + bytes(25_000_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()
BASE = "/someone/small-base/resolve/main"
FILE = f"{BASE}/model-q8_0.gguf"
REST = b"the other part of a split model"
FILES = {
    FILE: CONTENT,
    f"{BASE}/big-00001-of-00002.gguf": CONTENT,
    f"{BASE}/big-00002-of-00002.gguf": REST,
}


class Hub(BaseHTTPRequestHandler):
    """One file of one repository, as the hub serves it; `breaks` says after how many bytes the next answers end."""

    asked: ClassVar[list[str]] = []
    breaks: ClassVar[list[int]] = []

    def _headers(self) -> bool:
        wanted = self.headers.get("Range", "")
        self.asked.append(f"{self.command} {self.path} {wanted}".rstrip())
        if self.path not in FILES:
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return False
        content = FILES[self.path]
        self.first = int(wanted.removeprefix("bytes=").rstrip("-") or 0)
        self.send_response(206 if wanted else 200)
        if wanted:
            self.send_header("Content-Range", f"bytes {self.first}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - self.first))
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", "a" * 40)
        self.end_headers()
        return True

    def do_HEAD(self) -> None:
        self._headers()

    def do_GET(self) -> None:
        if self._headers():
            content = FILES[self.path]
            end = self.first + self.breaks.pop(0) if self.breaks else len(content)
            self.wfile.write(content[self.first : end])

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def hub() -> Iterator[str]:
    Hub.asked, Hub.breaks = [], []
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
        prompts={"exemplars": demo.MODEL.parent / "exemplars"},
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


def test_a_file_with_another_digest_is_refused_until_it_is_removed_and_fetched_again(project, hub):
    configure(project, sha256="0" * 64)
    code, output = project.run(**environment(project, hub))
    assert code == 15, output
    assert DIGEST in output
    told = re.search(r"remove (\S+) to have it fetched again", output)
    assert told
    Path(told[1]).unlink()
    configure(project, sha256=DIGEST)
    Hub.asked.clear()
    code, output = project.run(**environment(project, hub))
    assert "no source holds a seed" in output
    assert f"GET {FILE}" in Hub.asked


def test_a_download_that_breaks_off_goes_on_from_there(project, hub):
    configure(project, sha256=DIGEST)
    Hub.breaks = [12_000_000]
    code, output = project.run(**environment(project, hub))
    assert (code, "no source holds a seed" in output) == (30, True), output
    whole, rest = (request for request in Hub.asked if request.startswith(f"GET {FILE}"))
    assert whole == f"GET {FILE}"
    assert int(rest.removeprefix(f"GET {FILE} bytes=").rstrip("-")) >= 10_000_000


def test_a_download_that_breaks_off_again_and_again_is_said_and_the_next_run_fetches_it(project, hub):
    configure(project, sha256=DIGEST)
    Hub.breaks = [0] * 100
    code, output = project.run(**environment(project, hub))
    assert code == 20, output
    assert "someone/small-base" in output
    assert "check the three keys and the network" in output
    assert "Traceback" not in output
    Hub.breaks = []
    code, output = project.run(**environment(project, hub))
    assert (code, "no source holds a seed" in output) == (30, True), output


def test_all_parts_of_a_split_model_are_fetched_and_hashed(project, hub):
    whole = hashlib.sha256(CONTENT + REST).hexdigest()
    configure(project, filename="big-00001-of-00002.gguf", sha256=whole)
    code, output = project.run(**environment(project, hub))
    assert (code, "no source holds a seed" in output) == (30, True), output
    assert {f"GET {BASE}/big-0000{number}-of-00002.gguf" for number in (1, 2)} <= set(Hub.asked)


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
