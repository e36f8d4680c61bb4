"""Determines the licence of a source file, as an SPDX expression, or None when it cannot be determined.

The SPDX header of a file takes precedence; then what its source states: the nearest licence file, a dataset's column,
a package's metadata. Identifiers are those of license-expression, which contains the SPDX list and each licence's
category. A licence text is recognised by phrases that occur in no other; a text without such phrases stays unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from pipeline.errors import ConfigError

UNKNOWN = "unknown"
HEADER_CHARS = 4096
TEXT_BYTES = 65536  # read of a licence file

_FILE = re.compile(r"(?:LICEN[CS]E|COPYING|UNLICENSE)(?:[._-].*)?", re.IGNORECASE)
# LICENSE-MIT beside LICENSE-APACHE: the user may choose between them.
_CHOICE = re.compile(r"LICEN[CS]E[._-](?!txt$|md$|rst$).+", re.IGNORECASE)
_SPDX = re.compile(r"SPDX-License-Identifier:\s*([A-Za-z0-9.+() -]+?)\s*(?:\*/|-->|$)", re.MULTILINE)
_PERMISSIVE = ("Permissive", "Public Domain")

# Names in package metadata and datasets that stand for an SPDX identifier.
_ALIASES = {
    "mit license": "MIT", "the mit license": "MIT", "mit/x11": "MIT",
    "apache": "Apache-2.0", "apache 2": "Apache-2.0", "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0", "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0", "asl 2.0": "Apache-2.0",
    "bsd-3": "BSD-3-Clause", "bsd 3-clause": "BSD-3-Clause", "new bsd": "BSD-3-Clause",
    "new bsd license": "BSD-3-Clause", "modified bsd license": "BSD-3-Clause",
    "bsd 2-clause": "BSD-2-Clause", "isc license": "ISC", "isc license (iscl)": "ISC",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0", "mpl 2.0": "MPL-2.0",
    "python software foundation license": "PSF-2.0", "psf": "PSF-2.0",
    "the unlicense (unlicense)": "Unlicense",
}  # fmt: skip

# Phrases from the licence texts; all phrases of a row must occur, and the first such row counts.
_TEXTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("AGPL-3.0-only", ("gnu affero general public license", "version 3")),
    ("LGPL-3.0-only", ("gnu lesser general public license", "version 3")),
    ("LGPL-2.1-only", ("gnu lesser general public license", "version 2.1")),
    ("GPL-3.0-only", ("gnu general public license", "version 3")),
    ("GPL-2.0-only", ("gnu general public license", "version 2")),
    ("EPL-2.0", ("eclipse public license", "v 2.0")),
    ("MPL-2.0", ("mozilla public license", "2.0")),
    ("Apache-2.0", ("apache license", "version 2.0")),
    ("PSF-2.0", ("python software foundation license version 2",)),
    ("BSD-3-Clause", ("redistribution and use in source and binary forms", "neither the name")),
    ("BSD-2-Clause", ("redistribution and use in source and binary forms",)),
    ("BSL-1.0", ("boost software license", "version 1.0")),
    ("CC0-1.0", ("cc0 1.0 universal",)),
    (
        "Zlib",
        ("provided 'as-is', without any express or implied warranty", "altered source versions"),
    ),
    (
        "0BSD",
        ("use, copy, modify, and/or distribute this software for any purpose with or without fee is",),
    ),
    (
        "ISC",
        (
            "permission to use, copy, modify, and/or distribute this software for any purpose",
            "copyright notice",
        ),
    ),
    ("MIT", ("permission is hereby granted, free of charge", "without restriction")),
    ("Unlicense", ("this is free and unencumbered software released into the public domain",)),
)


def from_header(text: str) -> str | None:
    """The SPDX expression in the first HEADER_CHARS characters of a source file."""
    match = _SPDX.search(text[:HEADER_CHARS])
    return normalised(match[1]) if match else None


def from_licence_text(text: str) -> str | None:
    """The SPDX identifier of a licence file's text."""
    flat = " ".join(text.lower().split())
    for identifier, phrases in _TEXTS:
        if all(phrase in flat for phrase in phrases):
            return identifier
    return None


def is_licence_file(name: str) -> bool:
    """Whether a file's name is one of a licence file: LICENSE, COPYING, UNLICENSE, with any ending."""
    return _FILE.fullmatch(name) is not None


def of_folder(texts: dict[str, str]) -> str | None:
    """The licence that the licence files of one folder make together, from their texts by name."""
    by_name = {name: from_licence_text(text) for name, text in sorted(texts.items())}
    choices = {licence for name, licence in by_name.items() if _CHOICE.fullmatch(name) and licence}
    if len(choices) > 1:
        return " OR ".join(sorted(choices))
    return next(iter(by_name.values()), None)


def normalised(text: str) -> str | None:
    """An SPDX expression in its canonical form, or None for a text that is not one."""
    text = " ".join(text.split())
    text = _ALIASES.get(text.lower(), text)
    if not text or len(text) > 500:
        return None
    if text.startswith("LicenseRef-"):
        return text
    result = _licensing().validate(text)
    return None if result.errors else str(result.normalized_expression)


def all_of(names: Iterable[str]) -> str | None:
    """The expression for a file under several licences at once; None when one of them is unknown."""
    licences = [normalised(name) for name in names]
    if not licences or None in licences:
        return None
    return normalised(" AND ".join(f"({name})" for name in sorted(set(map(str, licences)))))


class AllowList:
    """Licences that a seed may be under: `any`, `permissive`, or SPDX identifiers and `unknown`."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(_checked(name) for name in names)

    def allows(self, licence: str | None) -> bool:
        """Whether the licence may be used; of alternatives one is enough."""
        if "any" in self._names:
            return True
        if licence is None:
            return UNKNOWN in self._names
        if licence in self._names:
            return True
        parsed = _licensing().parse(licence)
        return parsed is not None and self._satisfied(parsed)

    def _satisfied(self, node: Any) -> bool:
        operator = getattr(node, "operator", "").strip()
        if operator == "OR":
            return any(self._satisfied(part) for part in node.args)
        if operator == "AND":
            return all(self._satisfied(part) for part in node.args)
        # A licence exception only grants rights beyond those of its licence.
        key = str(getattr(node, "license_symbol", node).key)
        return key in self._names or ("permissive" in self._names and key in _permissive())


def _checked(name: str) -> str:
    if name in ("any", "permissive", UNKNOWN) or name.startswith("LicenseRef-"):
        return name
    identifier = normalised(name)
    if identifier is None:
        raise ConfigError(
            f"[seeds] licences: {name} is no SPDX identifier",
            "name licences as https://spdx.org/licenses does, e.g. MIT, Apache-2.0; or any, permissive, unknown",
        )
    return identifier


@lru_cache(maxsize=1)
def _licensing() -> Any:
    import license_expression

    return license_expression.get_spdx_licensing()


@lru_cache(maxsize=1)
def _permissive() -> frozenset[str]:
    import license_expression

    return frozenset(
        entry["spdx_license_key"]
        for entry in license_expression.get_license_index()
        if entry["category"] in _PERMISSIVE and entry.get("spdx_license_key")
    )
