"""Runs inside the sandbox: other circumstances, under which honest tests still pass and flaky ones fail.

Each circumstance is a function that changes the environment of a program: draws of `random` that come out low or
high, clocks that are moved or run ahead, other addresses. Beside it is a control, the same intervention without
the change: a program that fails there as well fails because of the intervention. Only ever called in a process
that is thrown away.
"""

from __future__ import annotations

import time

MYPY = False
if MYPY:  # no typing module at run time: it costs more than the rest of this file
    from collections.abc import Callable
    from typing import Any

    Namespace = dict[str, Any]
    Prepare = Callable[[Namespace], None]


class NoSay(BaseException):
    """A run under other circumstances proves nothing about this program."""


def drawing(share: float | None, turn: int = 0) -> Prepare:
    """A circumstance: every other of the first unseeded draws comes out at a quantile (None: unchanged).

    If all did, different tokens would be equal and the mean of many draws would shift: honest tests check both."""

    def prepare(names: Namespace) -> None:
        import random

        class Biased(random.Random):
            drawn = 0

            def _at_quantile(self) -> bool:
                self.drawn += 1
                return share is not None and self.drawn <= _BENT and self.drawn % 2 == turn

            def random(self) -> float:
                return share or 0.0 if self._at_quantile() else super().random()

            def _randbelow(self, n: int) -> int:
                if self._at_quantile():
                    return int((share or 0.0) * n)
                return super()._randbelow(n)  # type: ignore[misc,no-any-return]

        def seed(*_: Any, **__: Any) -> None:
            raise NoSay

        drawn = Biased()
        for name in dir(drawn):
            if hasattr(random, name) and not name.startswith("_"):
                setattr(random, name, getattr(drawn, name))
        random.seed = seed

    return prepare


def clock(moved: float, each_reading: float = 0.0) -> Prepare:
    """A circumstance: every clock is moved by some seconds, and by some more at each reading."""

    def prepare(names: Namespace) -> None:
        import datetime

        real = time.time
        real_datetime, real_date = datetime.datetime, datetime.date
        localtime, strftime, asctime = time.localtime, time.strftime, time.asctime
        ahead = moved

        def seconds() -> float:
            nonlocal ahead
            ahead += each_reading
            return ahead

        def reading(now: Callable[[], float]) -> Callable[[], float]:
            return lambda: now() + seconds()

        def reading_ns(now: Callable[[], int]) -> Callable[[], int]:
            return lambda: now() + int(seconds() * 1e9)

        def of_now(convert: Callable[[float], Any]) -> Callable[..., Any]:
            return lambda at=None: convert(time.time() if at is None else at)

        for name in ("time", "monotonic", "perf_counter", "process_time"):
            setattr(time, name, reading(getattr(time, name)))
            setattr(time, f"{name}_ns", reading_ns(getattr(time, f"{name}_ns")))
        for name in ("localtime", "gmtime", "ctime"):
            setattr(time, name, of_now(getattr(time, name)))
        time.strftime = lambda form, at=None: strftime(form, at or time.localtime())
        time.asctime = lambda at=None: asctime(at or localtime(time.time()))

        class Datetime(real_datetime):  # type: ignore[misc,valid-type]
            @classmethod
            def now(cls, tz: Any = None) -> Any:
                return cls.fromtimestamp(real() + seconds(), tz)

            @classmethod
            def utcnow(cls) -> Any:
                return cls.utcfromtimestamp(real() + seconds())

            today = now

        class Date(real_date):  # type: ignore[misc,valid-type]
            @classmethod
            def today(cls) -> Any:
                return cls.fromtimestamp(real() + seconds())

        for mine, theirs in ((Datetime, real_datetime), (Date, real_date)):
            mine.__name__ = mine.__qualname__ = theirs.__name__
            mine.__module__ = "datetime"
            setattr(datetime, theirs.__name__, mine)

    return prepare


def elsewhere(names: Namespace) -> None:
    """A circumstance: other objects lie in memory before the program's own, so that addresses differ."""
    names["__before__"] = [bytes(size) for size in range(0, 480, 16) for _ in range(5)]


def unchanged(names: Namespace) -> None:
    pass


_BENT = 16  # draws
_HOUR = 3600.0
_DAY = 24 * _HOUR
_DRAWS, _CLOCKS = frozenset({"random"}), frozenset({"time", "datetime"})
# Text of the evidence, the modules or builtins that it concerns, the circumstance, its control.
CIRCUMSTANCES = (
    ("when draws are low", _DRAWS, drawing(0.003, 0), drawing(None)),
    ("when other draws are low", _DRAWS, drawing(0.003, 1), drawing(None)),
    ("when draws are high", _DRAWS, drawing(0.997, 0), drawing(None)),
    ("when other draws are high", _DRAWS, drawing(0.997, 1), drawing(None)),
    ("a little later", _CLOCKS, clock(31.37), clock(0.0)),
    ("an odd second later", _CLOCKS, clock(1801.62), clock(0.0)),
    ("at another time of day", _CLOCKS, clock(7.4 * _HOUR + 1234.56), clock(0.0)),
    ("on another day of the week", _CLOCKS, clock(3.3 * _DAY), clock(0.0)),
    ("at another end of the week", _CLOCKS, clock(5.2 * _DAY), clock(0.0)),
    ("in the other half of the year", _CLOCKS, clock(183.2 * _DAY), clock(0.0)),
    ("in another year", _CLOCKS, clock(401.7 * _DAY + 1817.3), clock(0.0)),
    ("on a slow machine", _CLOCKS, clock(0.0, each_reading=0.02), clock(0.0)),
    ("with its objects elsewhere in memory", frozenset({"id()"}), elsewhere, unchanged),
)
