"""Where seeds come from: folders, git repositories, datasets in files and on the hub, what is installed.

Every source has the same shape (shape.py): parts that are known again without being read, and documents.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError
from pipeline.sources import commits, git, hub, tables
from pipeline.sources.base import Change, Document, Part, Source, Unread
from pipeline.sources.exclusions import KINDS
from pipeline.sources.folders import FolderSource, folder_of
from pipeline.sources.installed import PACKAGES, STDLIB, PackagesSource, standard_library
from pipeline.text.lists import as_list

__all__ = ["Change", "Document", "Part", "Source", "Unread", "resolve"]


def resolve(label: str, root: Path, section: Any) -> Source:
    """The source that an entry of `[seeds] sources` means, `section` being [seeds]; paths start at `root`.

    Raises MissingDataError for one that is not there or not readable, ConfigError for one that means nothing.
    """
    include = frozenset(as_list(section.include))
    if unknown := include - set(KINDS):
        raise ConfigError(
            f"[seeds] include: {', '.join(sorted(unknown))} is unknown",
            f"there are {', '.join(KINDS)}",
        )
    if label == STDLIB:
        return standard_library(include, section.stdlib_share)
    if label == PACKAGES:
        return PackagesSource(include)
    if label.startswith(git.PREFIX):
        return git.GitSource(label, root, include)
    if label.startswith(commits.PREFIX):
        return commits.CommitsSource(label, root, include)
    if label.startswith(hub.PREFIX):
        return hub.HubSource(label, include)
    if label.endswith(tables.SUFFIXES):
        return tables.TableSource(label, root, include)
    return FolderSource(label, folder_of(label, root, section.vanished == "drop"), include)
