"""The program that runs a response with its tests."""

from __future__ import annotations


def program_text(code: str, tests: str) -> str:
    """The test program of a response: its code, then its tests."""
    return f"{code.rstrip()}\n\n{tests.rstrip()}\n"
