"""The growing text of one sequence: bytes, stop strings, incomplete characters.

A token is bytes, not characters: a stop may begin in one token and end in another, and a token may
end inside a multi-byte character. So stops are compared as UTF-8 bytes, and the bytes are decoded
only when the sequence has ended. UTF-8 is self-synchronizing: the bytes of a stop never match in
the middle of another character.
"""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.engine.repetition import is_repeating


class GrowingText:
    """The bytes of a sequence's tokens, up to the first stop string."""

    __slots__ = ("_data", "_longest", "_stops")

    def __init__(self, stops: Iterable[str]) -> None:
        self._data = bytearray()
        self._stops = tuple(stop.encode() for stop in stops)
        self._longest = max(map(len, self._stops), default=0)

    def append(self, piece: bytes) -> bool:
        """Append a token's bytes; return whether they complete a stop.

        The text then ends before the stop, or before the first one if the token completes several.
        """
        data = self._data
        start = max(0, len(data) - self._longest + 1)
        data += piece
        cut = -1
        for stop in self._stops:
            at = data.find(stop, start)
            if at >= 0 and (cut < 0 or at < cut):
                cut = at
        if cut < 0:
            return False
        del data[cut:]
        return True

    def is_repeating(self) -> bool:
        """Whether the text ends with one passage again and again."""
        return is_repeating(self._data)

    def text(self) -> str:
        """The decoded text: without an incomplete last character, U+FFFD for invalid bytes."""
        return self._data[: _complete(self._data)].decode("utf-8", errors="replace")


def _complete(data: bytearray) -> int:
    """Length of `data` without an incomplete multi-byte character at its end."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte & 0xC0 != 0x80:  # not a continuation byte: the last character begins here
            need = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2 if byte >= 0xC0 else 1
            return len(data) - back if back < need else len(data)
    return len(data)
