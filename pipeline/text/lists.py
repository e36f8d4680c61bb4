"""Lists in configuration values."""

from __future__ import annotations


def as_list(text: str) -> list[str]:
    """A value with several entries, one a line or separated by commas."""
    return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]
