"""Formats values for people: durations, sizes, money, and text without terminal control sequences."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text with control characters as escapes, so that it cannot control a terminal."""
    return "".join(char if char.isprintable() or char == "\n" else repr(char)[1:-1] for char in text)


def counted(number: int, noun: str) -> str:
    """A number with its noun, which takes an s: 1 row, 2 rows."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def duration(seconds: float) -> str:
    """Seconds in words, two units at most."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes:02d} min"
    if minutes:
        return f"{minutes} min {rest:02d} s"
    return f"{seconds:.1f} s" if seconds < 10 else f"{rest} s"


def money(amount: float, currency: str) -> str:
    """An amount with its currency: cents, or two digits of what is less than ten of them."""
    text = f"{amount:,.2f}" if amount >= 0.1 or not amount else f"{amount:.2g}"
    return f"{text} {currency}".strip()


def size(count: float, digits: int = 1) -> str:
    """Bytes in decimal gigabytes, or in megabytes with this many digits after the point."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.{digits}f} MB"
