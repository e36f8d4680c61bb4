"""Parses lists in configuration values."""

from __future__ import annotations

import csv


def as_list(text: str) -> list[str]:
    """The entries of a value, which are separated by newlines or commas; one in double quotes may hold commas."""
    entries = (entry for row in csv.reader(text.splitlines(), skipinitialspace=True) for entry in row)
    return [entry.strip() for entry in entries if entry.strip()]
