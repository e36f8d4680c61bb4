"""Datasets on the Hugging Face hub as a source: `hf:owner/name`, `hf:owner/name@revision:data/*.parquet`.

Files are fetched one by one, read as in tables.py and removed again, so a dataset of terabytes takes the
disk space of one file. The hub's own digest of a file says whether it has to be read again.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from pipeline.errors import ConfigError, MissingDataError
from pipeline.sources.base import Document, Part, Unread
from pipeline.sources.tables import SUFFIXES, documents_of

PREFIX = "hf:"
LABEL = re.compile(r"hf:(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>[^:]+))?(?::(?P<pattern>.+))?")


class HubSource:
    """The JSONL and Parquet files of a dataset repository, as its revision stands when asked."""

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

    def _listing(self, revision: str | None) -> tuple[str, dict[str, str]]:
        from huggingface_hub import HfApi
        from huggingface_hub.hf_api import RepoFile

        api = HfApi()
        try:
            commit = str(api.dataset_info(self._repo, revision=revision).sha)
            tree = api.list_repo_tree(
                self._repo, recursive=True, revision=commit, repo_type="dataset"
            )
            files = [
                entry
                for entry in tree
                if isinstance(entry, RepoFile)
                and entry.path.endswith(SUFFIXES)
                and fnmatchcase(entry.path, self._pattern)
            ]
        except Exception as error:  # whatever httpx and the hub's client may raise
            raise self._unreachable(error) from None
        if not files:
            raise MissingDataError(
                f"[seeds] sources: {self.label} has no file that ends in {', '.join(SUFFIXES)}",
                "correct the pattern after the colon",
            )
        return commit, {
            entry.path: entry.lfs.sha256 if entry.lfs else entry.blob_id for entry in files
        }

    def _unreachable(self, error: Exception) -> MissingDataError:
        said = (str(error).splitlines() or [""])[0]
        return MissingDataError(
            f"[seeds] sources: {self.label}: {type(error).__name__}: {said}",
            "check the name, the revision and the network, or log in with `hf auth login`",
        )

    @property
    def where(self) -> str:
        return f"{len(self._digests)} files at {self._commit[:12]}"

    def parts(self) -> Iterator[Part]:
        for path, digest in sorted(self._digests.items()):
            yield Part(self.label, path, [digest])

    def documents(self, part: Part) -> Iterator[Document | Unread]:
        from huggingface_hub import hf_hub_download

        with tempfile.TemporaryDirectory(prefix="selfcodealign-") as folder:
            try:
                fetched = hf_hub_download(
                    self._repo,
                    part.path,
                    repo_type="dataset",
                    revision=self._commit,
                    local_dir=folder,
                )
            except Exception as error:  # as above; what was not fetched must not count as read
                raise self._unreachable(error) from None
            yield from documents_of(
                Path(fetched), part.path, self._include, self._repo, self._commit
            )
