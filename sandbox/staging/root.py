"""The staged root: the only files a program can see, built once and kept.

Data out: a folder `<cache>/<key>/` with `root/` (bound read-only as the program's `/`) and `tools/` (bwrap
with its libraries, which only the worker sees); files.py fills it. The key covers the interpreter, the C
library, bwrap, the packages and this layout, so an upgrade of any of them stages again. The build happens in
a temporary folder and is renamed into place, so that several processes may race.
"""

from __future__ import annotations

import fcntl
import grp
import hashlib
import json
import os
import platform
import pwd
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import SandboxUnavailable
from sandbox.staging.files import Interpreter, Log, fill, locate
from sandbox.staging.packages import Staged, find_packages

LAYOUT = 4
_KEEP_DAYS = 30


@dataclass(frozen=True, slots=True)
class StagedRoot:
    """A finished root and how to start Python in it; paths below `folder` unless said otherwise."""

    folder: Path
    python: str  # path of the interpreter as the program sees it
    stdlib: str  # folder of the standard library as the program sees it
    packages_path: str  # folder of extra packages as the program sees it, or ""
    loader: str  # the dynamic loader as the worker sees it in tools/, or "" for a static bwrap


def default_cache() -> Path:
    """The folder of the staged roots: in $XDG_CACHE_HOME, else /var/cache for root, ~/.cache for others."""
    # root of a user namespace does not own the machine's folder
    shared = os.geteuid() == 0 and os.path.isdir("/var/cache") and os.stat("/var/cache").st_uid == 0
    home = "/var/cache" if shared else os.path.expanduser("~/.cache")
    return Path(os.environ.get("XDG_CACHE_HOME") or home) / "selfcodealign"


def prepare(
    packages: Sequence[str] = (),
    *,
    root_cache: str | os.PathLike[str] | None = None,
    log: Log | None = None,
) -> StagedRoot:
    """The staged root for the running interpreter and `packages`; built first where it is missing.

    Building takes some seconds and logs its steps, a line each. Raises SandboxUnavailable.
    """
    say = log or (lambda line: None)
    bwrap = find_bwrap()
    interpreter = locate()
    extra = find_packages(packages)
    # a separate folder, because a worker that is no longer root has to enter it
    chosen = Path(root_cache) if root_cache is not None else default_cache()
    cache = Path(os.path.realpath(chosen)) / "sandbox"  # a link's own folders would not be looked at
    final = cache / f"root-{_key(interpreter, bwrap, extra)}"
    try:
        _make_private(cache)
        (cache / "mnt").mkdir(mode=0o755, exist_ok=True)
        (cache / "mnt").chmod(0o755)
        if not (final / "root.json").exists():
            with _lock(cache / f".{final.name}.lock", say):
                if not (final / "root.json").exists():
                    _build(final, interpreter, bwrap, extra, say)
        _check_owner(final)
        os.utime(final / "root.json")
        _sweep(cache, final.name)
        facts = json.loads((final / "root.json").read_text())
    except OSError as error:
        raise SandboxUnavailable(
            f"cannot stage the sandbox's files in {cache}: {error}; free the disk or pass another folder"
        ) from error
    return StagedRoot(final, **facts)


def find_bwrap() -> Path:
    """The bwrap program; raises SandboxUnavailable."""
    path = shutil.which("bwrap")
    if not path:
        raise SandboxUnavailable(
            "bwrap is not on PATH; install bubblewrap, for example `sudo apt-get install bubblewrap`"
        )
    return Path(os.path.realpath(path))


def _key(interpreter: Interpreter, bwrap: Path, extra: Staged) -> str:
    """A short hash of everything that determines the staged files."""
    digest = hashlib.sha256()
    here = Path(__file__).parents[1]
    files = [
        interpreter.executable,
        interpreter.stdlib / "os.py",
        bwrap,
        here / "inside" / "safe_ctypes.py",
    ]
    files += sorted(interpreter.stdlib.parent.glob("libpython3*.so*"))
    files += [Path(path) for path in ("/lib/x86_64-linux-gnu/libc.so.6", "/lib64/libc.so.6")]
    for path in files:
        if path.exists():
            status = path.stat()
            digest.update(f"{path} {status.st_size} {status.st_mtime_ns}\n".encode())
    digest.update(f"{LAYOUT} {sys.version} {platform.machine()} {os.geteuid()}\n".encode())
    digest.update(extra.identity.encode())
    return digest.hexdigest()[:16]


