"""Finds installed packages for staging: `[sandbox] packages = numpy, pandas`.

Data in: names of distributions of the running interpreter's environment. Data out: their files and those
of everything they require. Nothing is downloaded, nothing imported.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from sandbox.errors import SandboxUnavailable

_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Staged:
    """Distributions to stage: names, (file, path relative to site-packages), a hashable identity."""

    names: tuple[str, ...]
    files: tuple[tuple[Path, str], ...]
    identity: str


def find_packages(names: Sequence[str]) -> Staged:
    """The files of the named distributions and their requirements; raises SandboxUnavailable."""
    pending = [(name, True) for name in names]
    distributions: dict[str, metadata.Distribution] = {}
    while pending:
        name, requested = pending.pop()
        key = re.sub(r"[-_.]+", "-", name).lower()
        if key in distributions:
            continue
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            if requested:
                raise SandboxUnavailable(
                    f"package {name!r} is not installed for this interpreter; "
                    f"install it, or take it out of [sandbox] packages"
                ) from None
            continue  # a requirement of another platform or version
        distributions[key] = distribution
        for requirement in distribution.requires or ():
            required = _NAME.match(requirement)
            if required and "extra ==" not in requirement:
                pending.append((required.group(), False))
    files: list[tuple[Path, str]] = []
    for key in sorted(distributions):
        files += _files(key, distributions[key])
    identity = "".join(f"{key} {distributions[key].version}\n" for key in sorted(distributions))
    for path, _ in files[:: max(1, len(files) // 50)]:
        identity += f"{path} {path.stat().st_mtime_ns}\n"
    return Staged(tuple(sorted(distributions)), tuple(files), identity)


def _files(name: str, distribution: metadata.Distribution) -> list[tuple[Path, str]]:
    listed = distribution.files
    if not listed:
        raise SandboxUnavailable(
            f"package {name!r} does not list its files (an editable or a system installation?); "
            "install it from a wheel to stage it"
        )
    pairs = []
    for entry in listed:
        path = Path(str(entry.locate()))
        if ".." not in entry.parts and path.is_file() and not path.name.endswith(".pyc"):
            pairs.append((path, str(entry)))
    return pairs
