"""Determines the licence of a source file, as an SPDX expression, or None when it cannot be determined.

The SPDX header of a file takes precedence; then what its source states: the nearest licence file, a dataset's column,
a package's metadata. Identifiers are those of license-expression, which contains the SPDX list and each licence's
category. A licence text is recognised only as a whole (standard_texts.py), so a text with a clause of its own is
unknown; and what cannot be read as an expression is unknown, never the licence of a place further away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

from pipeline.errors import ConfigError
from pipeline.sources import standard_texts

UNKNOWN = "unknown"
HEADER_CHARS = 4096
TEXT_BYTES = 65536  # read of a licence file

_FILE = re.compile(r"(?:LICEN[CS]E|COPYING|UNLICENSE)(?:[._-].*)?", re.IGNORECASE)
# LICENSE-MIT beside LICENSE-APACHE: the user may choose between them.
_CHOICE = re.compile(r"LICEN[CS]E[._-](?!txt$|md$|rst$).+", re.IGNORECASE)
_SPDX = re.compile(r"SPDX-License-Identifier:[ \t]*(.*?)[ \t]*(?:\*/|-->|[\"']{3}|$)", re.MULTILINE)
_OWN = re.compile(r"(?:DocumentRef-[\w.-]+:)?LicenseRef-[\w.-]+")
_PERMISSIVE = ("Permissive", "Public Domain")

# Of classifiers: "GNU Lesser General Public License v2 or later (LGPLv2+)".
_GNU = re.compile(r"^GNU .*\((A?L?GPL)v(\d)(?:\.(\d))?(\+)?\)$", re.IGNORECASE)
# Names of families of licences: which of them is meant, nobody states.
_WITHOUT_VERSION = frozenset({"GPL", "LGPL", "AGPL", "MPL", "EPL", "ARTISTIC", "CC-BY", "CC-BY-SA"})
# Names in package metadata and datasets that stand for an SPDX identifier.
_ALIASES = {
    "mit license": "MIT", "the mit license": "MIT", "mit/x11": "MIT",
    "apache": "Apache-2.0", "apache 2": "Apache-2.0", "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0", "apache license version 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0", "asl 2.0": "Apache-2.0",
    "bsd-3": "BSD-3-Clause", "bsd 3-clause": "BSD-3-Clause", "new bsd": "BSD-3-Clause",
    "new bsd license": "BSD-3-Clause", "modified bsd license": "BSD-3-Clause",
    "bsd 2-clause": "BSD-2-Clause", "isc license": "ISC", "isc license (iscl)": "ISC",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0", "mpl 2.0": "MPL-2.0",
    "python software foundation license": "PSF-2.0", "psf": "PSF-2.0",
    "the unlicense (unlicense)": "Unlicense",
}  # fmt: skip


def headers(text: str) -> list[str]:
    """What the SPDX lines in the first HEADER_CHARS characters of a source file state, as written."""
    return [str(stated) for stated in _SPDX.findall(text[:HEADER_CHARS])]


def from_header(text: str) -> str | None:
    """The SPDX expression that all SPDX lines of a source file state together; None also when one cannot be read."""
    return all_of(headers(text))


def from_licence_text(text: str) -> str | None:
    """The SPDX expression of a licence file's text: a standard text, several one after another, or a licence's name."""
    return all_of(standard_texts.identify(text)) or normalised(text)


def is_licence_file(name: str) -> bool:
    """Whether a file's name is one of a licence file: LICENSE, COPYING, UNLICENSE, with any ending."""
    return _FILE.fullmatch(name) is not None


def of_folder(texts: dict[str, str]) -> str | None:
    """The licence that the licence files of one folder make together, from their texts by name or path.

    All of them hold; a choice are only files that are all named for their licences. One unknown text makes all unknown.
    """
    by_name = {name: from_licence_text(text) for name, text in sorted(texts.items())}
    known = sorted({licence for licence in by_name.values() if licence is not None})
    if None in by_name.values() or not known:
        return None
    if len(known) > 1 and all(_CHOICE.fullmatch(PurePosixPath(name).name) for name in by_name):
        return normalised(" OR ".join(f"({licence})" for licence in known))
    return all_of(known)


def normalised(text: str) -> str | None:
    """An SPDX expression in its canonical form, or None for a text that is not one."""
    text = " ".join(text.split())
    text = _ALIASES.get(text.lower(), text)
    if match := _GNU.search(text):
        text = f"{match[1].upper()}-{match[2]}.{match[3] or 0}-{'or-later' if match[4] else 'only'}"
    if text.upper() in _WITHOUT_VERSION:
        return None
    if not text or len(text) > 500:
        return None
    try:
        # Strict: what follows WITH must be an exception.
        parsed = _licensing().parse(text, strict=True)
    except Exception:  # noqa: BLE001  for a malformed expression the parser raises errors of many types
        return None
    if parsed is None or any(not _OWN.fullmatch(key) for key in _licensing().unknown_license_keys(parsed)):
        return None
    return str(parsed)


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
        # A malformed expression allows nothing, also from a dataset or ledger that another program wrote.
        return normalised(licence) is not None and self._satisfied(_licensing().parse(licence))

    def _satisfied(self, node: Any) -> bool:
        operator = getattr(node, "operator", "").strip()
        if operator == "OR":
            return any(self._satisfied(part) for part in node.args)
        if operator == "AND":
            return all(self._satisfied(part) for part in node.args)
        # An exception of the SPDX list only grants rights beyond those of its licence; another's text is not known.
        if _OWN.fullmatch(str(getattr(node, "exception_symbol", node).key)) and hasattr(node, "exception_symbol"):
            return False
        key = str(getattr(node, "license_symbol", node).key)
        return key in self._names or ("permissive" in self._names and key in _permissive())


def _checked(name: str) -> str:
    if name in ("any", "permissive", UNKNOWN):
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
