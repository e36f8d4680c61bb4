"""Recognises a text that has fallen into a loop: small models repeat one passage until their tokens are used up.

They also count: `numbers[68] + numbers[69] + numbers[70] + ...` is one passage whose numbers change by equal steps.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

TIMES = 4  # how often a passage is repeated at least
BYTES = 320  # how long all its repetitions together are at least: a line of dashes or zeros may be meant
LONGEST = 480  # passage, in bytes
# The same for passages that count, each number as one digit: the numbers to 100 take 300 bytes, 60 asserts 1,020, and
# both may be meant.
COUNTED_TIMES, COUNTED_BYTES = 8, 1100
_PROBE = 24
_WINDOW = 3 * COUNTED_BYTES  # how far back counting is looked for, numbers as they are
_NUMBER = re.compile(rb"\d+")


def is_repeating(text: bytes | bytearray) -> bool:
    """Whether the text ends with one passage again and again, to the byte or but for numbers in equal steps."""
    return any(_exactly(text, period) for period in _periods(text)) or _is_counting(text)


def _periods(text: bytes | bytearray) -> list[int]:
    """The distances from the end of the text to where its last bytes stood before, the shortest first."""
    end = len(text) - _PROBE
    if end <= 0:
        return []
    probe, at, found = text[end:], end, []
    while (at := text.rfind(probe, max(0, end - LONGEST), at + _PROBE - 1)) >= 0:
        found.append(end - at)
    return found


def _exactly(text: bytes | bytearray, period: int) -> bool:
    length = max(BYTES, TIMES * period)
    return length <= len(text) and text[-length:-period] == text[period - length :]


def _is_counting(text: bytes | bytearray) -> bool:
    """Whether the text ends with one passage whose numbers change by the same steps, each place by its own."""
    raw = bytes(text[-_WINDOW:]).rstrip(b"0123456789")  # the last number may go on
    numbers = list(map(int, _NUMBER.findall(raw)))
    masked = _NUMBER.sub(b"0", raw)
    for period in _periods(masked):
        times = max(COUNTED_TIMES, -(-COUNTED_BYTES // period))
        start = len(masked) - times * period
        places = masked[-period:].count(b"0")
        repeats = start >= 0 and masked[start:-period] == masked[start + period :]
        if repeats and _in_equal_steps(numbers[len(numbers) - times * places :], places):
            return True
    return False


def _in_equal_steps(numbers: Sequence[int], places: int) -> bool:
    """Whether the numbers of each place, which come in turn, grow by what they grew by before."""
    steps = [number - before for before, number in zip(numbers, numbers[places:], strict=False)]
    return steps[places:] == steps[: len(steps) - places]
