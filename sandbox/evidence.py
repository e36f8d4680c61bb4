"""From what was observed of a program to its verdict. Pure functions: the whole pass protocol is here.

A program passed when its own process sent STARTED and then the token, nothing else, and left with exit code 0
without having been killed. Every other observation has a name in `result.STATUSES`.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.inside.runner import CHANGED, EXCEPTION, EXITED, FAILED, MEMORY, STARTED, SYNTAX
from sandbox.inside.tripwires import FIRST_TRIP, IMPORTED, WIRES
from sandbox.linux import signal_name

_LETTERS = (EXCEPTION, EXITED, MEMORY, SYNTAX)
_ACTS = {**dict(enumerate(WIRES, FIRST_TRIP)), IMPORTED: "a module that reaches memory"}


@dataclass(frozen=True, slots=True)
class Observed:
    """What the worker saw.

    messages    those of the program's own process, in order, STARTED first; empty: it never started
    token       what had to be sent back
    foreign     some other process wrote something that no runner writes
    killed      the status the worker killed it for, or ""
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
    said = [message for message in seen.messages[1:] if message != FAILED]
    if seen.killed:
        return seen.killed, ""
    if seen.out_of_memory:
        return "oom", "the memory of all its processes together reached the limit"
    if not seen.messages or seen.messages[0] != STARTED:
        return "sandbox_error", "the sandbox did not start"
    if seen.foreign or len(said) > 1 or any(not _known(message, seen.token) for message in said):
        return "tampered", "wrote to the runner's evidence"
    number = ended_by_signal(seen)
    if number is not None:
        if number == signal.SIGXCPU:
            return "cpu_timeout", "used up its processor time"
        return "crashed", f"ended by {signal_name(number)}"
    code = seen.exit_status
    letter = said[0] if said else b""
    if code in _ACTS and letter in (b"", seen.token):
        return "tampered", f"used {_ACTS[code]}"
    if letter == seen.token:
        if FAILED in seen.messages:
            return "failed", "unittest or doctest counted a failure"
        if code == 0:
            return "passed", ""
        return "failed", f"left with exit code {code} after its last statement"
    if letter[:1] == CHANGED:  # the token was compared before: it may begin with any byte
        return "tampered", letter[1:].decode(errors="replace")
    if FAILED in seen.messages:
        return "failed", "unittest or doctest counted a failure"
    if letter == SYNTAX:
        return "compile_error", ""
    if letter == MEMORY:
        return "oom", "MemoryError"
    if letter == EXCEPTION:
        return "failed", ""
    if code == 0:
        return "exited_early", "left with exit code 0 before its last statement was done"
    return "failed", f"left with exit code {code} before its last statement was done"


def ended_by_signal(seen: Observed) -> int | None:
    """The signal that ended the program; an exit code above 128 alone does not say so."""
    if seen.exit_status is None or seen.exit_status <= 128 or seen.exit_status > 128 + 64:
        return None
    if any(message in (EXITED, EXCEPTION) for message in seen.messages[1:]):
        return None
    return seen.exit_status - 128


def _known(message: bytes, token: bytes) -> bool:
    return message == token or message in _LETTERS or message[:1] == CHANGED
