"""Messages between a caller and its engine process: length-prefixed pickles over two pipes.

Both ends belong to this package and run on one machine, so pickle is safe here. The caller's end
never blocks without a time limit, not even when the other process is stopped within a message.

Messages from the caller: first `(settings, shrink)` or, in mode "inspect", `(path, texts)`; then
`(key, Request)` for every request, and None to cancel all of them.

Messages from the process, a tuple each:
    ("facts", ModelFacts)       of mode "inspect"
    ("ready", Plan)             the model is loaded
    ("started", key)            a request runs
    ("done", key, Completion)
    ("invalid", key, message)   an EngineError caused by this request alone
    ("heartbeat", Counters | None)
    ("refused", message)        an EngineError while loading
    ("no memory", message)
    ("failed", message)         any other exception
"""

from __future__ import annotations

import os
import pickle
import select
import struct
import time
from typing import Any

_HEAD = struct.Struct("<I")
_CHUNK = 1 << 16


class Closed(Exception):
    """The other end has closed its pipe."""


def encode(message: Any) -> bytes:
    body = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    return _HEAD.pack(len(body)) + body


class Decoder:
    """Reassembles messages from bytes that arrive in arbitrary pieces."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Any]:
        self._buffer += data
        messages = []
        start = 0
        while len(self._buffer) - start >= _HEAD.size:
            (size,) = _HEAD.unpack_from(self._buffer, start)
            end = start + _HEAD.size + size
            if len(self._buffer) < end:
                break
            messages.append(pickle.loads(memoryview(self._buffer)[start + _HEAD.size : end]))
            start = end
        del self._buffer[:start]
        return messages


class Channel:
    """The caller's end: sends without blocking, receives with a time limit."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self._read, self._write = read_fd, write_fd
        os.set_blocking(read_fd, False)
        os.set_blocking(write_fd, False)
        self._decoder = Decoder()
        self._out = bytearray()

    def send(self, message: Any) -> None:
        """Queue a message and write as much as the pipe accepts now. Raises Closed."""
        self._out += encode(message)
        self._flush()

    def receive(self, timeout: float) -> list[Any]:
        """Return the messages that arrive within `timeout` seconds, or []. Raises Closed."""
        deadline = time.monotonic() + timeout
        while True:
            poll = select.poll()
            poll.register(self._read, select.POLLIN)
            if self._out:
                poll.register(self._write, select.POLLOUT)
            left = max(0.0, deadline - time.monotonic())
            ready = dict(poll.poll(left * 1000))
            if self._write in ready and self._out:
                self._flush()
            if self._read in ready:
                messages = self._pull()
                if messages:
                    return messages
            if time.monotonic() >= deadline:
                return []

    def _pull(self) -> list[Any]:
        try:
            data = os.read(self._read, _CHUNK)
        except BlockingIOError:
            return []
        except OSError as error:
            raise Closed from error
        if not data:
            raise Closed
        return self._decoder.feed(data)

    def _flush(self) -> None:
        try:
            while self._out:
                sent = os.write(self._write, memoryview(self._out)[:_CHUNK])
                del self._out[:sent]
        except BlockingIOError:
            pass
        except OSError as error:
            raise Closed from error

    def close(self) -> None:
        for fd in (self._read, self._write):
            if fd >= 0:
                os.close(fd)
        self._read = self._write = -1


def write_all(fd: int, data: bytes) -> None:
    """Write `data` to a blocking pipe."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
