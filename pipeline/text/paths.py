"""Names of places in published files: folders of this machine do not belong there, their last names are enough."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

# The folders of an absolute path or of one below a home folder; not those of an address such as https://host/a/b.
_FOLDERS = re.compile(r"(?:file://|(?<![\w.~/*-])(?:~[\w.-]*)?)/(?:[^/\s\"'<>|]+/)+")
_OF_REPOSITORY = re.compile(r"(?:git|commits):")


def published_name(label: str) -> str:
    """An entry of `[seeds] sources` or `[decontamination] packs` without the folders that lead to it.

    A path inside the project is not shortened.
    """
    prefix = match[0] if (match := _OF_REPOSITORY.match(label)) else ""
    path, at, ref = label.removeprefix(prefix).rpartition("@") if prefix else (label, "", "")
    if not at:
        path, ref = label.removeprefix(prefix), ""
    if not path.startswith(("/", "~", "..")):
        return label
    return f"{prefix}{PurePosixPath(path).name or path}{at}{ref}"


def without_folders(text: str) -> str:
    """A text in which each absolute path is reduced to its last name."""
    return _FOLDERS.sub("", text)


def published_text(text: str, labels: Iterable[str]) -> str:
    """A text without folders, in which each of these entries has its published name."""
    for label in sorted(labels, key=len, reverse=True):
        text = text.replace(label, published_name(label))
    return without_folders(text)
