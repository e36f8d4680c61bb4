"""Inside the sandbox: other circumstances under which honest tests pass as well, and flaky ones fail.

Each circumstance is a function that changes what a program will meet: draws of `random` that all come out low
or high, clocks that are moved. Beside it stands the same without a change: what fails there, too, fails
because it is watched. Only ever called in a process that is thrown away.
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
    """A run under altered circumstances proves nothing about this program."""


def drawing(share: float | None) -> Prepare:
    """A circumstance: unseeded draws all come out at a quantile (None: as they fall)."""

    def prepare(names: Namespace) -> None:
        import random

        class Biased(random.Random):
            def random(self) -> float:
                return super().random() if share is None else share

            def _randbelow(self, n: int) -> int:
                return int(self.random() * n)

        def seed(*_: Any, **__: Any) -> None:
            raise NoSay

        drawn = Biased()
        for name in dir(drawn):
            if hasattr(random, name) and not name.startswith("_"):
                setattr(random, name, getattr(drawn, name))
        random.seed = seed  # type: ignore[assignment]

    return prepare


def clock(moved: float) -> Prepare:
    """A circumstance: every clock is moved by some seconds."""

    def prepare(names: Namespace) -> None:
        import datetime

        real = time.time
        real_datetime, real_date = datetime.datetime, datetime.date
        for name in ("time", "monotonic", "perf_counter", "process_time"):
            setattr(time, name, _moved(getattr(time, name), moved))

        class Datetime(real_datetime):  # type: ignore[misc,valid-type]
            @classmethod
            def now(cls, tz: Any = None) -> Any:
                return cls.fromtimestamp(real() + moved, tz)

            @classmethod
            def utcnow(cls) -> Any:
                return cls.utcfromtimestamp(real() + moved)

            today = now

        class Date(real_date):  # type: ignore[misc,valid-type]
            @classmethod
            def today(cls) -> Any:
                return cls.fromtimestamp(real() + moved)

        for mine, theirs in ((Datetime, real_datetime), (Date, real_date)):
            mine.__name__ = mine.__qualname__ = theirs.__name__
            mine.__module__ = "datetime"
            setattr(datetime, theirs.__name__, mine)

    return prepare


def _moved(now: Callable[[], float], seconds: float) -> Callable[[], float]:
    return lambda: now() + seconds


_HOUR = 3600.0
_DRAWS, _CLOCKS = frozenset({"random"}), frozenset({"time", "datetime"})
# In words, the modules that it concerns, the circumstance, the same without a change.
CIRCUMSTANCES = (
    ("when all draws are low", _DRAWS, drawing(0.003), drawing(None)),
    ("when all draws are high", _DRAWS, drawing(0.997), drawing(None)),
    ("a little later", _CLOCKS, clock(31.37), clock(0.0)),
    ("an odd second later", _CLOCKS, clock(1801.62), clock(0.0)),
    ("at another time of day", _CLOCKS, clock(7.4 * _HOUR + 1234.56), clock(0.0)),
    ("in another year", _CLOCKS, clock(401.7 * 24 * _HOUR + 1817.3), clock(0.0)),
)
