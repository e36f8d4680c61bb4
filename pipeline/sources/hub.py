"""Datasets on the Hugging Face hub as a source: `hf:owner/name`, `hf:owner/name@revision:data/*.parquet`.

Files are fetched one by one, read as in tables.py and removed again, so a dataset of terabytes takes the disk space
of one file. A part's signature is the hub's own digest of the file.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pipeline.errors import ConfigError, MissingDataError
from pipeline.records import Rules
from pipeline.sources.base import Document, LeftOut, Part
from pipeline.sources.exclusions import included
from pipeline.sources.hub_client import hub_errors
from pipeline.sources.tables import ROW_RULES, SUFFIXES, documents_of

if TYPE_CHECKING:
    from pipeline.config import sections

PREFIX = "hf:"
LABEL = re.compile(r"hf:(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>[^:]+))?(?::(?P<pattern>.+))?")


class HubSource:
    """The JSONL and Parquet files of a dataset repository, at the commit of its revision at construction."""

    rules: ClassVar[Rules] = ROW_RULES
    published = True
    share = 1.0

    def __init__(self, label: str, include: frozenset[str] = frozenset()) -> None:
        match = LABEL.fullmatch(label)
        if match is None:
            raise ConfigError(
                f"[seeds] sources: {label} names no dataset",
                "write hf:owner/name, hf:owner/name@revision or hf:owner/name:data/*.parquet",
            )
        self.label = label
        self._include = include
        self._repo = match["repo"]
        self._pattern = match["pattern"] or "*"
        self._commit, self._digests = self._listing(match["revision"])

    @classmethod
    def claims(cls, label: str) -> bool:
        return label.startswith(PREFIX)

    @classmethod
    def of(cls, label: str, root: Path, section: sections.seeds) -> HubSource:
        return cls(label, included(section))

    def _listing(self, revision: str | None) -> tuple[str, dict[str, str]]:
        """The commit of the revision, and the digest of each file in it by path."""
        from huggingface_hub import HfApi
        from huggingface_hub.hf_api import RepoFile

        api = HfApi()
        with self._errors():
            commit = str(api.dataset_info(self._repo, revision=revision).sha)
            tree = api.list_repo_tree(self._repo, recursive=True, revision=commit, repo_type="dataset")
            files = [
                entry
                for entry in tree
                if isinstance(entry, RepoFile)
                and entry.path.endswith(SUFFIXES)
                and fnmatchcase(entry.path, self._pattern)
            ]
        if not files:
            raise MissingDataError(
                f"[seeds] sources: {self.label} has no file that ends in {', '.join(SUFFIXES)}",
                "correct the pattern after the colon",
            )
        return commit, {entry.path: entry.lfs.sha256 if entry.lfs else entry.blob_id for entry in files}

    def _errors(self) -> AbstractContextManager[None]:
        return hub_errors(
            f"[seeds] sources: {self.label}",
            "check the name, the revision and the network, or log in with `hf auth login`",
        )

    @property
    def where(self) -> str:
        return f"{len(self._digests)} files at {self._commit[:12]}"

    def parts(self) -> Iterator[Part]:
        for path, digest in sorted(self._digests.items()):
            yield Part(self.label, path, [digest])

    def documents(self, part: Part) -> Iterator[Document | LeftOut]:
        from huggingface_hub import hf_hub_download

        with tempfile.TemporaryDirectory(prefix="selfcodealign-") as folder:
            # An error ends the run: a file that was not fetched must not count as read.
            with self._errors():
                fetched = hf_hub_download(
                    self._repo,
                    part.path,
                    repo_type="dataset",
                    revision=self._commit,
                    local_dir=folder,
                )
            yield from documents_of(Path(fetched), part.path, self._include, self._repo, self._commit)
