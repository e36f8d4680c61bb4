"""The verdict as a pure function of what was observed."""

from __future__ import annotations

import pytest

from sandbox.evidence import Observed, judge
from sandbox.inside.runner import EXCEPTION, EXITED, FAILED, MEMORY, STARTED, SYNTAX
from sandbox.inside.tripwires import FIRST_TRIP, INTACT
from sandbox.result import STATUSES

SECRET = b"0123456789abcdef"
TOKEN = SECRET + INTACT


def status(*messages: bytes, code: int | None = 0, **facts: object) -> str:
    seen = {"token": SECRET, "foreign": False, "killed": "", "exit_status": code, **facts}
    return judge(Observed(messages=messages, **seen))[0]  # type: ignore[arg-type]


def test_the_token_and_exit_code_zero_pass() -> None:
    assert status(STARTED, TOKEN) == "passed"


@pytest.mark.parametrize("first", range(256))
def test_any_token_passes_whatever_its_first_byte(first: int) -> None:
    token = bytes([first]) + SECRET[1:]
    assert status(STARTED, token + INTACT, token=token) == "passed"


@pytest.mark.parametrize(
    ("messages", "code", "expected"),
    [
        ((), 1, "sandbox_error"),
        ((TOKEN,), 0, "sandbox_error"),
        ((STARTED,), 0, "exited_early"),
        ((STARTED,), 3, "failed"),
        ((STARTED, EXITED), 0, "exited_early"),
        ((STARTED, EXITED), 1, "failed"),
        ((STARTED, EXITED), 137, "failed"),
        ((STARTED, EXCEPTION), 1, "failed"),
        ((STARTED, EXCEPTION), 0, "failed"),
        ((STARTED, SYNTAX), 1, "compile_error"),
        ((STARTED, MEMORY), 1, "oom"),
        ((STARTED,), 128 + 11, "crashed"),
        ((STARTED,), 128 + 24, "cpu_timeout"),
        ((STARTED, TOKEN), 1, "failed"),
        ((STARTED, TOKEN), 128 + 9, "crashed"),
        ((STARTED, FAILED, TOKEN), 0, "failed"),
        ((STARTED, FAILED, EXITED), 1, "failed"),
        ((STARTED, b"x" * 16), 0, "tampered"),
        ((STARTED, TOKEN, TOKEN), 0, "tampered"),
        ((STARTED, STARTED, TOKEN), 0, "tampered"),
        ((STARTED, TOKEN, EXCEPTION), 0, "tampered"),
        ((STARTED, b"", TOKEN), 0, "tampered"),
        ((STARTED,), FIRST_TRIP, "tampered"),
        ((STARTED, TOKEN), FIRST_TRIP, "tampered"),
        ((STARTED, EXITED), FIRST_TRIP, "failed"),
        ((STARTED, TOKEN, EXITED), 0, "passed"),
        ((STARTED, TOKEN, EXITED), 137, "failed"),
        ((STARTED, TOKEN, EXITED), FIRST_TRIP, "failed"),
        ((STARTED, EXITED, EXITED), 0, "exited_early"),
    ],
)
def test_everything_else_has_a_name(messages: tuple[bytes, ...], code: int, expected: str) -> None:
    assert expected in STATUSES
    assert status(*messages, code=code) == expected


def test_a_wire_that_did_not_act_is_seen_at_the_end() -> None:
    assert status(STARTED, TOKEN[:-1]) == "tampered"


def test_what_another_process_wrote_taints_a_pass() -> None:
    assert status(STARTED, TOKEN, foreign=True) == "tampered"


def test_a_kill_names_its_reason_even_after_the_token() -> None:
    assert status(STARTED, TOKEN, code=None, killed="timeout") == "timeout"


def test_the_kernel_taking_a_process_for_its_memory_is_no_pass() -> None:
    assert status(STARTED, TOKEN, out_of_memory=True) == "oom"
