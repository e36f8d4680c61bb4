"""Runs inside the sandbox: work in a forked process that is thrown away, with limits of its own."""

from __future__ import annotations

import _signal  # `signal` itself costs more than the rest of this file
import marshal
import os
import select
import time

MYPY = False
if MYPY:  # no typing module at run time: it costs more than the rest of this file
    from collections.abc import Callable, Iterator
    from typing import Any


class OutOfTime(BaseException):
    """A call took longer than its share."""


def forked(work: Callable[[Callable[[Any], None]], None], cpu: float, wall: float) -> tuple[list[Any], bool]:
    """What `work` sent, in order, through the function that it is given; and whether it came to its end.

    `work` runs in a fork without input and output, for at most so many seconds; what it sent before it was ended
    counts. What it sends must be values that marshal can write.
    """
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.close(read)
            _signal.setitimer(_signal.ITIMER_PROF, cpu)
            quiet = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(quiet, stream)
            work(lambda value: _send(write, value))
            _send(write, None)
        finally:
            os._exit(0)
    os.close(write)
    end = time.monotonic() + wall
    written, part = b"", b"-"
    while part and select.select([read], [], [], max(0.0, end - time.monotonic()))[0]:
        part = os.read(read, 1 << 16)
        written += part
    os.close(read)
    if part:
        os.kill(pid, 9)
    os.waitpid(pid, 0)
    sent = list(_messages(written))
    ended = bool(sent) and sent[-1] is None
    return (sent[:-1] if ended else sent), ended


def _send(write: int, value: Any) -> None:
    content = marshal.dumps(value)
    content = len(content).to_bytes(4, "big") + content
    while content:
        content = content[os.write(write, content) :]


def _messages(written: bytes) -> Iterator[Any]:
    while len(written) >= 4:
        size = int.from_bytes(written[:4], "big")
        content, written = written[4 : 4 + size], written[4 + size :]
        if len(content) < size:
            return
        yield marshal.loads(content)


def limited(seconds: float, call: Callable[..., Any], *arguments: Any) -> Any:
    """The call's result. Raises OutOfTime where its own code takes longer; a loop in C is not interrupted."""
    if _signal.getsignal(_signal.SIGVTALRM) is not _out_of_time:
        _signal.signal(_signal.SIGVTALRM, _out_of_time)
    _signal.setitimer(_signal.ITIMER_VIRTUAL, seconds)
    try:
        return call(*arguments)
    finally:
        _signal.setitimer(_signal.ITIMER_VIRTUAL, 0)


def _out_of_time(*_: Any) -> None:
    raise OutOfTime
