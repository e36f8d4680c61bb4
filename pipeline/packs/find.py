"""Where benchmark packs come from: `[decontamination] packs`, folders and datasets of the Hugging Face hub.

In: the entries of that key, each a folder or hf:owner/name@revision:pattern. Out: the packs' files with their
digests; they are read (text/packs.py) only when rows are compared with them. A pack is named by its path in the
folder, without suffixes, and one of the hub by its dataset as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from pipeline.errors import ConfigError, MissingDataError
from pipeline.packs.pack import SUFFIXES, pack_name, revision_of
from pipeline.sources.hub import LABEL, PREFIX

DEFAULT = "packs"  # the one folder that may be missing, or empty


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
        for pack in _of_hub(entry) if entry.startswith(PREFIX) else _of_folder(entry, root):
            other = found.setdefault(pack.name, pack)
            if other is not pack:
                raise ConfigError(
                    f"[decontamination] packs: {other.path} and {pack.path} are both the pack {pack.name}",
                    "rename one",
                )
    return [found[name] for name in sorted(found)]


def _of_folder(entry: str, root: Path) -> list[PackFile]:
    folder = root / Path(entry).expanduser()
    if entry == DEFAULT and not (folder.is_dir() and any(folder.iterdir())):
        return []
    if not folder.is_dir():
        raise MissingDataError(
            f"[decontamination] packs: {folder} is no folder of benchmark packs",
            "put the benchmarks' files there, or switch decontamination off",
        )
    found = [_pack(entry, folder, file) for file in _files(folder)]
    if not found:
        raise MissingDataError(
            f"[decontamination] packs: {folder} holds no benchmark pack",
            f"a pack's name ends with {', '.join(SUFFIXES)}",
        )
    return found


def _of_hub(entry: str) -> list[PackFile]:
    """The packs of a dataset, from the local cache when they were fetched before."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    label = LABEL.fullmatch(entry)
    if label is None:
        raise ConfigError(
            f"[decontamination] packs: {entry} names no dataset",
            "write hf:owner/name, hf:owner/name@revision or hf:owner/name:data/test*",
        )
    repository = label["repo"]
    # Settings and descriptions lie beside the tasks as .json: these only when they are asked for.
    suffixes = [end for end in SUFFIXES if not end.startswith(".json") or end.startswith(".jsonl")]
    patterns = [label["pattern"]] if label["pattern"] else [f"*{end}" for end in suffixes]
    problem = f"no file is named like {', '.join(patterns)}"
    for local in (True, False):
        try:
            folder = Path(
                snapshot_download(
                    repository,
                    repo_type="dataset",
                    revision=label["revision"],
                    allow_patterns=patterns,
                    local_files_only=local,
                )
            )
        except LocalEntryNotFoundError as error:
            problem = _said(error)
            continue
        except (HfHubHTTPError, OSError, ValueError) as error:
            problem = _said(error)
            break
        source = f"{PREFIX}{repository}@{folder.name}"
        if found := [
            _pack(source, folder, file, f"{repository}/")
            for file in _files(folder)
            if any(fnmatchcase(file, pattern) for pattern in patterns)
        ]:
            return found
    raise MissingDataError(
        f"[decontamination] packs: {entry}: {problem}",
        "check the name and the network, or download the files into a folder",
    )


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"


def _files(folder: Path) -> Iterator[str]:
    """The paths of all packs below a folder."""
    for path in sorted(folder.rglob("*")):
        if path.name.endswith(SUFFIXES):
            yield path.relative_to(folder).as_posix()


def _pack(source: str, folder: Path, file: str, prefix: str = "") -> PackFile:
    return PackFile(prefix + pack_name(file), source, folder / file, revision_of(folder / file))
