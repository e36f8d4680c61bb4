"""The server engine against a real server: that of llama-cpp-python, with injected faults."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pipeline.engine import (
    Completion,
    EngineError,
    EngineSettings,
    LlamaEngine,
    Request,
    Sampling,
    ServerSettings,
    inspect_model,
    open_engine,
)
from pipeline.engine.server import ServerEngine
from tests.support.completions_server import free_port, serving

GREEDY = Sampling(temperature=0)


@pytest.fixture(scope="module")
def port(tiny_model) -> Iterator[int]:
    """Of a running server."""
    number = free_port()
    with serving(tiny_model, number, "--model_alias", "tiny"):
        yield number


@dataclass
class Faults:
    """Faults to inject between client and server, and counts of what passed."""

    url: str = ""
    seen: int = 0
    broken: Callable[[bytes, int], int | str] = lambda _body, _count: 0
    counts: dict[bytes, int] = field(default_factory=dict)


@pytest.fixture
def faults(port: int) -> Iterator[Faults]:
    """A proxy to the server that can fail: with a status, "drop" or "stall"."""
    faults = Faults()

    class Between(BaseHTTPRequestHandler):
        def log_message(self, *_args) -> None: ...

        def do_GET(self) -> None:
            self.forward(b"")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            faults.seen += 1
            faults.counts[body] = faults.counts.get(body, 0) + 1
            fault = faults.broken(body, faults.counts[body])
            if fault == "drop":
                self.connection.shutdown(socket.SHUT_RDWR)
            elif fault == "stall":
                time.sleep(3)
            elif fault:
                self.send_response(int(fault))
                self.send_header("content-length", "0")
                self.end_headers()
            else:
                self.forward(body)

        def forward(self, body: bytes) -> None:
            real = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            headers = {"content-type": "application/json"}
            real.request(self.command, self.path, body or None, headers)
            answer = real.getresponse()
            data = answer.read()
            self.send_response(answer.status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Between)
    proxy.daemon_threads = True
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    faults.url = f"http://127.0.0.1:{proxy.server_address[1]}/v1"
    yield faults
    proxy.shutdown()
    proxy.server_close()


def settings(url: str, **more) -> ServerSettings:
    return ServerSettings(url, **{"concurrency": 4, "max_retries": 2, "timeout": 30, **more})


def completions_by_id(engine: ServerEngine | LlamaEngine, requests: list[Request]) -> dict[str, Completion]:
    completions = [(c.id, c) for c in engine.generate(requests)]
    assert len(completions) == len(dict(completions)) == len(requests)
    return dict(completions)


def test_a_server_gives_the_completions_of_the_embedded_engine(port, tiny_model, make_requests):
    requests = make_requests(6, sampling=GREEDY, stops=("a",))
    with LlamaEngine(EngineSettings(str(tiny_model), n_threads=1)) as engine:
        embedded = completions_by_id(engine, requests)
    with open_engine(settings(f"http://127.0.0.1:{port}/v1")) as engine:
        served = completions_by_id(engine, requests)
        stats = engine.stats()
    assert {k: c.text for k, c in served.items()} == {k: c.text for k, c in embedded.items()}
    assert {k: c.reason for k, c in served.items()} == {k: c.reason for k, c in embedded.items()}
    assert stats.requests == stats.completions == 6
    assert stats.prompt_tokens_needed == sum(c.prompt_tokens for c in embedded.values())


def test_the_models_identity_comes_from_the_server(port):
    with open_engine(settings(f"http://127.0.0.1:{port}/v1")) as engine:
        assert engine.start().describe() == "tiny (me)"


def test_a_server_counts_tokens_as_the_model_does(port, tiny_model):
    texts = ["", "abc def", "## Example 1\n" * 20]
    expected = inspect_model(str(tiny_model), texts).token_counts
    with open_engine(settings(f"http://127.0.0.1:{port}/v1")) as engine:
        assert engine.token_counts(texts) == list(expected)


def test_a_prompt_that_does_not_fit_is_refused_and_does_not_affect_the_others(port):
    requests = [
        Request("long", "", "a b " * 2000, 10),
        *(Request(str(i), "", "abc", 4, seed=i) for i in range(8)),
    ]
    with open_engine(settings(f"http://127.0.0.1:{port}/v1")) as engine:
        completed = completions_by_id(engine, requests)
    assert completed["long"].reason == "window"
    assert "1024" in completed["long"].detail
    assert {completed[str(i)].reason for i in range(8)} <= {"stop", "length"}


@pytest.mark.parametrize("fault", ["drop", 429, 503])
def test_a_request_that_fails_at_first_is_tried_again(faults, make_requests, fault):
    faults.broken = lambda _body, count: fault if count == 1 else 0
    with open_engine(settings(faults.url)) as engine:
        completed = completions_by_id(engine, make_requests(4, max_tokens=4))
    assert {c.reason for c in completed.values()} <= {"stop", "length"}
    assert faults.seen == 2 * (4 + 1)  # one more is the first question


@pytest.mark.parametrize("fault", ["drop", 500])
def test_a_request_that_always_fails_is_left_undone(faults, make_requests, fault):
    faults.broken = lambda body, _count: fault if b"number 3" in body else 0
    with open_engine(settings(faults.url, max_retries=1)) as engine:
        completed = completions_by_id(engine, make_requests(8, max_tokens=4))
    assert [c.id for c in completed.values() if c.reason == "undone"] == ["3/0"]
    assert completed["3/0"].detail


def test_a_request_that_takes_too_long_is_left_undone(faults, make_requests):
    faults.broken = lambda body, _count: "stall" if b"number 1" in body else 0
    with open_engine(settings(faults.url, max_retries=0, timeout=1.5)) as engine:
        completed = completions_by_id(engine, make_requests(3, max_tokens=4))
    assert [c.id for c in completed.values() if c.reason == "undone"] == ["1/0"]


def test_a_series_of_failures_ends_the_run(faults, make_requests):
    faults.broken = lambda body, _count: 500 if b"number" in body else 0
    with (
        open_engine(settings(faults.url, max_retries=0)) as engine,
        pytest.raises(EngineError, match=r"17 requests in a row have failed.*run again"),
    ):
        list(engine.generate(make_requests(60)))


def test_a_server_that_goes_away_ends_the_run_and_one_that_comes_back_is_used(tiny_model, make_requests):
    number = free_port()
    with open_engine(settings(f"http://127.0.0.1:{number}/v1", max_retries=1)) as engine:
        with serving(tiny_model, number) as process:
            completions = engine.generate(make_requests(200, max_tokens=64))
            next(completions)
            os.kill(process.pid, signal.SIGKILL)
            with pytest.raises(EngineError, match=r"the server has gone.*run again to resume"):
                list(completions)
        with serving(tiny_model, number):
            assert len(completions_by_id(engine, make_requests(3, max_tokens=4))) == 3


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"base_url": "http://127.0.0.1:9/v1"}, "no answer from a completions server"),
        ({"model": "other"}, "does not serve 'other' but tiny"),
        ({"base_url": "{server}/nowhere"}, "HTTP 404.*base_url"),
    ],
)
def test_a_wrong_address_or_model_is_an_error_with_its_remedy(port, more, message):
    url = more.get("base_url", "{server}/v1").replace("{server}", f"http://127.0.0.1:{port}")
    with (
        open_engine(settings(url, model=more.get("model", ""), max_retries=0)) as engine,
        pytest.raises(EngineError, match=message) as caught,
    ):
        list(engine.generate([Request("a", "", "b", 1)]))
    assert "\n" not in str(caught.value)


def test_closing_early_cancels_and_the_engine_continues(port, make_requests):
    with open_engine(settings(f"http://127.0.0.1:{port}/v1")) as engine:
        completions = engine.generate(make_requests(50, max_tokens=64))
        next(completions)
        completions.close()
        assert len(completions_by_id(engine, make_requests(2, max_tokens=4))) == 2


def test_requests_are_pulled_lazily(port, make_requests):
    pulled = 0

    def source():
        nonlocal pulled
        for request in make_requests(500, max_tokens=2):
            pulled += 1
            yield request

    with open_engine(settings(f"http://127.0.0.1:{port}/v1")) as engine:
        completions = engine.generate(source())
        for _ in range(10):
            next(completions)
        completions.close()
    assert pulled <= 10 + 4
