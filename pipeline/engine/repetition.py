"""Recognises a text that has fallen into a loop: small models repeat one passage until their tokens are used up."""

from __future__ import annotations

TIMES = 4  # how often a passage is repeated at least
BYTES = 320  # how long all its repetitions together are at least: a line of dashes or zeros may be meant
LONGEST = 480  # passage, in bytes
_PROBE = 24


def is_repeating(text: bytes | bytearray) -> bool:
    """Whether the text ends with one passage again and again, to the byte."""
    end = len(text) - _PROBE
    probe, at = text[end:], end
    while end > 0 and (at := text.rfind(probe, max(0, end - LONGEST), at + _PROBE - 1)) >= 0:
        period = end - at
        length = max(BYTES, TIMES * period)
        if length <= len(text) and text[-length:-period] == text[period - length :]:
            return True
    return False
