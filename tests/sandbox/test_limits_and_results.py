"""The records that go in and come out refuse what makes no sense."""

from __future__ import annotations

import json

import pytest

from sandbox import Limits, Result
from sandbox.tree import Ended, Use


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("wall_seconds", 0),
        ("wall_seconds", "10"),
        ("wall_seconds", 1e9),
        ("wall_seconds", float("nan")),
        ("cpu_seconds", 1.5),
        ("memory_bytes", -1),
        ("memory_bytes", 1024),
        ("processes", True),
        ("open_files", 3),
        ("scratch_files", 0),
        ("output_bytes", None),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=name):
        Limits(**{name: value})  # type: ignore[arg-type]


def test_a_result_survives_json() -> None:
    result = Result("a", "failed", 1, None, "out", "err\ufffd", 0.5, 0.25, 1 << 20, "AssertionError")
    assert Result.from_dict(json.loads(json.dumps(result.to_dict()))) == result


def test_only_passed_is_a_pass() -> None:
    assert Result("a", "passed").passed and not Result("a", "exited_early").passed


def test_an_unknown_status_or_key_is_refused() -> None:
    with pytest.raises(ValueError, match="status"):
        Result("a", "fine")
    with pytest.raises(ValueError, match="colour"):
        Result.from_dict({"id": "a", "status": "passed", "colour": 1})


def test_the_time_of_children_that_nobody_waits_for_is_added_up() -> None:
    ended = Ended()
    for own in ({(5, 1): 0.5, (6, 1): 1.0}, {(5, 1): 0.75}, {(5, 1): 1.0, (6, 9): 2.0}, {(6, 1): 1.0}):
        ended.note(Use((), 0, 0.0, own=own))
    assert ended.cpu == 4.0
