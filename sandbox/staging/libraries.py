"""Finds the shared libraries of a program with the system's own loader.

Data in: an ELF file of this machine (the interpreter, an extension module, bwrap; nothing untrusted).
Data out: the name of each library -> the path that the loader resolves it to.
"""

from __future__ import annotations

import os
import struct
import subprocess
from pathlib import Path

_PT_INTERP = 3


class LibraryError(RuntimeError):
    """The loader could not name a file's libraries."""


def loader_of(binary: Path) -> str:
    """The dynamic loader that a program names, or "" for a static one or a script."""
    with open(binary, "rb") as file:
        header = file.read(64)
        if header[:4] != b"\x7fELF" or header[4] != 2:
            return ""
        (offset,) = struct.unpack_from("<Q", header, 32)
        size, count = struct.unpack_from("<HH", header, 54)
        for index in range(count):
            file.seek(offset + index * size)
            kind, _, start, _, _, length = struct.unpack("<IIQQQQ", file.read(40))
            if kind == _PT_INTERP:
                file.seek(start)
                return os.fsdecode(file.read(length).rstrip(b"\0"))
    return ""


def _listing(loader: str, binary: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [loader, "--list", str(binary)],
        capture_output=True,
        text=True,
        errors="replace",
        env={"PATH": "/usr/bin:/bin", "LANG": "C", **environment},
    )


def needed(loader: str, binary: Path) -> dict[str, Path]:
    """All libraries that `binary` needs, directly or not; raises LibraryError.

    A library that is not installed is left out: an extension module nobody can import is no loss.
    """
    listing = _listing(loader, binary)
    if listing.returncode != 0:
        if "statically linked" in listing.stdout + listing.stderr:
            return {}
        # A wheel's own libraries may need each other by name alone: who loads them knows their folder.
        listing = _listing(loader, binary, LD_LIBRARY_PATH=str(binary.parent))
    if listing.returncode != 0:
        raise LibraryError(f"{loader} cannot list the libraries of {binary}: {listing.stderr.strip()[:200]}")
    paths = {}
    for line in listing.stdout.splitlines():
        name, arrow, rest = line.strip().partition(" => ")
        path = rest.rpartition(" (")[0]
        if arrow and path.startswith("/"):
            paths[os.path.basename(name)] = Path(path)
    return paths
