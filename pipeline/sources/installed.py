"""What is installed beside the running interpreter as sources: its standard library, and its packages."""

from __future__ import annotations

import sysconfig
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import Distribution, distributions
from pathlib import Path

from pipeline.sources import licences
from pipeline.sources.base import Document, Part, Unread, read_whole, signature_of
from pipeline.sources.exclusions import VENDORED, by_content, by_path
from pipeline.sources.folders import FolderSource

STDLIB = "python-stdlib"
PACKAGES = "python-packages"


def standard_library(include: frozenset[str], share: float) -> FolderSource:
    """The standard library; the packages that lie within its folder are no part of it."""
    root = Path(sysconfig.get_paths()["stdlib"])
    return FolderSource(STDLIB, root, include - {VENDORED}, share, licence="PSF-2.0")


class PackagesSource:
    """The Python files of all installed distributions, each with its distribution's name and version."""

    label = PACKAGES
    published = True
    share = 1.0

    def __init__(self, include: frozenset[str] = frozenset()) -> None:
        # The folder that all lie in is one of installed packages: that alone is no reason.
        self._include = include
        self._owners: dict[str, Distribution] = {}

    @property
    def where(self) -> str:
        return f"{len(list(distributions()))} distributions"

    def parts(self) -> Iterator[Part]:
        by_name = sorted(distributions(), key=lambda item: (item.name.lower(), item.version))
        for distribution in by_name:
            for file in sorted(distribution.files or (), key=str):
                path = str(file)
                if not path.endswith(".py") or path.startswith(("..", "/")):
                    continue
                if path in self._owners:
                    continue
                self._owners[path] = distribution
                yield self._part(path, Path(str(file.locate())))

    def _part(self, path: str, place: Path) -> Part:
        if found := by_path(path, self._include):
            return Part(self.label, path, left_out=Unread(path, *found))
        try:
            status = place.stat()
        except OSError as error:
            evidence = error.strerror or str(error)
            return Part(self.label, path, left_out=Unread(path, "unreadable", evidence))
        return Part(self.label, path, signature_of(status))

    def documents(self, part: Part) -> Iterator[Document | Unread]:
        distribution = self._owners[part.path]
        content = read_whole(Path(str(distribution.locate_file(part.path))), part.path)
        if isinstance(content, Unread):
            yield content
        elif found := by_content(content, self._include):
            yield Unread(part.path, *found)
        else:
            licence = licence_of(distribution)
            yield Document(
                part.path, part.path, content, licence, distribution.name, distribution.version
            )


@lru_cache(maxsize=4096)
def licence_of(distribution: Distribution) -> str | None:
    """The licence that a distribution's metadata states, or that its licence files are."""
    metadata = distribution.metadata
    texts = {
        file.name: Path(str(file.locate()))
        .read_bytes()[: licences.TEXT_BYTES]
        .decode(errors="replace")
        for file in distribution.files or ()
        if licences.is_licence_file(file.name)
        and ".dist-info/" in str(file)
        and Path(str(file.locate())).is_file()
    }
    classifiers = [
        text.rsplit("::", 1)[1].strip()
        for text in metadata.get_all("Classifier") or ()
        if text.startswith("License ::")
    ]
    return (
        licences.normalised(" ".join(metadata.get_all("License-Expression") or ()))
        or licences.of_folder(texts)
        or licences.normalised(" ".join(metadata.get_all("License") or ()))
        or licences.all_of(classifiers)
    )
