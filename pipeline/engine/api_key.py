"""The key of a completions server: read from its variable, never shown.

Blanks and newlines around a key come from files and are no part of it. A message that could hold the key passes
`hidden`.
"""

from __future__ import annotations

import os
import re

from pipeline.engine.protocol import EngineError

_HIDDEN = "***"
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+(?=@)")


def read_key(variable: str) -> str:
    """The key in an environment variable, empty where there is none.

    Raises EngineError for a key that no HTTP header can hold; its text is not in the message.
    """
    key = os.environ.get(variable, "").strip()
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise EngineError(
            f"the key in the variable {variable} has characters that no key has (blanks, line breaks, letters with "
            "accents): copy it again"
        )
    return key


def hidden(text: str, key: str) -> str:
    """The text without the key, and without the user and password of an address."""
    text = _CREDENTIALS.sub(_HIDDEN, text)
    return text.replace(key, _HIDDEN) if len(key) > 3 else text
