"""Runs inside the sandbox, as part of a falsified program: the value itself, or a wrong one where it lies.

A value lies that equals two values which are not equal, or is below or above all numbers; so does a list, tuple or
dictionary that has such a value in it. The text becomes part of the program (falsified.py) after the response's code
and wrong.py: it uses syntax alone, because the response may have replaced any function.
"""

from __future__ import annotations

MYPY = False
if MYPY:  # no typing module at run time
    from typing import Any

    __wrong__: Any = None


def __honest__(
    value: Any,
    depth: Any = 3,
    strangers: Any = (
        *(7919, -7907, 7919.125, -7907.5, "7919 strangers", "7907 strangers", b"7919", b"7907", [7919], [-7907]),
        *((7919,), (-7907,), {7919}, {-7907}, {7919: 7907}, {-7907: 7919}),
    ),
    kinds: Any = ([].__class__, ().__class__, {}.__class__),
) -> Any:
    try:
        # not by infinity alone: some honest order is that of absolute values
        beyond = (value < -1e999 and value < 0) or (value > 1e999 and value > 0) or (value <= -1e999 and value >= 1e999)
    except:  # noqa: E722  most values have no order among numbers; the name of an exception could mean anything
        beyond = False
    if beyond:
        return __wrong__
    equal = False
    for stranger in strangers:
        try:
            differs = not value == stranger  # noqa: SIM201  what is looked at is how it is equal
            if differs:
                continue
        except:  # noqa: E722  an array has no truth value
            continue
        if equal:
            return __wrong__
        equal = True
    if depth and value.__class__ in kinds:
        left = 100
        for item in value.values() if value.__class__ is kinds[2] else value:
            if left and __honest__(item, depth - 1) is __wrong__:
                return __wrong__
            left = left and left - 1
    return value
