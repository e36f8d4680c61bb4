"""A text that repeats one passage is recognised; what may be meant to repeat is not."""

from __future__ import annotations

import pytest

from pipeline.engine.child.stops import GrowingText
from pipeline.engine.repetition import is_repeating

SENTENCE = b"The function should return the number of elements that are greater than zero. "
PROSE = b"Write a function that counts the vowels of a text, and another one that adds the digits of a number.\n"


@pytest.mark.parametrize(
    "text",
    [
        SENTENCE * 5,
        PROSE + SENTENCE * 4 + SENTENCE[:30],
        PROSE + b"ab" * 200,
        b"=" * 400,
        (b"x = 1\n" + b" " * 40) * 8,
        (SENTENCE + PROSE * 2) * 5,
    ],
)
def test_a_loop_is_recognised_wherever_it_is_cut(text: bytes) -> None:
    assert is_repeating(text)
    assert is_repeating(text[:-7])


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"a",
        PROSE * 3,
        PROSE + b"-" * 120,
        b"values = [" + b"0, " * 90 + b"]",
        b"".join(b"assert f(%d) == %d\n" % (n, n) for n in range(60)),
        SENTENCE * 8 + PROSE,
    ],
)
def test_what_ends_otherwise_is_no_loop(text: bytes) -> None:
    assert not is_repeating(text)


def test_a_growing_text_notices_its_loop() -> None:
    text = GrowingText(("\n## ",))
    for _ in range(8):
        assert not text.append(SENTENCE)
    assert text.is_repeating()
