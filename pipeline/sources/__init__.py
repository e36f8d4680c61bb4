"""Sources of seeds: folders, git repositories and their history, datasets in files and on the hub, installed code.

Every source has the interface of base.py: parts with signatures, so that an unchanged part is not read again, and
documents. To add a source, write its class in a file of its own and name it in SOURCES, or add it from a package of
your own (pipeline/entry_points.py): a source of another package claims its entries, which hold a colon, first.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import entry_points
from pipeline.records import Rules
from pipeline.sources import base, exclusions
from pipeline.sources.base import Change, ConfigurableSource, Document, LeftOut, Part, Source
from pipeline.sources.commits import CommitsSource
from pipeline.sources.files import FileSource
from pipeline.sources.folders import FolderSource
from pipeline.sources.git import GitSource
from pipeline.sources.hub import HubSource
from pipeline.sources.installed import PackagesSource, StandardLibrary
from pipeline.sources.tables import TableSource

if TYPE_CHECKING:
    from pipeline.config import sections

__all__ = ["RULES", "SOURCES", "Change", "Document", "LeftOut", "Part", "Source", "resolve"]

# The first that claims an entry makes its source: a folder may have any name, so it is last.
SOURCES: tuple[type[ConfigurableSource], ...] = (
    StandardLibrary,
    PackagesSource,
    GitSource,
    CommitsSource,
    HubSource,
    TableSource,
    FileSource,
    FolderSource,
)

RULES: Rules = {
    **base.RULES,
    **exclusions.RULES,
    **{name: drops for source in SOURCES for name, drops in source.rules.items()},
}


def resolve(label: str, root: Path, section: sections.seeds) -> Source:
    """The source of an entry of `[seeds] sources`, `section` being [seeds]; relative paths start at `root`.

    Raises MissingDataError for a source that is not there or not readable, ConfigError for a malformed entry.
    """
    exclusions.included(section)
    added: list[type[ConfigurableSource]] = entry_points.every("sources") if ":" in label else []
    available = (*added, *SOURCES)
    return next(source for source in available if source.claims(label)).of(label, root, section)
