from __future__ import annotations

import dataclasses
import enum
import typing
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from typing import Dict, Generic, List, NamedTuple, Optional, Protocol, TypeVar

T = TypeVar("T")


class Color(enum.Enum):
    RED = 1


@dataclasses.dataclass(order=True, frozen=True)
class Point:
    x: int
    y: int = 0
    tags: List[str] = dataclasses.field(default_factory=list, compare=False)


class Pair(NamedTuple):
    left: int
    right: Optional[int] = None


class Stack(Generic[T]):
    def __init__(self) -> None:
        self.items: List[T] = []


class Sized(Protocol):
    def size(self) -> int: ...


assert Point(1, 2) < Point(2) and dataclasses.asdict(Point(1)) == {"x": 1, "y": 0, "tags": []}
assert Pair(1) == (1, None) and Color(1) is Color.RED
assert typing.get_type_hints(Point)["y"] is int
assert Stack[int]().items == []
assert Counter("aab").most_common(1) == [("a", 2)]
