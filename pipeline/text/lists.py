"""Parses lists in configuration values."""

from __future__ import annotations


def as_list(text: str) -> list[str]:
    """The entries of a value, which are separated by newlines or commas."""
    return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]
