"""Judges a program by what was observed of it. Pure functions: the whole pass protocol is here.

A program passed when its own process sent STARTED and then the token with what shows its wires intact, nothing else,
and left with exit code 0 without having been killed. Every other observation has a name in `result.STATUSES`.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.inside.runner import EXCEPTION, EXITED, FAILED, MEMORY, SCARCE, STARTED, SYNTAX
from sandbox.inside.tripwires import FIRST_TRIP, IMPORTED, INTACT, WIRES
from sandbox.linux import signal_name

_ENDINGS = {
    SYNTAX: ("compile_error", ""),
    MEMORY: ("oom", "MemoryError"),
    EXCEPTION: ("failed", ""),
    SCARCE: ("failed", ""),
}
_KNOWN = (*_ENDINGS, EXITED)
_COUNTED = ("failed", "unittest, doctest or pytest counted a failure")
_ACTS = {**dict(enumerate(WIRES, FIRST_TRIP)), IMPORTED: "a module that reaches memory"}


@dataclass(frozen=True, slots=True)
class Observed:
    """What the worker observed.

    messages    those of the program's own process, in order, STARTED first; empty: it never started
    token       what had to be sent back
    foreign     another process wrote something that no runner writes
    killed      the status for which the worker killed it, or ""
    exit_status of bwrap: the exit code, or 128 + signal; None when it was killed
    out_of_memory   the memory control group killed a process
    """

    messages: Sequence[bytes]
    token: bytes
    foreign: bool
    killed: str
    exit_status: int | None
    out_of_memory: bool = False


def judge(seen: Observed) -> tuple[str, str]:
    """The status and one line of detail."""
    if seen.killed:
        return seen.killed, ""
    if seen.out_of_memory:
        return "oom", "the memory of all its processes together reached the limit"
    if not seen.messages or seen.messages[0] != STARTED:
        return "sandbox_error", "the sandbox did not start"
    at_end = seen.token + INTACT
    endings = [message for message in seen.messages[1:] if message != FAILED]
    if len(endings) > 1 and endings[-1] == EXITED:  # left by os._exit after its end, as atexit functions can
        endings.pop()
    if seen.foreign or len(endings) > 1 or not all(end == at_end or end in _KNOWN for end in endings):
        if any(end != at_end and end.startswith(seen.token) for end in endings):
            return "tampered", "used what a wire should have ended"
        return "tampered", "wrote to the runner's evidence"
    number = ended_by_signal(seen)
    if number == signal.SIGXCPU:
        return "cpu_timeout", "used up its processor time"
    if number is not None:
        return "crashed", f"ended by {signal_name(number)}"
    ending = endings[0] if endings else b""
    if seen.exit_status in _ACTS and EXITED not in seen.messages and ending in (b"", at_end):
        return "tampered", f"used {_ACTS[seen.exit_status]}"
    # The token is compared before letters: it may begin with any byte.
    return _at_its_end(seen) if ending == at_end else _before_its_end(seen, ending)


def _at_its_end(seen: Observed) -> tuple[str, str]:
    """The verdict on a program that sent the token back."""
    if FAILED in seen.messages:
        return _COUNTED
    if seen.exit_status == 0:
        return "passed", ""
    return "failed", f"left with exit code {seen.exit_status} after its last statement"


def _before_its_end(seen: Observed, ending: bytes) -> tuple[str, str]:
    """The verdict on a program that did not; `ending` is the runner's message, empty without one."""
    if FAILED in seen.messages:
        return _COUNTED
    if ending in _ENDINGS:
        return _ENDINGS[ending]
    if seen.exit_status == 0:
        return "exited_early", "left with exit code 0 before its last statement was done"
    return "failed", f"left with exit code {seen.exit_status} before its last statement was done"


def ended_by_signal(seen: Observed) -> int | None:
    """The signal that ended the program, if any; an exit code above 128 alone does not prove one."""
    if seen.exit_status is None or seen.exit_status <= 128 or seen.exit_status > 128 + 64:
        return None
    if any(message in (EXITED, EXCEPTION, SCARCE) for message in seen.messages[1:]):
        return None
    return seen.exit_status - 128
