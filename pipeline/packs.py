"""Where benchmark packs come from: `[decontamination] packs`, folders and datasets of the Hugging Face hub.

In: the entries of that key, each a folder or hf:owner/name@revision. Out: the packs' files with their digests;
they are read (text/packs.py) only when rows are compared with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import ConfigError, MissingDataError
from pipeline.text.packs import SUFFIXES, pack_files, pack_name, revision_of

DEFAULT = "packs"  # the one folder that may be missing, or empty
_HUB = "hf:"


@dataclass(frozen=True, slots=True)
class PackFile:
    """A pack's file: `revision` is its sha256, `source` the entry that it comes from, a hub's commit in it."""

    name: str
    source: str
    path: Path
    revision: str


def find(entries: Sequence[str], root: Path) -> list[PackFile]:
    """The packs of all entries; none for the default folder when nothing is there.

    Raises MissingDataError for a folder or dataset without packs, ConfigError for two packs of one name.
    """
    found: dict[str, PackFile] = {}
    for entry in entries:
        source, files = _files(entry, root)
        for path in files:
            pack = PackFile(pack_name(path), source, path, revision_of(path))
            if pack.name in found:
                raise ConfigError(
                    f"[decontamination] packs: {found[pack.name].path} and {path} are both the pack {pack.name}",
                    "rename one",
                )
            found[pack.name] = pack
    return [found[name] for name in sorted(found)]


def _files(entry: str, root: Path) -> tuple[str, list[Path]]:
    if entry.startswith(_HUB):
        folder = _fetch(entry)
        return f"{entry.partition('@')[0]}@{folder.name}", pack_files(folder)
    folder = root / entry
    if entry == DEFAULT and not (folder.is_dir() and any(folder.iterdir())):
        return entry, []
    return entry, pack_files(folder)


def _fetch(entry: str) -> Path:
    """The folder of a dataset's snapshot, from the local cache when it was fetched before."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    repository, _, revision = entry.removeprefix(_HUB).partition("@")
    # Settings and descriptions lie beside the tasks as .json.
    patterns = [f"*{suffix}" for suffix in SUFFIXES if suffix != ".json"]
    for local in (True, False):
        try:
            return Path(
                snapshot_download(
                    repository,
                    repo_type="dataset",
                    revision=revision or None,
                    allow_patterns=patterns,
                    local_files_only=local,
                )
            )
        except LocalEntryNotFoundError as error:
            problem: Exception = error
        except (HfHubHTTPError, OSError, ValueError) as error:
            problem = error
    raise MissingDataError(
        f"[decontamination] packs: {entry}: {type(problem).__name__}: {str(problem).splitlines()[0]}",
        "check the name and the network, or download the files into a folder",
    )
