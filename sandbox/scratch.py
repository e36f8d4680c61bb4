"""The only place where a program can write: a tmpfs with limits on bytes and files, empty for each program.

Data in: the program's source, as main.py. Mounting costs more than removing one file, so the mount is used
again when the program provably left nothing: its folder, which holds everything that it could write, could be
removed, and every block and inode is free again. Otherwise the whole tmpfs is discarded.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from sandbox import linux
from sandbox.limits import Limits

FOLDER = "tmp"  # the program's /tmp: a folder of its own, so that its attributes go with it
_OWN_INODES = 3  # the tmpfs's root, the folder, main.py


class TooLarge(OSError):
    """The source alone does not fit."""


class Scratch:
    """One worker's scratch; one program at a time."""

    def __init__(self, path: str, limits: Limits) -> None:
        self._path = path
        self._options = f"size={limits.scratch_bytes},nr_inodes={limits.scratch_files + _OWN_INODES},mode=0700"
        self._empty = (0, 0)
        self._mounted = False

    @contextmanager
    def filled(self, source: bytes) -> Iterator[None]:
        """An empty folder with the program; afterwards nothing is left of it. Raises OSError, TooLarge among them."""
        if not self._mounted:
            self._mount()
        folder = f"{self._path}/{FOLDER}"
        try:
            os.mkdir(folder, 0o700)
            _write(f"{folder}/main.py", source)
            yield
        finally:
            self._clear(folder)

    def _mount(self) -> None:
        flags = linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC
        linux.mount("tmpfs", self._path, "tmpfs", flags, self._options)
        self._mounted = True
        self._empty = self._free()

    def _clear(self, folder: str) -> None:
        try:
            os.unlink(f"{folder}/main.py")
            os.rmdir(folder)
        except OSError:
            pass  # more than main.py is left: discard the tmpfs
        else:
            if self._free() == self._empty:
                return
        self._mounted = False
        linux.unmount(self._path)

    def _free(self) -> tuple[int, int]:
        status = os.statvfs(self._path)
        return status.f_bfree, status.f_ffree


def _write(path: str, source: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        rest = memoryview(source)
        while rest:
            rest = rest[os.write(fd, rest) :]
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise TooLarge(error.errno, error.strerror) from error
        raise
    finally:
        os.close(fd)
