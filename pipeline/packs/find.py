"""Finds benchmark packs: the files that luigi.cfg names, in folders and on the Hugging Face hub.

In: the entries of `[decontamination] packs`, or one of `[evaluation] pack`: each a folder,
hf:owner/name@revision:pattern, a benchmark's name (catalogue.py), which stands for such addresses, or the name of an
entry point (pipeline/entry_points.py), which stands for a folder. Out: the packs' files with their digests; a file is
read (pack.py) only when rows are compared with it. The name of a pack is its path in the folder, without suffixes;
that of a pack on the hub starts with its dataset.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from pipeline import entry_points
from pipeline.errors import ConfigError, MissingDataError
from pipeline.packs.catalogue import CATALOGUE
from pipeline.packs.pack import SUFFIXES, pack_name, revision_of
from pipeline.sources.hub import LABEL, PREFIX
from pipeline.sources.hub_client import hub_errors

DEFAULT = "packs"  # the one folder that may be missing, or empty


@dataclass(frozen=True, slots=True)
class PackFile:
    """A pack's file: `revision` is its sha256, `source` its entry, for the hub with the commit."""

    name: str
    source: str
    path: Path
    revision: str


def find(entries: Sequence[str], root: Path, key: str = "[decontamination] packs") -> list[PackFile]:
    """The packs of all entries; none for the default folder when nothing is there. `key` is for messages.

    Raises MissingDataError for a folder or dataset without packs, ConfigError for two packs of one name.
    """
    packs: dict[str, PackFile] = {}
    for entry in addresses(entries, root):
        for pack in _of_hub(entry, key) if entry.startswith(PREFIX) else _of_folder(entry, root, key):
            other = packs.setdefault(pack.name, pack)
            if other is not pack:
                raise ConfigError(
                    f"{key}: {other.path} and {pack.path} are both the pack {pack.name}",
                    "rename one",
                )
    return [packs[name] for name in sorted(packs)]


def is_name(entry: str) -> bool:
    """Whether an entry that is no path stands for files: of a dataset on the hub, a benchmark, or another package."""
    return entry.startswith(PREFIX) or entry.lower() in CATALOGUE or entry_points.find("packs", entry) is not None


def evaluated_file(entry: str, path: Path, root: Path) -> Path:
    """The file of a pack that is evaluated: `path`, or the one file that the entry stands for in `find`.

    Raises ConfigError where there are several, MissingDataError where there is none.
    """
    if path.exists() or not is_name(entry):
        return path
    packs = find([entry], root, "[evaluation] pack")
    if len(packs) > 1:
        raise ConfigError(
            f"[evaluation] pack: {entry} stands for {len(packs)} files: {', '.join(pack.name for pack in packs)}",
            "name one by its path, or as hf:owner/name:PATTERN",
        )
    return packs[0].path


def addresses(entries: Sequence[str], root: Path) -> list[str]:
    """The entries, with the addresses of benchmarks that are named; a folder that has such a name is the folder."""
    found: list[str] = []
    for entry in entries:
        is_folder = (root / Path(entry).expanduser()).is_dir()
        found += [entry] if is_folder else CATALOGUE.get(entry.lower(), (entry,))
    return found


def _of_folder(entry: str, root: Path, key: str) -> list[PackFile]:
    folder = root / Path(entry).expanduser()
    if not folder.is_dir() and entry != DEFAULT and (added := entry_points.find("packs", entry)):
        folder = Path(added)
    if entry == DEFAULT and not (folder.is_dir() and any(folder.iterdir())):
        return []
    if not folder.is_dir():
        raise MissingDataError(
            f"{key}: {folder} is no folder of benchmark packs",
            f"put the benchmarks' files there, or name benchmarks of the hub: {', '.join(CATALOGUE)}",
        )
    packs = [_pack(entry, folder, file) for file in _files(folder)]
    if not packs:
        raise MissingDataError(
            f"{key}: {folder} holds no benchmark pack",
            f"a pack's name ends with {', '.join(SUFFIXES)}",
        )
    return packs


def _of_hub(entry: str, key: str) -> list[PackFile]:
    """The packs of a dataset, from the local cache if it has them, so that a later run needs no network."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    label = LABEL.fullmatch(entry)
    if label is None:
        raise ConfigError(
            f"{key}: {entry} names no dataset",
            "write hf:owner/name, hf:owner/name@revision or hf:owner/name:data/test*",
        )
    repository = label["repo"]
    # A dataset has settings and descriptions as .json: such files need a pattern.
    suffixes = [end for end in SUFFIXES if not end.startswith(".json") or end.startswith(".jsonl")]
    patterns = [label["pattern"]] if label["pattern"] else [f"*{end}" for end in suffixes]
    remedy = "check the name and the network, or download the files into a folder"

    def packs(local: bool) -> list[PackFile]:
        folder = Path(
            snapshot_download(
                repository,
                repo_type="dataset",
                revision=label["revision"],
                allow_patterns=patterns,
                local_files_only=local,
            )
        )
        source = f"{PREFIX}{repository}@{folder.name}"
        return [
            _pack(source, folder, file, f"{repository}/")
            for file in _files(folder)
            if any(fnmatchcase(file, pattern) for pattern in patterns)
        ]

    with hub_errors(f"{key}: {entry}", remedy):
        with suppress(LocalEntryNotFoundError):
            if cached := packs(local=True):
                return cached
        if fetched := packs(local=False):
            return fetched
    raise MissingDataError(f"{key}: {entry}: no file is named like {', '.join(patterns)}", remedy)


def _files(folder: Path) -> Iterator[str]:
    """The paths of all packs below a folder."""
    for path in sorted(folder.rglob("*")):
        if path.name.endswith(SUFFIXES):
            yield path.relative_to(folder).as_posix()


def _pack(source: str, folder: Path, file: str, prefix: str = "") -> PackFile:
    return PackFile(prefix + pack_name(file), source, folder / file, revision_of(folder / file))
