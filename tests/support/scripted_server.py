"""A completions server whose every answer is a function of the request: to lie, to fail, or to be a model that is known."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Any  # a JSON value; bytes, sent as they are; or a status with one of both
MODELS = {"data": [{"id": "scripted", "owned_by": "test", "max_model_len": 100_000}]}


@dataclass
class Scripted:
    """A server at `url`. `models` is its list of models, `answer` gives its answer to a request's body."""

    url: str = ""
    models: Answer = field(default_factory=lambda: MODELS)
    answer: Callable[[dict[str, Any]], Answer] = lambda body: completed(" x")
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


def completed(text: Any, finish_reason: Any = "stop", **more: Any) -> dict[str, Any]:
    """An answer to a request for a completion."""
    usage = {"prompt_tokens": 5, "completion_tokens": 1, "total_tokens": 6}
    return {"choices": [{"text": text, "index": 0, "finish_reason": finish_reason}], "usage": usage, **more}


@contextmanager
def scripted_server() -> Iterator[Scripted]:
    script = Scripted()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_args: object) -> None: ...

        def do_GET(self) -> None:
            self._send(script.models)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            script.bodies.append(body)
            script.headers.append({name.lower(): value for name, value in self.headers.items()})
            self._send(script.answer(body))

        def _send(self, answer: Answer) -> None:
            status, content = answer if isinstance(answer, tuple) else (200, answer)
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    script.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
