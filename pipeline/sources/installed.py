"""Installed code as sources: the running interpreter's standard library, and the installed packages."""

from __future__ import annotations

import re
import sysconfig
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import Distribution, PackagePath, distributions
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pipeline.records import Rejection, Rules
from pipeline.sources import licences
from pipeline.sources.base import (
    Document,
    LeftOut,
    Part,
    printable,
    read_whole,
    signature_of,
    unreadable,
)
from pipeline.sources.exclusions import VENDORED, by_content, by_path, included
from pipeline.sources.folders import FolderSource

if TYPE_CHECKING:
    from pipeline.config import sections

_STDLIB = "python-stdlib"
_PACKAGES = "python-packages"


# Metadata that a licence text cannot outweigh: a reservation, or an expression that is cut off.
_RESTRICTS = re.compile(r"(?i:proprietary)|\b(?:AND|OR|WITH)\s*$|^\s*(?:AND|OR|WITH)\b")


class StandardLibrary(FolderSource):
    """The standard library. The packages that are installed within its folder are not part of it."""

    @classmethod
    def claims(cls, label: str) -> bool:
        return label == _STDLIB

    @classmethod
    def of(cls, label: str, root: Path, section: sections.seeds) -> StandardLibrary:
        folder = Path(sysconfig.get_paths()["stdlib"])
        # Even where vendored code is included: site-packages is in this folder.
        include = included(section) - {VENDORED}
        return cls(label, folder, include, section.stdlib_share, licence="PSF-2.0")


class PackagesSource:
    """The Python files of all installed distributions, each with its distribution's name and version."""

    rules: ClassVar[Rules] = {}
    label = _PACKAGES
    published = True
    share = 1.0

    def __init__(self, include: frozenset[str] = frozenset()) -> None:
        self._include = include
        self._owners: dict[str, Distribution] = {}

    @classmethod
    def claims(cls, label: str) -> bool:
        return label == _PACKAGES

    @classmethod
    def of(cls, label: str, root: Path, section: sections.seeds) -> PackagesSource:
        return cls(included(section))

    @property
    def where(self) -> str:
        return f"{len(list(distributions()))} distributions"

    def parts(self) -> Iterator[Part]:
        named: list[tuple[str, str, list[PackagePath], Distribution]] = []
        for number, distribution in enumerate(distributions()):
            try:
                files = sorted(distribution.files or (), key=str)
                named.append((distribution.name.lower(), distribution.version, files, distribution))
            except Exception as error:  # noqa: BLE001  importlib.metadata lets what its parsers raise through
                evidence = f"its metadata cannot be read: {type(error).__name__}: {error}"[:200]
                place = getattr(getattr(distribution, "_path", None), "name", f"distribution {number}")
                yield Part(self.label, printable(place), left_out=Rejection("unreadable", printable(evidence)))
        for _, _, files, distribution in sorted(named, key=lambda item: item[:2]):
            for file in files:
                path = str(file)
                if not path.endswith(".py") or path.startswith(("..", "/")):
                    continue
                if path in self._owners:
                    continue
                self._owners[path] = distribution
                yield self._part(path, Path(str(file.locate())))

    def _part(self, path: str, place: Path) -> Part:
        if rejection := by_path(path, self._include):
            return Part(self.label, path, left_out=rejection)
        try:
            status = place.stat()
        except OSError as error:
            return Part(self.label, path, left_out=unreadable(error))
        return Part(self.label, path, signature_of(status))

    def documents(self, part: Part) -> Iterator[Document | LeftOut]:
        distribution = self._owners[part.path]
        content = read_whole(Path(str(distribution.locate_file(part.path))), part.path)
        if isinstance(content, LeftOut):
            yield content
        elif rejection := by_content(content, self._include):
            yield LeftOut(part.path, rejection)
        else:
            licence = licence_of(distribution)
            yield Document(part.path, part.path, content, licence, distribution.name, distribution.version)


@lru_cache(maxsize=4096)
def licence_of(distribution: Distribution) -> str | None:
    """The licence of a distribution, from its License-Expression, else from its licence files and metadata together.

    A licence file that is not recognised makes the licence unknown, whatever the metadata says.
    """
    metadata = distribution.metadata
    if expressions := metadata.get_all("License-Expression"):
        return licences.all_of(expressions)
    texts = {
        str(file): Path(str(file.locate())).read_bytes()[: licences.TEXT_BYTES].decode(errors="replace")
        for file in distribution.files or ()
        if licences.is_licence_file(file.name) and ".dist-info/" in str(file) and Path(str(file.locate())).is_file()
    }
    classifiers = [
        text.rsplit("::", 1)[1].strip()
        for text in metadata.get_all("Classifier") or ()
        if text.startswith("License ::")
    ]
    written = [text for text in metadata.get_all("License") or () if text.strip() not in ("", "UNKNOWN")]
    if any(_RESTRICTS.search(text) for text in (*written, *classifiers)):
        return None
    # Classifiers have no place for a condition, so they do not count beside a text that cannot be read.
    stated = licences.from_licence_text(" ".join(written)) if written else licences.all_of(classifiers)
    if not texts:
        return stated
    text = licences.of_folder(texts)
    if text is None:
        return None
    # The text of a GPL does not say whether later versions may be chosen; metadata does.
    later = text.replace("-only", "-or-later")
    if later != text and later in (stated, *map(licences.normalised, classifiers)):
        return later
    if stated is None:
        # Vague metadata ("BSD") adds nothing to a text, but for a family of licences that the text is not of.
        return None if "GPL" not in text and any("GPL" in name for name in (*written, *classifiers)) else text
    return licences.all_of([text, stated])
