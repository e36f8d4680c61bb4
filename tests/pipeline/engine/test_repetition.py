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
        b"return " + b" + ".join(b"numbers[%d]" % n for n in range(120)) + b" + ",
        b"[" + b", ".join(b"[%d, %d, %d]" % (n, n + 1, n + 2) for n in range(1, 400, 3)) + b", ",
        b", ".join(b"(%d, %d)" % (n, 10 * n) for n in range(200)) + b", ",
        b"".join(b"    print(f'%d is even: {x[%d]}', end=' ')\n" % (9 - n, 2 * n) for n in range(60)),
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
        b"assert total([" + b", ".join(b"%d" % n for n in range(1, 101)) + b"]) == 5050\n",
        b"TABLE = [" + b", ".join(b"%d" % (n * n % 251) for n in range(400)),
        b"".join(b"assert square(%d) == %d\n" % (n, n * n) for n in range(100)),
    ],
)
def test_what_ends_otherwise_is_no_loop(text: bytes) -> None:
    assert not is_repeating(text)


def test_a_growing_text_notices_its_loop() -> None:
    text = GrowingText(("\n## ",))
    for _ in range(8):
        assert not text.append(SENTENCE)
    assert text.is_repeating()
