"""The files of the base model: a local GGUF, those of a Hugging Face repository, or the demo model that ships.

A large GGUF may be split into parts, named `NAME-00001-of-00003.gguf` and so on: the first part is configured, all are
fetched and hashed, and llama.cpp opens the others by itself.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from pipeline import demo
from pipeline.config import sections
from pipeline.errors import ConfigError, MissingDataError
from pipeline.sources.hub_client import hub_errors

_PART = re.compile(r"(?P<name>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf")
_REPOSITORY = re.compile(r"(?:https?://[^/]+/)?(?P<repository>[\w.-]+/[\w.-]+?)(?:/(?:tree|blob|resolve)/.*)?/?")


def locate(settings: sections.model, root: Path, fetch: bool = True) -> Path:
    """The GGUF file of [model], fetched from the hub where [model] names a repository and `fetch` is set.

    Of a split one, its first part. Raises MissingDataError when it is not there whole and cannot be fetched.
    """
    if settings.repo_id:
        return _from_hub(settings, fetch)
    if not settings.path:
        return demo.MODEL
    path = (root / Path(settings.path).expanduser()).resolve()
    if path.is_dir():
        found = sorted(item.name for item in path.glob("*.gguf"))
        named = f"name one of its files: {', '.join(found[:5])}" if found else "it has no .gguf file"
        raise MissingDataError(f"[model] path: {path} is a folder", named)
    for part in parts(path):
        if not part.is_file():
            raise MissingDataError(f"[model] path: there is no file {part}", _remedy(settings.path))
    return path


def parts(path: Path) -> list[Path]:
    """All files of the GGUF at `path`, in their order. Raises ConfigError for a part that is not the first."""
    return [path.with_name(name) for name in _part_names(path.name)]


def digest(path: Path) -> str:
    """The sha256 of a GGUF, in hex; of a split one that of its parts one after the other."""
    whole = hashlib.sha256()
    for part in parts(path):
        with open(part, "rb") as file:
            while chunk := file.read(1 << 20):
                whole.update(chunk)
    return whole.hexdigest()


def _part_names(first: str) -> Sequence[str]:
    match = _PART.fullmatch(first)
    if match is None:
        return [first]
    if int(match["number"]) != 1:
        name = f"{match['name']}-00001-of-{match['count']}.gguf"
        raise ConfigError(f"[model] {first} is a part of a split model", f"name the first one: {name}")
    count = int(match["count"])
    return [f"{match['name']}-{number:05d}-of-{match['count']}.gguf" for number in range(1, count + 1)]


def _remedy(named: str) -> str:
    if re.fullmatch(r"[\w.-]+/[\w.-]+", named) and not named.endswith(".gguf"):
        return f"a repository of the hub is [model] repo_id = {named}, with the file in filename"
    return "correct the path in luigi.cfg; leave it empty for the demo model"


def _from_hub(settings: sections.model, fetch: bool) -> Path:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, HFValidationError, LocalEntryNotFoundError

    folder, _, name = settings.filename.rpartition("/")
    names = [f"{folder}/{part}" if folder else part for part in _part_names(name)]

    def cached_or_fetched(only_cached: bool) -> Path:
        paths = [
            hf_hub_download(settings.repo_id, each, revision=settings.revision, local_files_only=only_cached)
            for each in names
        ]
        return Path(paths[0])

    what = f"[model] {settings.repo_id}, file {settings.filename}"
    try:
        # The cache first: a file fetched once is the same at every later run, hub or no hub.
        return cached_or_fetched(only_cached=True)
    except (LocalEntryNotFoundError, EntryNotFoundError):
        if not fetch:
            raise MissingDataError(f"{what}, is not fetched yet", "the first run fetches it") from None
    except HFValidationError:
        match = _REPOSITORY.fullmatch(settings.repo_id)
        meant = f"set it to {match['repository']}" if match else "write owner/name"
        raise ConfigError(f"[model] repo_id = {settings.repo_id} is no name of a repository", meant) from None
    with hub_errors(
        f"{what}, revision {settings.revision}",
        "check the three keys and the network, or download the file and set [model] path",
    ):
        return cached_or_fetched(only_cached=False)
