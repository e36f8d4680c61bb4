"""When a stage is hopeless: all of its first units lost, and said once."""

from __future__ import annotations

from pipeline.stages.losses import FIRST_PROGRAMS, FIRST_UNITS, NOT_PASSED, FirstLosses, by_rule


def test_a_stage_is_hopeless_once_when_all_of_its_first_units_are_lost() -> None:
    first = FirstLosses()
    told = [first.lose(f"u{n}", "length" if n else "empty", f"text\n{n}") for n in range(2 * FIRST_UNITS)]
    assert told.index(True) == FIRST_UNITS - 1
    assert told.count(True) == 1
    assert first.example == ("u0", "text 0")
    assert by_rule(first.rules) == f"length {FIRST_UNITS - 1}, empty 1"


def test_one_kept_unit_is_hope() -> None:
    first = FirstLosses()
    for n in range(FIRST_UNITS - 1):
        assert not first.lose(f"u{n}", "length", "")
    first.keep()
    assert not any(first.lose(f"v{n}", "length", "") for n in range(FIRST_UNITS))


def test_programs_may_fail_for_longer() -> None:
    first = FirstLosses()
    told = [first.lose(f"u{n}", NOT_PASSED, "") for n in range(FIRST_PROGRAMS)]
    assert told.index(True) == FIRST_PROGRAMS - 1
