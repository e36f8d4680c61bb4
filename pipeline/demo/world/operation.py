"""An operation of the micro-world: its forms, bugs, phrases and concepts.

An operation takes one value of a kind and gives another. It knows at least two equivalent
expressions for itself (its *forms*), wrong ones that a hasty author writes (its *bugs*), how
people ask for it (its *phrases*), and what it is about (its *concepts*). Everything else here is
derived from these tables: functions, instructions, responses, tests.

In all templates `{v}` stands for the value and `{k}` for the parameter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["ints", "text", "words", "int", "table", "flag", "label", "other"]
Shape = Literal["filter", "map", "whole"]
Param = int | str | None

ITEM = {"ints": "x", "words": "w"}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: `forms[i]` and `bugs[i]` are whole expressions over `{v}`.

    A filter or a map also keeps the inner condition or element expression of each form
    (`inner_forms`, `inner_bugs`), so that it can be written as a loop. `trap` marks an operation
    whose first bug is planted in about half of the corpus's responses. `first_only` keeps
    operations whose output grows with the number out of second place.
    """

    name: str
    takes: Kind
    gives: Kind
    shape: Shape
    forms: tuple[str, ...]
    phrases: tuple[str, ...]
    concepts: tuple[str, ...]
    stems: tuple[str, ...]
    params: tuple[Param, ...] = (None,)
    bugs: tuple[str, ...] = ()
    inner_forms: tuple[str, ...] = ()
    inner_bugs: tuple[str, ...] = ()
    loop: tuple[str, ...] = ()
    trap: bool = False
    first_only: bool = False
    signed: bool = False

    @property
    def item(self) -> str:
        """The loop variable over the elements of the input."""
        return ITEM.get(self.takes, "c")


def fill(template: str, value: str, param: Param) -> str:
    """Put the value's name and the parameter into a template."""
    return template.replace("{v}", value).replace("{k}", str(param))


def keep(
    name: str,
    takes: Kind,
    conditions: Sequence[str],
    phrases: Sequence[str],
    concepts: Sequence[str],
    stems: Sequence[str],
    params: Sequence[Param] = (None,),
    bugs: Sequence[str] = (),
    trap: bool = False,
    signed: bool = False,
) -> Operation:
    """An operation that keeps the elements for which a condition holds."""
    item = ITEM[takes]

    def whole(condition: str) -> str:
        return f"[{item} for {item} in {{v}} if {condition}]"

    return Operation(
        name=name,
        takes=takes,
        gives=takes,
        shape="filter",
        forms=tuple(map(whole, conditions)),
        phrases=tuple(phrases),
        concepts=("filtering", *concepts),
        stems=tuple(stems),
        params=tuple(params),
        bugs=tuple(map(whole, bugs)),
        inner_forms=tuple(conditions),
        inner_bugs=tuple(bugs),
        trap=trap,
        signed=signed,
    )


def each(
    name: str,
    takes: Kind,
    elements: Sequence[str],
    phrases: Sequence[str],
    concepts: Sequence[str],
    stems: Sequence[str],
    params: Sequence[Param] = (None,),
    bugs: Sequence[str] = (),
    gives: Kind | None = None,
    trap: bool = False,
    signed: bool = False,
) -> Operation:
    """An operation that replaces every element by an expression of it."""
    item = ITEM[takes]

    def whole(element: str) -> str:
        return f"[{element} for {item} in {{v}}]"

    return Operation(
        name=name,
        takes=takes,
        gives=gives or takes,
        shape="map",
        forms=tuple(map(whole, elements)),
        phrases=tuple(phrases),
        concepts=("mapping", *concepts),
        stems=tuple(stems),
        params=tuple(params),
        bugs=tuple(map(whole, bugs)),
        inner_forms=tuple(elements),
        inner_bugs=tuple(bugs),
        trap=trap,
        signed=signed,
    )


def whole(
    name: str,
    takes: Kind,
    gives: Kind,
    forms: Sequence[str],
    phrases: Sequence[str],
    concepts: Sequence[str],
    stems: Sequence[str],
    params: Sequence[Param] = (None,),
    bugs: Sequence[str] = (),
    loop: Sequence[str] = (),
    trap: bool = False,
    first_only: bool = False,
    signed: bool = False,
) -> Operation:
    """An operation on the value as a whole; `loop` spells it out with `{o}` as the result."""
    return Operation(
        name=name,
        takes=takes,
        gives=gives,
        shape="whole",
        forms=tuple(forms),
        phrases=tuple(phrases),
        concepts=tuple(concepts),
        stems=tuple(stems),
        params=tuple(params),
        bugs=tuple(bugs),
        loop=tuple(loop),
        trap=trap,
        first_only=first_only,
        signed=signed,
    )
