"""Leases: which of several processes, on this or another machine, may work on something.

A lease is a small file, `shard-000007.lease-1`, created with O_EXCL, so that exactly one process gets it. Its
holder touches it every few seconds. A lease whose holder is provably dead (same machine) is taken over at
once; any other after `PATIENCE_SECONDS` without a touch, measured by the waiting process's own clock: clocks
of different machines are never compared.

A takeover creates the file with the next number, which names the tokens of the dead leases. Of two processes
that try, O_EXCL lets one succeed; it then lists the leases again, and withdraws unless they are unchanged. So
a number that is used again cannot be mistaken, and a holder that was only suspended finds its own token in
another lease, or its file removed.

A suspended holder may write before it notices. So it must not share the file that it appends to
(`journal.renew` gives the new holder another file), and `check` precedes everything that it publishes.

Only guarantees of NFS are used: O_EXCL, unlink, reading an opened file, and the times of a file itself.
"""

from __future__ import annotations

import os
import re
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson

from targets.processes import place, started

HEARTBEAT_SECONDS = 2.0
PATIENCE_SECONDS = 20.0
_POLL_SECONDS = 0.2


class LeaseLost(Exception):
    """Another process has taken over: this one was taken for dead. Nothing is lost."""


class AlreadyPublished(Exception):
    """While it waited for the lease, another process finished the work."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A lease's file at one moment: its content, and when it was last touched."""

    content: bytes
    touched: int

    @property
    def holder(self) -> dict[str, Any]:
        """The holder's description; empty while it is not written yet, or when the disk was full."""
        try:
            holder: dict[str, Any] = orjson.loads(self.content)
        except orjson.JSONDecodeError:
            return {}
        return holder

    @property
    def token(self) -> str | None:
        return self.holder.get("token")


class Lease:
    """Permission to work, from construction (which waits for it) to `release`. `path` is the lease's name
    without its number.

    Raises AlreadyPublished when `finished` returns True while another process holds the lease.
    """

    def __init__(self, path: Path, finished: Callable[[], bool] = lambda: False) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._token = secrets.token_hex(8)
        self._ended = threading.Event()
        self._lost = False
        self._number = self._acquire(finished)
        self._heart = threading.Thread(target=self._beat, daemon=True)
        self._heart.start()

    def _acquire(self, finished: Callable[[], bool]) -> int:
        since: dict[tuple[int, _Seen], float] = {}
        while True:
            now = time.monotonic()
            others = _look(self._path)
            since = {(number, seen): since.get((number, seen), now) for number, seen in others.items()}
            if all(
                _is_dead(seen.holder) or now - since[number, seen] > PATIENCE_SECONDS for number, seen in others.items()
            ):
                number = max(others, default=0) + 1
                if self._create(number, others):
                    return number
            elif finished():
                raise AlreadyPublished(str(self._path))
            else:
                time.sleep(_POLL_SECONDS)

    def _create(self, number: int, over: dict[int, _Seen]) -> bool:
        """Create the lease's file; False when another process was quicker or the leases have changed."""
        file = _file(self._path, number)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            self._descriptor = os.open(file, flags, 0o644)
        except FileExistsError:
            return False
        me = os.getpid()
        holder = {
            "place": place(),
            "pid": me,
            "started": started(me),
            "token": self._token,
            "over": [seen.token for seen in over.values()],
        }
        os.write(self._descriptor, orjson.dumps(holder))
        now = _look(self._path)
        now.pop(number, None)
        if now == over:
            return True
        os.close(self._descriptor)
        file.unlink(missing_ok=True)
        return False

    def _beat(self) -> None:
        while not self._ended.wait(HEARTBEAT_SECONDS):
            try:
                self.check()
                os.utime(self._descriptor)
            except (LeaseLost, OSError):
                self._lost = True
                return

    @property
    def lost(self) -> bool:
        """True when another process had taken over by the last heartbeat."""
        return self._lost

    def check(self) -> None:
        """Raise LeaseLost when another process has taken over."""
        leases = _look(self._path)
        mine = leases.get(self._number)
        if (
            self._lost
            or mine is None
            or mine.token != self._token
            or any(self._token in seen.holder.get("over", ()) for seen in leases.values())
        ):
            self._lost = True
            raise LeaseLost(
                f"{self._path}: another process works on it, because this one gave no sign of life "
                f"for {PATIENCE_SECONDS:.0f} seconds"
            )

    def release(self) -> None:
        """Give the lease up. Idempotent."""
        if self._ended.is_set():
            return
        self._ended.set()
        self._heart.join()
        if not self._lost:
            for number in _look(self._path):
                if number <= self._number:
                    _file(self._path, number).unlink(missing_ok=True)
        os.close(self._descriptor)

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def holder_is_dead(file: Path) -> bool:
    """Whether a lease's file names a process of this place that has ended."""
    seen = _read(file)
    return seen is not None and _is_dead(seen.holder)


def _is_dead(holder: dict[str, Any]) -> bool:
    return holder.get("place") == place() and started(holder["pid"]) != holder["started"]


def _look(path: Path) -> dict[int, _Seen]:
    """All files of a lease, by number. Lists the folder, because a stat may be cached."""
    form = re.compile(re.escape(path.name) + r"-(\d+)")
    matches = [match for name in os.listdir(path.parent) if (match := form.fullmatch(name))]
    looked = {int(match[1]): _read(path.with_name(match[0])) for match in matches}
    return {number: seen for number, seen in looked.items() if seen is not None}


def _read(file: Path) -> _Seen | None:
    try:
        # Opened, because a network file system may answer a stat from its cache.
        with open(file, "rb") as handle:
            return _Seen(handle.read(), os.fstat(handle.fileno()).st_mtime_ns)
    except FileNotFoundError:
        return None


def _file(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}-{number}")
