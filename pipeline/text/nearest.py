"""The remedy for a misspelt name: the right one that is nearest, or all there are."""

from __future__ import annotations

import difflib
from collections.abc import Collection


def nearest(name: str, names: Collection[str], form: str = "{}", otherwise: str = "") -> str:
    """Proposes the nearest of `names`, whatever its capitals, each written as `form`.

    Where none is near: `otherwise`, or all of them if that is empty.
    """
    by_lower = {item.lower(): item for item in sorted(names)}
    close = difflib.get_close_matches(name.lower(), list(by_lower), n=1, cutoff=0.5)
    if close:
        return f"did you mean {form.format(by_lower[close[0]])}?"
    return otherwise or f"there are {', '.join(form.format(item) for item in sorted(names))}"
