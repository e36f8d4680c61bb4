"""The words that inputs are made of."""

from __future__ import annotations


def word_list(text: str) -> tuple[str, ...]:
    """The words of a text; lists of words read better as text."""
    return tuple(text.split())


WORDS = word_list(
    "apple bread cloud stone river tree sun moon star lamp door chair green blue red level noon "
    "radar house mouse paper ocean banana orange grape kiwi forest garden window table music "
    "summer winter silver copper iron glass queen tiger zebra horse eagle ship train road bridge "
    "tower market letter number pencil coffee butter sugar salt pepper soup cake plate spoon rain"
)
PEOPLE = word_list("ann bob eve max zoe tom kim lee sam ian amy joe")
