"""A single Python file as a source. It is read whatever its name: somebody named it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import MissingDataError
from pipeline.sources.base import Part
from pipeline.sources.exclusions import included
from pipeline.sources.folders import FolderSource

if TYPE_CHECKING:
    from pipeline.config import sections

SUFFIX = ".py"


class FileSource(FolderSource):
    """The file `root`/`name`; its licence is that of its folder, as for files of a folder."""

    def __init__(self, label: str, file: Path, include: frozenset[str] = frozenset()) -> None:
        super().__init__(label, file.parent, include)
        self._path = file

    @classmethod
    def claims(cls, label: str) -> bool:
        return label.endswith(SUFFIX)

    @classmethod
    def of(cls, label: str, root: Path, section: sections.seeds) -> FolderSource:
        file = (root / Path(label).expanduser()).resolve()
        if file.is_dir():
            return FolderSource.of(label, root, section)
        if not file.exists() and section.vanished != "drop":
            raise MissingDataError(f"[seeds] sources: there is no file {file}", "correct the path in luigi.cfg")
        return cls(label, file, included(section))

    @property
    def where(self) -> str:
        return str(self._path)

    def parts(self) -> Iterator[Part]:
        if self._path.exists():
            yield self._file(self._path)
