"""Runs inside the sandbox, as part of the runner: acts after which no pass can be trusted end the process.

Data out: an exit code that names the act. A wire cannot be cut: it needs no descriptor, no reference leads a
program to it. One that has no memory or no stack left to act with is seen at the end. Imports only what is built in.
"""

from __future__ import annotations

import posix
import sys

MYPY = False
if MYPY:
    from collections.abc import Callable
    from typing import Any

# Each would reach hidden objects, skip statements, or leave the audit hook behind.
WIRES = [
    "gc.get_objects",
    "gc.get_referrers",
    "sys.settrace",
    "sys.monitoring.register_callback",
    "cpython.PyInterpreterState_New",
]
if sys.version_info < (3, 11):
    WIRES.append("gc.get_referents")  # 3.10 shows a running frame's value stack
FIRST_TRIP = 224  # exit code of the first wire; no signal's, which end at 128 + 64
INTACT = bytes(len(WIRES) + 1)  # what follows the token
IMPORTED = FIRST_TRIP + len(WIRES)  # exit code for the import of a forbidden module
# Where an interpreter has them built in, they cannot be left out of the staged root.
FORBIDDEN = {"_ctypes", "_testcapi", "_testinternalcapi", "_testlimitedcapi", "_testbuffer"}


def arm() -> Callable[[], bytes]:
    """Install the wires; a function that shows that none was tripped and yet did not end the process.

    Its result is INTACT as long as each wire is in its place, because an act takes its wire away. It is C code as well.
    The audit hook is a dict's `pop`; with the popped object goes a weak reference, whose callback leaves. C code
    throughout: there is no Python frame to interrupt and look into.
    """
    from _functools import partial, reduce
    from _weakref import ref
    from itertools import starmap

    wires: dict[object, object] = {event: set() for event in WIRES}
    wires[None] = [  # kept here, under a name that no event has
        ref(wires[event], partial(reduce, None, map(posix._exit, [code])))
        for code, event in enumerate(WIRES, FIRST_TRIP)
    ]
    sys.addaudithook(wires.pop)
    intact: Callable[[], bytes] = partial(b"".join, map(bytes, starmap(wires.__len__, [()])))
    return intact


def guard_built_in_modules() -> None:
    """Leave at the import of a module that reaches memory: for interpreters that have one built in."""
    names, leave = FORBIDDEN.intersection(sys.builtin_module_names), posix._exit
    if not names:
        return

    def hook(event: str, arguments: Any) -> None:
        if event == "import" and arguments[0] in names:
            leave(IMPORTED)

    sys.addaudithook(hook)


def report_exits(send: Callable[[bytes], None], exited: bytes) -> None:
    """Report an exit by `os._exit`: its code is then no signal's and no wire's, whatever its number."""
    leave = posix._exit

    def _exit(status: int) -> None:
        code = status.__index__()
        send(exited)
        leave(code)

    _exit.__doc__ = leave.__doc__
    for name in ("posix", "os"):
        if name in sys.modules:
            sys.modules[name]._exit = _exit  # type: ignore[attr-defined]


def quiet_settrace() -> None:
    """Keep `sys.settrace(None)` from the wire when nothing traces, as doctest calls it."""
    real, current = sys.settrace, sys.gettrace

    def settrace(function: Any) -> None:
        if function is not None or current() is not None:
            real(function)

    settrace.__doc__ = real.__doc__
    sys.settrace = settrace
