"""Runs inside the sandbox: what a function does in a call, line by line.

Data in: a job, which stages/monologues.py makes: the source, calls as name with arguments by place and by name, the
limits. Data out: for each call {value, frame}, or {untold} with the reason in a word.

A frame is {function, arguments, steps, returned}, a step {line, changes, calls, raised}: the names that have another
value once the line is done, each with the value as text, None where it has no short one or is gone; and the frames that
the line called.

Tracing is a forbidden act where the sandbox started the program (sandbox/inside/tripwires.py), so this program starts
itself again, in interpreters without its wires and with other hash seeds. There each call has a process of its own. A
call counts where all interpreters give the same trace.
"""

from __future__ import annotations

import marshal
import os
import sys

from pipeline.behaviour.inside.forks import forked
from pipeline.behaviour.inside.programs import execute, namespace

MYPY = False
if MYPY:  # no typing module at run time: it costs more than the rest of this file
    from collections.abc import Callable
    from types import FrameType
    from typing import Any

    Call = tuple[str, list[Any], dict[str, Any]]  # function, arguments by place and by name

_AGAIN, _OUTPUT = "again", 1
_FILE = "response"  # the name of the module, by which its frames are known
_DEEPEST = 3  # frames in each other; what the last one calls is a part of its lines
_LONGEST_VALUE, _LONGEST_LOCAL = 120, 60  # characters
_MOST_ITEMS, _MOST_BITS = 200, 400
_OPTIMIZED = 0x1  # flag of the code of functions, not of the bodies of classes
_SUSPENDED = 0x20 | 0x80 | 0x200  # flags of the code of generators and coroutines
_PLAIN = (type(None), bool, str, bytes)


def trace(job: dict[str, Any]) -> list[dict[str, Any]]:
    """The traces of a job's calls, in their order."""
    seconds = job["seconds"] / len(job["hash_seeds"])
    if sys.argv[1:] == [_AGAIN]:
        each = seconds / (len(job["calls"]) + 1)
        os.write(_OUTPUT, marshal.dumps([_in_a_fork(job, call, each) for call in job["calls"]]))
        os._exit(0)
    first, *others = (_again(seed, seconds, len(job["calls"])) for seed in job["hash_seeds"])
    return [
        found if all(other[place] == found for other in others) else {"untold": "unsteady"}
        for place, found in enumerate(first)
    ]


def _again(hash_seed: int, seconds: float, count: int) -> list[dict[str, Any]]:
    """What this program writes when it is started again in a new interpreter."""
    import subprocess

    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
    environment["PYTHONPATH"] = ":".join(path for path in sys.path if path)
    command = [sys.executable, "-S", "-s", "-B", sys.argv[0], _AGAIN]
    try:
        ended = subprocess.run(command, env=environment, capture_output=True, timeout=seconds)
        return list(marshal.loads(ended.stdout))
    except (OSError, subprocess.SubprocessError, EOFError, ValueError, TypeError):
        return [{"untold": "no_end"}] * count


def _in_a_fork(job: dict[str, Any], call: Call, seconds: float) -> dict[str, Any]:
    sent, _ = forked(lambda send: send(_traced(job["code"], call, job["steps"])), seconds, seconds)
    return sent[0] if sent and isinstance(sent[0], dict) else {"untold": "no_end"}


def _traced(code: str, call: Call, most: int) -> dict[str, Any]:
    name, arguments, named = call
    names = namespace(_FILE)
    execute(code, names)
    tracer = _Tracer(most)
    sys.settrace(tracer.enter)
    try:
        value = names[name](*arguments, **named)
    except BaseException:
        return {"untold": tracer.untold or "raises"}
    finally:
        sys.settrace(None)
    text = _shown(value, _LONGEST_VALUE)
    if tracer.is_open:  # the code has ended its own trace
        return {"untold": "no_end"}
    if tracer.untold or text is None or len(tracer.roots) != 1:
        return {"untold": tracer.untold or "no_value"}
    return {"value": text, "frame": tracer.roots[0]}


class _TooLong(BaseException):
    """More lines run than are told."""


class _Tracer:
    """Records the frames of the response's own functions; `untold` is why they cannot be told."""

    def __init__(self, most: int) -> None:
        self.roots: list[dict[str, Any]] = []
        self.untold = ""
        self._left = most
        self._open: list[_Frame] = []

    @property
    def is_open(self) -> bool:
        """Whether a frame was entered and not left."""
        return bool(self._open)

    def enter(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any] | None:
        code = frame.f_code
        # A comprehension, a lambda, and the body of a class, is a part of the line that it stands in.
        own = code.co_filename == f"<{_FILE}>" and code.co_flags & _OPTIMIZED and not code.co_name.startswith("<")
        if not own or len(self._open) >= _DEEPEST:
            return None
        if code.co_flags & _SUSPENDED:
            self.untold = "generator"
            return None
        entered = _Frame(frame)
        (self._open[-1].steps[-1]["calls"] if self._open else self.roots).append(entered.told)
        self._open.append(entered)

        def within(frame: FrameType, event: str, argument: Any) -> Callable[..., Any] | None:
            if event == "exception":
                entered.steps[-1]["raised"] = argument[0].__name__
            elif event == "line":
                entered.close(frame)
                entered.begin(frame.f_lineno)
                self._left -= 1
                if self._left < 0:
                    self.untold = "too_long"
                    raise _TooLong
            elif event == "return":
                entered.close(frame)
                entered.told["returned"] = _shown(argument, _LONGEST_LOCAL)
                self._open.pop()
            return within

        return within


class _Frame:
    """A frame while it is open: `told` is what is reported of it."""

    def __init__(self, frame: FrameType) -> None:
        code = frame.f_code
        self._before = _locals(frame)
        count = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 4) + bool(code.co_flags & 8)
        arguments = [[name, self._before.get(name)] for name in code.co_varnames[:count]]
        self.steps: list[dict[str, Any]] = []
        self.told = {"function": code.co_name, "arguments": arguments, "steps": self.steps, "returned": None}

    def begin(self, line: int) -> None:
        self.steps.append({"line": line, "changes": [], "calls": [], "raised": ""})

    def close(self, frame: FrameType) -> None:
        """Record what the last line that began has changed."""
        now = _locals(frame)
        if self.steps:
            names = [*now, *(name for name in self._before if name not in now)]
            changed = [name for name in names if now.get(name) != self._before.get(name)]
            self.steps[-1]["changes"] = [[name, now.get(name)] for name in changed]
        self._before = now


def _locals(frame: FrameType) -> dict[str, str | None]:
    return {name: _shown(value, _LONGEST_LOCAL) for name, value in dict(frame.f_locals).items()}


def _shown(value: Any, longest: int) -> str | None:
    """The value as Python text that gives it again; None for a long one, and for any that no literal gives."""
    if not _is_plain(value, [_MOST_ITEMS], 0):
        return None
    text = repr(value)
    return text if len(text) <= longest else None


def _is_plain(value: Any, left: list[int], depth: int) -> bool:
    """Whether a literal gives the value, and always in the same order: a set has another in each interpreter."""
    left[0] -= 1
    if left[0] < 0 or depth > 6:
        return False
    kind = type(value)
    if kind is int:
        return bool(value.bit_length() < _MOST_BITS)
    if kind is float:
        return bool(value - value == 0)
    if kind is list or kind is tuple:
        return all(_is_plain(item, left, depth + 1) for item in value)
    if kind is dict:
        return all(_is_plain(item, left, depth + 1) for pair in value.items() for item in pair)
    return kind in _PLAIN
