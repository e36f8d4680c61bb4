"""The growing text of a sequence: stops and characters that tokens cut in two."""

from __future__ import annotations

import pytest

from pipeline.engine.child.stops import GrowingText


def run(pieces: list[bytes], stops: tuple[str, ...]) -> tuple[str, bool]:
    text = GrowingText(stops)
    stopped = any(text.append(piece) for piece in pieces)
    return text.text(), stopped


@pytest.mark.parametrize(
    ("pieces", "stops", "expected"),
    [
        ([b"abc", b"\n", b"## Ex"], ("\n## ",), "abc"),
        ([b"abc\n#", b"# ", b"rest"], ("\n## ",), "abc"),
        ([b"abc\n## rest"], ("\n## ",), "abc"),
        ([b"\n## "], ("\n## ",), ""),
        ([b"a\n#", b"## b\n## c"], ("\n## ", "\n### "), "a"),
        ([b"one, two", b"\n"], ("\n",), "one, two"),
        ([b"a\xe2\x82", b"\xacb"], ("€",), "a"),
        ([b"a\xe2\x82\xac \xc3", b"\xa9!"], ("é",), "a€ "),
    ],
)
def test_a_stop_is_found_wherever_tokens_cut_it(pieces, stops, expected):
    assert run(pieces, stops) == (expected, True)


def test_the_first_of_two_stops_in_one_token_ends_the_text():
    assert run([b"x STOP y END"], ("END", "STOP")) == ("x ", True)


def test_a_part_of_a_stop_is_text():
    assert run([b"a\n#", b"# b", b"\n##"], ("\n## x",)) == ("a\n## b\n##", False)


def test_a_character_that_is_cut_off_at_the_end_is_left_out():
    assert run([b"ab\xf0\x9f", b"\x98"], ()) == ("ab", False)


def test_a_character_in_many_tokens_is_whole():
    assert run([b"\xf0", b"\x9f", b"\x98", b"\x80"], ()) == ("\U0001f600", False)


def test_bytes_that_are_no_text_become_replacement_characters():
    assert run([b"a\xffb\x80c"], ()) == ("a�b�c", False)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_how_the_text_is_cut_into_tokens_changes_nothing(size):
    data = "αβ\n### γδε\n## ζ".encode()
    pieces = [data[i : i + size] for i in range(0, len(data), size)]
    assert run(pieces, ("\n## ",)) == ("αβ\n### γδε", True)
