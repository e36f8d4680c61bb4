"""Which licence a source file is under, as an SPDX identifier, or None when it cannot be known.

A file's own SPDX header counts first, then the nearest licence file above it. Licence texts are told by
phrases that only they contain; a text that matches none stays unknown rather than guessed.
"""

from __future__ import annotations

import re

LICENCE_FILES = (
    "LICENSE",
    "LICENSE.txt",
    "LICENSE.md",
    "LICENCE",
    "LICENCE.txt",
    "LICENCE.md",
    "COPYING",
)
HEADER_BYTES = 4096

_SPDX = re.compile(
    r"SPDX-License-Identifier:\s*([A-Za-z0-9.+() -]+?)\s*(?:\*/|-->|$)", re.MULTILINE
)

# Phrases from the licence texts themselves; all of a row's phrases must occur, the first row that fits wins.
_TEXTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("AGPL-3.0-only", ("gnu affero general public license", "version 3")),
    ("LGPL-3.0-only", ("gnu lesser general public license", "version 3")),
    ("LGPL-2.1-only", ("gnu lesser general public license", "version 2.1")),
    ("GPL-3.0-only", ("gnu general public license", "version 3")),
    ("GPL-2.0-only", ("gnu general public license", "version 2")),
    ("MPL-2.0", ("mozilla public license", "2.0")),
    ("Apache-2.0", ("apache license", "version 2.0")),
    ("PSF-2.0", ("python software foundation license version 2",)),
    ("BSD-3-Clause", ("redistribution and use in source and binary forms", "neither the name")),
    ("BSD-2-Clause", ("redistribution and use in source and binary forms",)),
    ("ISC", ("permission to use, copy, modify, and/or distribute this software for any purpose",)),
    ("MIT", ("permission is hereby granted, free of charge", "without restriction")),
    ("Unlicense", ("this is free and unencumbered software released into the public domain",)),
)


def from_header(text: str) -> str | None:
    """The SPDX identifier that a source file states in its first lines."""
    match = _SPDX.search(text[:HEADER_BYTES])
    return match[1] if match else None


def from_licence_text(text: str) -> str | None:
    """The SPDX identifier of a licence file's text."""
    flat = " ".join(text.lower().split())
    for identifier, phrases in _TEXTS:
        if all(phrase in flat for phrase in phrases):
            return identifier
    return None
