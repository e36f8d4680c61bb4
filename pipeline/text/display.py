"""Values as people read them: durations, sizes, text that cannot steer a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """Text that cannot steer a terminal: control characters become their escapes."""
    return "".join(
        char if char.isprintable() or char == "\n" else repr(char)[1:-1] for char in text
    )


def duration(seconds: float) -> str:
    """Seconds in words, two units at most."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    if minutes:
        return f"{minutes} min {rest:02d} s"
    return f"{seconds:.1f} s" if seconds < 10 else f"{rest} s"
