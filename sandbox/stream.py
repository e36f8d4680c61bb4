"""A program's stdout or stderr: a pipe of which the first bytes are kept and all are counted.

The pipe has a name in /dev, so that a program can open /dev/stdout without /proc. It is empty while nobody has it open.
"""

from __future__ import annotations

import os


class Stream:
    """Both ends of the pipe, and the first `most` bytes that were read from it."""

    def __init__(self, path: str, most: int) -> None:
        self.reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        self.writer = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        self.kept, self.most, self.seen = bytearray(), most, 0

    def close_writer(self) -> None:
        os.close(self.writer)

    def drain(self) -> bool:
        """Read what is available; False at the end of the stream."""
        for _ in range(64):
            try:
                data = os.read(self.reader, 65536)
            except BlockingIOError:
                return True
            if not data:
                return False
            self.seen += len(data)
            self.kept += data[: self.most - len(self.kept)]
        return True

    def text(self) -> str:
        text = self.kept.decode(errors="replace")
        if self.seen > len(self.kept):
            text += f"\n[cut: the first {len(self.kept)} of {self.seen} bytes]\n"
        return text

    def close(self) -> None:
        os.close(self.reader)
