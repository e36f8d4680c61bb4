"""What a report may hold, and what it cannot do to the process that reads it."""

from __future__ import annotations

import base64
import hashlib
import json
import marshal
import zlib
from typing import Any

import pytest

from pipeline.behaviour import embedded
from pipeline.behaviour.inside import exact, outcomes, wire

INF, NAN = float("inf"), float("nan")


@pytest.mark.parametrize(
    "value",
    [
        None,
        [True, 1, 1.0, -0.0, INF, -INF, 1 << 63, -(1 << 63)],
        ("a", ["\ud800", b"\x00\xff", 2 + 3j]),
        {"dict": 1, (1, 2): {3}, None: frozenset({4})},
        {"int": [{}], "tuple": ()},
    ],
)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    assert repr(wire.loads(wire.dumps(value))) == repr(value)


def test_nan_and_numbers_of_many_digits_come_back() -> None:
    assert repr(wire.loads(wire.dumps([NAN]))) == "[nan]"
    assert wire.loads(wire.dumps(-(10**5000))) == -(10**5000)


def test_numbers_that_python_refuses_to_write_are_not_compared() -> None:
    with pytest.raises(outcomes.NoOutcome):
        outcomes.plain([10**5000])
    with pytest.raises(exact.NotComparable):
        exact.encoded([10**5000])


@pytest.mark.parametrize("value", [open, compile("1", "", "eval"), type("Own", (), {})(), type("Int", (int,), {})(1)])
def test_code_and_objects_have_no_text(value: Any) -> None:
    with pytest.raises(ValueError, match="has no text"):
        wire.dumps(value)


def printed(text: bytes) -> str:
    mark = f"report {hashlib.sha256(b'one').hexdigest()} "
    return mark + base64.b64encode(zlib.compress(text)).decode()


def test_a_printed_report_is_read() -> None:
    assert embedded.read_report("one", "noise\n" + printed(wire.dumps({"calls": (1, 2)}).encode())) == {"calls": (1, 2)}


@pytest.mark.parametrize(
    "text",
    [
        marshal.dumps([1]),
        b"[" * 100_000,
        b"[" * 3000 + b"]" * 3000,
        b'{"tuple": 5}',
        b'{"unknown": []}',
        b"{}",
        b'{"a": 1, "b": 2}',
        b'{"dict": [[[], 1]]}',
        b'{"dict": [1]}',
        b'{"int": "zz"}',
        b'{"bytes": 5}',
        b'{"set": [[]]}',
        json.dumps("x" * (embedded._LARGEST + 1)).encode(),
    ],
)
def test_what_is_no_report_is_none(text: bytes) -> None:
    assert embedded.read_report("one", printed(text)) is None
