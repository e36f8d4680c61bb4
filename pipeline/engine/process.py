"""Starts, monitors and ends an engine process. Every process of the engine goes through `Child`.

The child is a new interpreter (never a fork, which would inherit threads and GPU state) that runs
`child.worker.main`, independent of the caller's `__main__`. Its output, with that of llama.cpp,
goes to an unnamed temporary file, whose last lines explain why the process died.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import weakref
from pathlib import Path
from typing import Any, Literal

from pipeline.engine import wire

# Skips pipeline/__init__.py, which would load luigi and every stage.
_BOOT = """
import sys, types
package = types.ModuleType("pipeline")
package.__path__ = [sys.argv[1]]
sys.modules["pipeline"] = package
from pipeline.engine.child.worker import main
main(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]), sys.argv[6] == "1")
"""
_PACKAGE = Path(__file__).resolve().parents[1]
_LOG_TAIL = 16384
# Marks of the line that states the cause, among stack traces and progress.
_CAUSE = ("ggml_assert", "error", "what():", "failed", "abort", "out of memory", "unable to")
_NO_MEMORY = ("out of memory", "failed to allocate", "unable to allocate", "bad_alloc")

_QUIET = {"GGML_NO_BACKTRACE": "1", "PYTHONUNBUFFERED": "1"}


class Child:
    """An engine process in one of its modes, "serve" or "inspect"."""

    def __init__(self, mode: Literal["serve", "inspect"]) -> None:
        child_read, write = os.pipe()
        read, child_write = os.pipe()
        self._log = tempfile.TemporaryFile(prefix="engine-")  # noqa: SIM115
        # The kernel ends a child with the thread that started it: only safe for the main thread.
        dies_with_thread = threading.current_thread() is threading.main_thread()
        argv = [sys.executable, "-c", _BOOT, str(_PACKAGE), mode, str(child_read), str(child_write)]
        argv += [str(os.getpid()), "1" if dies_with_thread else "0"]
        try:
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=subprocess.STDOUT,
                pass_fds=(child_read, child_write),
                env={**os.environ, **_QUIET},
            )
        finally:
            os.close(child_read)
            os.close(child_write)
        self._channel = wire.Channel(read, write)
        self._oom_kills = oom_kills()
        self._finalizer = weakref.finalize(self, _abandon, self._process, self._channel, os.getpid())

    def send(self, message: object) -> None:
        """Queue a message. Raises wire.Closed when the process is gone."""
        self._channel.send(message)

    def receive(self, timeout: float) -> list[Any]:
        """Return the messages that arrive within `timeout` seconds. Raises wire.Closed."""
        return self._channel.receive(timeout)

    @property
    def pid(self) -> int:
        return self._process.pid

    def end(self, grace: float = 0.0) -> None:
        """Close the pipes, which makes the process exit, and kill it after `grace` seconds."""
        self._finalizer.detach()
        self._channel.close()
        try:
            self._process.wait(timeout=grace)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def exit_cause(self) -> str:
        """How the process ended and the cause from its output, in one line; call after `end`."""
        code = self._process.returncode
        if code is not None and code < 0:
            how = f"killed by {signal.Signals(-code).name}"
        else:
            how = f"exited with {code}"
        lines = self.log_lines()
        causes = [
            line
            for line in lines
            if any(mark in line.lower() for mark in _CAUSE) and not line.startswith("Fatal Python")
        ]
        return f"{how}: {causes[-1][:300]}" if causes else how

    def log_lines(self) -> list[str]:
        """The last lines of the process's output, without empty ones."""
        size = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, size - _LOG_TAIL))
        text = self._log.read().decode("utf-8", errors="replace")
        return [line.strip() for line in text.splitlines() if line.strip()]

    def ran_out_of_memory(self) -> bool:
        """Whether its output or the kernel's count of kills states a lack of memory."""
        text = " ".join(self.log_lines()).lower()
        killed = self._process.returncode == -signal.SIGKILL
        return any(mark in text for mark in _NO_MEMORY) or (killed and oom_kills() > self._oom_kills)

    def detach(self) -> None:
        """In a fork of the caller: close this copy of the pipes and leave the process alone."""
        self._finalizer.detach()
        self._channel.close()
        self._process.returncode = 0


def oom_kills() -> int:
    """Number of out-of-memory kills by the kernel so far; 0 if it is not available.

    Counted in this process's control group if possible, because sandboxed programs may exceed the
    limits of theirs; otherwise on the whole system.
    """
    try:
        group = Path("/proc/self/cgroup").read_text().splitlines()[-1].split("::", 1)[1]
        counts = Path(f"/sys/fs/cgroup{group}/memory.events.local").read_text()
    except (OSError, IndexError):
        try:
            counts = Path("/proc/vmstat").read_text()
        except OSError:
            return 0
    kills = [line.split()[1] for line in counts.splitlines() if line.startswith("oom_kill ")]
    return int(kills[0]) if kills else 0


def _abandon(process: subprocess.Popen[bytes], channel: wire.Channel, owner: int) -> None:
    """End a process whose engine was garbage-collected without `close`."""
    if owner == os.getpid() and process.poll() is None:
        channel.close()
        process.kill()
        process.wait()