def _make_private(cache: Path) -> None:
    """Make sure that no other user can write where the programs' interpreter comes from, nor exchange it.

    The whole path is looked at, from its top: below a folder that is safe, none can be exchanged after the look.
    """
    for folder in (*reversed(cache.parents), cache):
        folder.mkdir(mode=0o755, exist_ok=True)  # a parent that `parents=True` makes follows the umask alone
        _check_exchangeable(folder)
    _check_owner(cache)
    cache.chmod(0o755)
    _check_owner(cache.parent)


def _is_private_group(gid: int) -> bool:
    """Whether a group has one member, this user, as where accounts have a group each and the umask is 002."""
    try:
        user, group = pwd.getpwuid(os.geteuid()), grp.getgrgid(gid)
    except KeyError:
        return False
    return user.pw_gid == gid and user.pw_name == group.gr_name and not {*group.gr_mem} - {user.pw_name}


def _check_exchangeable(folder: Path) -> None:
    """Raise SandboxUnavailable where another user could put another folder in the place of one below this one."""
    status = folder.lstat()
    writers = stat.S_IMODE(status.st_mode) & 0o022
    if writers == 0o020 and _is_private_group(status.st_gid):
        writers = 0
    others = writers and not status.st_mode & stat.S_ISVTX
    if folder != Path("/") and (status.st_uid not in (0, os.geteuid()) or others):
        raise SandboxUnavailable(
            f"{folder} belongs to another user or can be written by others, who could exchange the sandbox's files "
            "in it; pass another folder as root_cache, or set XDG_CACHE_HOME"
        )


def _check_owner(path: Path) -> None:
    status = path.stat()
    writers = stat.S_IMODE(status.st_mode) & 0o022
    if writers == 0o020 and _is_private_group(status.st_gid):
        writers = 0
    if status.st_uid != os.geteuid() or writers:
        raise SandboxUnavailable(
            f"{path} belongs to another user or can be written by others; "
            "remove it, or pass another folder as root_cache"
        )


def _sweep(cache: Path, current: str) -> None:
    """Remove the roots that were unused for `_KEEP_DAYS`: other interpreters', older packages'."""
    for path in cache.glob("root-*"):
        with suppress(OSError):
            idle = time.time() - (path / "root.json").stat().st_mtime
            if path.name != current and idle > _KEEP_DAYS * 86_400:
                (path / "root.json").unlink()
                shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _lock(path: Path, say: Log) -> Iterator[None]:
    """Hold an exclusive lock on `path`; log a line before waiting for another process."""
    with open(path, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another process that stages the sandbox's files")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(final: Path, interpreter: Interpreter, bwrap: Path, extra: Staged, say: Log) -> None:
    say(f"staging Python {platform.python_version()} for the sandbox in {final} (once, some seconds)")
    work = Path(tempfile.mkdtemp(prefix=f".{final.name}.", dir=final.parent))
    try:
        facts = fill(work, interpreter, bwrap, extra, say)
        (work / "root.json").write_text(json.dumps(facts))
        _open_to_all(work)
        shutil.rmtree(final, ignore_errors=True)  # left by a build that was killed
        os.rename(work, final)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    say("the sandbox's files are staged")


def _open_to_all(folder: Path) -> None:
    """Make everything readable by all and writable by this user alone, whatever the umask is."""
    for path, _, names in os.walk(folder):
        os.chmod(path, 0o755)
        for name in names:
            mode = os.lstat(f"{path}/{name}").st_mode
            if not stat.S_ISLNK(mode):
                os.chmod(f"{path}/{name}", 0o755 if mode & 0o100 else 0o644)
