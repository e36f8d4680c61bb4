"""The same two-stage job, tasks from seeds and then answers, by this project and by its peers, over one server.

    python benchmarks/peers.py NAME=PYTHON [NAME=PYTHON ...] [--seeds N] [--kills N]

NAME is a file of `benchmarks/peer_jobs/`, PYTHON the interpreter of the environment that has the peer (for `ours`, this
one). Each job is written as the peer's documentation shows it and is called again with the same words after it was
killed. The server is a stub, which answers at once or after a delay, always the same to the same prompt, and counts.
Measured:

- CPU: user and system time of the job and of all its processes, for a small and a large number of seeds; the difference
  by the requests between is what one request costs, without the start;
- kills: `kill -9` of the job's process group, spread evenly over the answers that it needs; then what was answered more
  than once, how much of that was in flight at the kills, rows that are missing or double, and whether it came to an end;
- changes: requests after a changed prompt of the second stage, and after one added seed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

JOBS = Path(__file__).with_name("peer_jobs")
TOKENS = 100  # of each answer
CONCURRENCY = 8
DELAY = 0.03  # seconds of an answer while jobs are killed
PATIENCE = 90  # seconds that a run without kills may take
STALLED = 40  # seconds without a request after which a job has come to a standstill
_SEED = re.compile(r"seed_\d{4}")
_CODE = "Here it is.\n\n```python\ndef {name}(x):\n    return 2 * x\n```\n\n### Tests\n```python\nassert {name}(4) == 8\n```"


@dataclass
class Server:
    """A completions server that counts its answers by stage, seed and prompt."""

    delay: float = 0.0
    url: str = ""
    answers: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    others: int = 0  # requests that belong to no seed: health checks
    in_flight: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def total(self) -> int:
        return sum(self.answers.values())

    def answer(self, body: dict[str, Any]) -> tuple[str, bool]:
        """The text that continues a prompt, and whether it is of the job."""
        prompt = body.get("prompt") or "\n".join(_content(message) for message in body["messages"])
        seeds = _SEED.findall(prompt)
        if not seeds or body.get("max_tokens") == 1:
            return "ok", False
        seed, last = seeds[-1], prompt.rstrip().rsplit("\n", 1)[-1]
        if "### Concepts" in last:
            stage, text = "concepts", "sums, lists"
        elif "### Response" in last or "Solve" in prompt:
            stage, text = "answer", _CODE.replace("{name}", seed)
        else:
            stage, text = "task", f"Write a function `{seed}(x)` that returns the double of a number."
        with self.lock:
            self.answers[stage, seed, hashlib.sha256(prompt.encode()).hexdigest()] += 1
        return text, True


def _content(message: dict[str, Any]) -> str:
    content = message["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_args: object) -> None:
        """A client that was killed."""


@contextmanager
def serving() -> Iterator[Server]:
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_args: object) -> None: ...

        def do_GET(self) -> None:
            self._send(
                {
                    "object": "list",
                    "data": [{"id": "stub", "object": "model", "owned_by": "stub", "max_model_len": 100_000}],
                }
            )

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with server.lock:
                server.in_flight += 1
            time.sleep(server.delay)
            text, is_job = server.answer(body)
            choice: dict[str, Any] = {"index": 0, "finish_reason": "stop"}
            choice |= {"message": {"role": "assistant", "content": text}} if "messages" in body else {"text": text}
            usage = {"prompt_tokens": TOKENS, "completion_tokens": TOKENS, "total_tokens": 2 * TOKENS}
            kind = "chat.completion" if "messages" in body else "text_completion"
            self._send({"id": "x", "object": kind, "created": 0, "model": "stub", "choices": [choice], "usage": usage})
            with server.lock:
                server.in_flight -= 1
                server.others += not is_job

        def _send(self, answer: Any) -> None:
            data = json.dumps(answer).encode()
            try:
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            except OSError:
                self.close_connection = True  # whoever wanted it was killed

    httpd = _QuietServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{httpd.server_port}/v1"
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield server
    httpd.shutdown()


@dataclass(frozen=True)
class Job:
    """A peer's job in a folder of its own."""

    name: str
    python: str
    folder: Path
    server: Server

    def start(self, seeds: int, prompt: str = "Solve") -> subprocess.Popen[bytes]:
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "LUIGI"))}
        environment |= {"OPENAI_API_KEY": "none", "HOME": str(self.folder), "TELEMETRY_ENABLED": "false",
                        "HF_HUB_OFFLINE": "1", "HF_DATASETS_CACHE": str(self.folder / "hf")}  # fmt: skip
        words = [str(self.folder), self.server.url, str(seeds), prompt, str(CONCURRENCY)]
        log = open(self.folder / "log", "ab")  # noqa: SIM115  the process's own
        return subprocess.Popen(
            [self.python, str(JOBS / f"{self.name}.py"), *words],
            cwd=self.folder, env=environment, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip

    def run(self, seeds: int, prompt: str = "Solve") -> tuple[int, float]:
        """Run to the end; the exit code, and the CPU seconds of the job and of all its processes."""
        before = os.times()
        process = self.start(seeds, prompt)
        try:
            code = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            kill(process)
            code = -1
        after = os.times()
        return code, after.children_user + after.children_system - before.children_user - before.children_system

    def rows(self) -> list[str]:
        """The seeds of the rows that the job has written."""
        path = self.folder / "rows.jsonl"
        return [json.loads(line)["seed"] for line in path.read_text().splitlines()] if path.exists() else []


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a job with all its processes."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def job(name: str, python: str) -> Iterator[Job]:
    folder = Path(tempfile.mkdtemp(prefix=f"peer-{name}-"))
    with serving() as server:
        yield Job(name, python, folder, server)
    shutil.rmtree(folder, ignore_errors=True)


def cpu(name: str, python: str, few: int, many: int) -> dict[str, Any]:
    """CPU milliseconds of a request, and of the start."""
    found = []
    for seeds in (few, many):
        with job(name, python) as one:
            code, seconds = one.run(seeds)
            if code or len(one.rows()) != seeds:
                raise SystemExit(
                    f"{name}: ended with {code}, {len(one.rows())} rows: {(one.folder / 'log').read_text()[-3000:]}"
                )
            found.append((one.server.total, seconds))
    (requests_few, seconds_few), (requests_many, seconds_many) = found
    each = (seconds_many - seconds_few) / (requests_many - requests_few)
    return {
        "requests_a_seed": requests_many / many,
        "cpu_ms_a_request": round(1000 * each, 2),
        "cpu_s_of_the_start": round(seconds_few - each * requests_few, 2),
    }


def killed(name: str, python: str, seeds: int, kills: int, requests_a_seed: float) -> dict[str, Any]:
    """What kills spread over a run cost, and then what a changed prompt and one more seed cost."""
    with job(name, python) as one:
        server, needed = one.server, round(requests_a_seed * seeds)
        server.delay = DELAY
        in_flight = done = 0
        stood_still_after = None
        for number in range(1, kills + 1):
            process = one.start(seeds)
            due = needed * number / (kills + 1)
            last, moved = server.total, time.monotonic()
            # A job that loses answers at a kill comes to the next mark by answers that it was given before.
            while len(server.answers) < due and process.poll() is None and time.monotonic() - moved < STALLED:
                time.sleep(0.002)
                if server.total > last:
                    last, moved = server.total, time.monotonic()
            if len(server.answers) < due and process.poll() is None:
                stood_still_after = done
                kill(process)
                break
            time.sleep(DELAY / 2)  # the next requests are under way, and the last answers have arrived
            if process.poll() is None:
                in_flight += server.in_flight
                kill(process)
                done += 1
        code, _ = one.run(seeds)
        rows = Counter(one.rows())
        again = server.total - len(server.answers)
        found = {
            "kills": done,
            "stood_still_after": stood_still_after,
            "exit_code": code,
            "answers": server.total,
            "paid_twice": again,
            "tokens_paid_twice": TOKENS * again,
            "in_flight_at_the_kills": in_flight,
            "rows_lost": seeds - len(rows),
            "rows_double": sum(rows.values()) - len(rows),
        }
    with job(name, python) as one:
        one.run(seeds)
        for what, words in (("changed_prompt", (seeds, "Please Solve")), ("added_seed", (seeds + 1, "Please Solve"))):
            before = one.server.total
            code, _ = one.run(*words)
            found[what] = one.server.total - before
            found[f"{what}_rows"] = len(set(one.rows())) if code == 0 else f"exit {code}"
    return found


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peers", nargs="+", metavar="NAME=PYTHON")
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--kills", type=int, default=20)
    arguments = parser.parse_args(words)
    for peer in arguments.peers:
        name, python = peer.split("=", 1)
        found = cpu(name, python, arguments.seeds // 4, arguments.seeds)
        found |= killed(name, python, arguments.seeds, arguments.kills, found["requests_a_seed"])
        print(json.dumps({"peer": name, **found}), flush=True)


if __name__ == "__main__":
    main()
