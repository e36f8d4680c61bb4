"""The staged root: the only files a program can see, built once and kept.

Data in: the running interpreter, its standard library and shared libraries, the packages asked for, bwrap.
Data out: a folder `<cache>/<key>/` with `root/` (bound read-only as the program's `/`) and `tools/` (bwrap
with its libraries, which only the worker sees). The key covers the interpreter, the C library, bwrap, the
packages and this layout, so an upgrade of any of them stages anew. The build happens in a folder of its own
and is renamed into place, so that several processes may race.

Not staged: shells and other programs, the standard library's own tests, Tk, pip, and every module through
which Python code could reach the interpreter's memory (`_ctypes`, `_testcapi` and their like). `ctypes` is a
stand-in without pointers: see `safe_ctypes.py`.
"""

from __future__ import annotations

import fcntl
import fnmatch
import hashlib
import importlib.util
import json
import marshal
import os
import platform
import py_compile
import shutil
import stat
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import SandboxUnavailable
from sandbox.libraries import LibraryError, loader_of, needed
from sandbox.packages import Staged, find_packages
from sandbox.runner import BUNDLE, BUNDLE_INDEX

LAYOUT = 3
_KEEP_DAYS = 30
_PYC_HEADER = 16  # bytes before the code in a .pyc
Log = Callable[[str], None]

# Paths relative to the standard library; a folder's pattern excludes all below it.
_NOT_STAGED = (
    "test", "tests", "*/test", "*/tests", "idlelib", "turtledemo", "tkinter", "ensurepip", "lib2to3",
    "site-packages", "dist-packages", "config-*", "__pycache__", "*/__pycache__", "ctypes",
    "sitecustomize.py", "usercustomize.py", "*.pyc", "lib-dynload/_ctypes*", "lib-dynload/_test*",
    "lib-dynload/_xx*", "lib-dynload/xx*", "lib-dynload/_tkinter*", "lib-dynload/_interp*",
)  # fmt: skip
_DATA = ("/usr/share/zoneinfo", "/usr/lib/locale/C.utf8")
_ETC = {
    "passwd": "user:x:1000:1000::/tmp:/bin/false\n",
    "group": "user:x:1000:\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "hosts": "127.0.0.1 localhost\n",
}


@dataclass(frozen=True, slots=True)
class StagedRoot:
    """A finished root and how to start Python in it; paths below `folder` unless said otherwise."""

    folder: Path
    python: str  # path of the interpreter as the program sees it
    stdlib: str  # folder of the standard library as the program sees it
    packages_path: str  # folder of extra packages as the program sees it, or ""
    loader: str  # the dynamic loader as the worker sees it in tools/, or "" for a static bwrap


@dataclass(frozen=True, slots=True)
class _Interpreter:
    executable: Path
    stdlib: Path
    inside: str  # the standard library's place inside

    @property
    def dynload(self) -> Path:
        return Path(sysconfig.get_path("platstdlib", vars=_base_vars())) / "lib-dynload"


def default_cache() -> Path:
    """Where roots are kept: $XDG_CACHE_HOME, else /var/cache for root and ~/.cache for others."""
    home = "/var/cache" if os.geteuid() == 0 else os.path.expanduser("~/.cache")
    return Path(os.environ.get("XDG_CACHE_HOME") or home) / "selfcodealign"


def prepare(
    packages: Sequence[str] = (),
    *,
    root_cache: str | os.PathLike[str] | None = None,
    log: Log | None = None,
) -> StagedRoot:
    """The staged root for the running interpreter and `packages`; built first where it is missing.

    Building takes some seconds and tells `log` so, a line at a time. Raises SandboxUnavailable.
    """
    say = log or (lambda line: None)
    bwrap = find_bwrap()
    interpreter = _locate()
    extra = find_packages(packages)
    # a folder of our own, because a worker that is no longer root has to enter it
    cache = (Path(root_cache) if root_cache is not None else default_cache()) / "sandbox"
    final = cache / f"root-{_key(interpreter, bwrap, extra)}"
    try:
        _make_private(cache)
        (cache / "mnt").mkdir(mode=0o755, exist_ok=True)
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


def _base_vars() -> dict[str, str]:
    return {
        "base": sys.base_prefix,
        "platbase": sys.base_exec_prefix,
        "installed_base": sys.base_prefix,
        "installed_platbase": sys.base_exec_prefix,
    }


def _locate() -> _Interpreter:
    """The interpreter that runs this, below any virtual environment."""
    executable = Path(os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable))
    stdlib = Path(sysconfig.get_path("stdlib", vars=_base_vars()))
    if not (stdlib / "os.py").exists():
        raise SandboxUnavailable(
            f"no standard library in {stdlib}: the interpreter {executable} keeps it elsewhere "
            "(an archive?); use an ordinary installation of Python"
        )
    relative = os.path.relpath(stdlib, sys.base_prefix)
    return _Interpreter(executable, stdlib, f"/usr/{relative}")


def _key(interpreter: _Interpreter, bwrap: Path, extra: Staged) -> str:
    """A short hash of everything that determines the staged files."""
    digest = hashlib.sha256()
    here = Path(__file__).parent
    files = [interpreter.executable, interpreter.stdlib / "os.py", bwrap, here / "safe_ctypes.py"]
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
    """Nobody else may be able to write where the programs' interpreter comes from."""
    cache.mkdir(parents=True, exist_ok=True)
    _check_owner(cache)
    cache.chmod(0o755)
    _check_owner(cache.parent)


def _check_owner(path: Path) -> None:
    status = path.stat()
    if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o022:
        raise SandboxUnavailable(
            f"{path} belongs to another user or can be written by others; "
            "remove it, or pass another folder as root_cache"
        )


def _sweep(cache: Path, current: str) -> None:
    """Remove the roots that nobody has used for long: other interpreters', older packages'."""
    for path in cache.glob("root-*"):
        with suppress(OSError):
            idle = time.time() - (path / "root.json").stat().st_mtime
            if path.name != current and idle > _KEEP_DAYS * 86_400:
                (path / "root.json").unlink()
                shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _lock(path: Path, say: Log) -> Iterator[None]:
    """Hold an exclusive lock on `path`, saying so when another process has to be awaited."""
    with open(path, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another process that stages the sandbox's files")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(final: Path, interpreter: _Interpreter, bwrap: Path, extra: Staged, say: Log) -> None:
    say(
        f"staging Python {platform.python_version()} for the sandbox in {final} (once, some seconds)"
    )
    work = Path(tempfile.mkdtemp(prefix=f".{final.name}.", dir=final.parent))
    try:
        root = work / "root"
        _make_skeleton(root)
        binaries = _copy_interpreter(root, interpreter)
        packages_path = _copy_packages(root, interpreter, extra, say)
        binaries += [path for path in root.rglob("*.so*") if path.is_file()]
        _copy_libraries(root, interpreter.executable, binaries)
        say("compiling the standard library for the sandbox")
        _compile(root)
        _shorten_start(root, interpreter)
        _bundle(root, interpreter)
        loader = _copy_tools(work / "tools", bwrap)
        facts = {
            "python": f"/usr/bin/{interpreter.executable.name}",
            "stdlib": interpreter.inside,
            "packages_path": packages_path,
            "loader": loader,
        }
        (work / "root.json").write_text(json.dumps(facts))
        _open_to_all(work)
        shutil.rmtree(final, ignore_errors=True)  # left by a build that was killed
        os.rename(work, final)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    say("the sandbox's files are staged")


def _open_to_all(folder: Path) -> None:
    """Readable by all and writable by none but us, whatever the umask is."""
    for path, _, names in os.walk(folder):
        os.chmod(path, 0o755)
        for name in names:
            mode = os.lstat(f"{path}/{name}").st_mode
            if not stat.S_ISLNK(mode):
                os.chmod(f"{path}/{name}", 0o755 if mode & 0o100 else 0o644)


def _make_skeleton(root: Path) -> None:
    for folder in ("usr/bin", "usr/lib", "usr/lib64", "etc", "tmp", "dev"):
        (root / folder).mkdir(parents=True)
    for name, target in (("bin", "usr/bin"), ("lib", "usr/lib"), ("lib64", "usr/lib64")):
        (root / name).symlink_to(target)
    for name, text in _ETC.items():
        (root / "etc" / name).write_text(text)
    for name in _DATA:
        if os.path.isdir(name):
            shutil.copytree(name, f"{root}{name}", ignore=shutil.ignore_patterns("right", "posix"))


def _excluded(relative: str) -> bool:
    return any(fnmatch.fnmatch(relative, pattern) for pattern in _NOT_STAGED)


def _copy_tree(source: Path, target: Path) -> None:
    """Copy readable files, links followed, leaving out what `_NOT_STAGED` names."""
    for folder, subfolders, names in os.walk(source):
        relative = os.path.relpath(folder, source)
        prefix = "" if relative == "." else f"{relative}/"
        subfolders[:] = [name for name in subfolders if not _excluded(prefix + name)]
        (target / relative).mkdir(parents=True, exist_ok=True)
        for name in names:
            if not _excluded(prefix + name) and os.path.isfile(f"{folder}/{name}"):
                _copy(Path(folder) / name, target / relative / name)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    if os.access(source, os.X_OK):
        os.chmod(target, 0o755)


def _copy_interpreter(root: Path, interpreter: _Interpreter) -> list[Path]:
    """Copy the program and its library; return the binaries whose libraries are needed."""
    stdlib = Path(f"{root}{interpreter.inside}")
    _copy_tree(interpreter.stdlib, stdlib)
    if not (stdlib / "lib-dynload").is_dir() and interpreter.dynload.is_dir():
        _copy_tree(interpreter.dynload, stdlib / "lib-dynload")
        for path in list((stdlib / "lib-dynload").iterdir()):
            if _excluded(f"lib-dynload/{path.name}"):
                path.unlink()
    _copy(Path(__file__).parent / "safe_ctypes.py", stdlib / "ctypes" / "__init__.py")
    python = root / "usr/bin" / interpreter.executable.name
    _copy(interpreter.executable, python)
    for alias in ("python3", "python"):
        if not (python.parent / alias).exists():
            (python.parent / alias).symlink_to(python.name)
    return [interpreter.executable]


def _copy_packages(root: Path, interpreter: _Interpreter, extra: Staged, say: Log) -> str:
    """Copy the packages' files; return the folder's place inside, or "" where there are none."""
    if not extra.files:
        return ""
    say(f"staging {len(extra.files)} files of {', '.join(extra.names)}")
    inside = f"{interpreter.inside}/site-packages"
    for source, relative in extra.files:
        if "__pycache__" not in relative:
            _copy(source, Path(f"{root}{inside}/{relative}"))
    return inside


def _copy_libraries(root: Path, executable: Path, binaries: Sequence[Path]) -> None:
    """Copy the loader and every shared library that is not itself staged, beside the C library."""
    loader = loader_of(executable)
    if not loader:
        return
    found = _resolve(loader, binaries)
    home = _library_folder(found, loader)
    for name, path in found.items():
        if not path.is_relative_to(root):
            _copy(path, Path(f"{root}{home}/{name}"))
    _copy(Path(os.path.realpath(loader)), Path(f"{root}{loader}"))
    # named by their paths, the interpreter's own libraries are not searched for in some 30 folders
    own = [f"{home}/{name}\n" for name in _resolve(loader, [executable])]
    (root / "etc/ld.so.preload").write_text("".join(own))


def _copy_tools(tools: Path, bwrap: Path) -> str:
    """Copy bwrap and its libraries into a small root of the worker's own."""
    _copy(bwrap, tools / "bwrap")
    loader = loader_of(bwrap)
    if not loader:
        return ""
    for name, path in _resolve(loader, [bwrap]).items():
        _copy(path, tools / name)
    _copy(Path(os.path.realpath(loader)), tools / "loader")
    return "/tools/loader"


def _resolve(loader: str, binaries: Sequence[Path]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for binary in binaries:
        try:
            found.update(needed(loader, binary))
        except LibraryError as error:
            raise SandboxUnavailable(str(error)) from error
    return found


def _library_folder(found: dict[str, Path], loader: str) -> str:
    """A folder that the loader searches by itself: the C library's, without links in its path."""
    for name, path in found.items():
        if name.startswith(("libc.so", "libc.musl")):
            folder = os.path.realpath(path.parent)
            return (
                folder if folder.startswith("/usr/") or folder.startswith("/nix/") else "/usr/lib"
            )
    return os.path.dirname(loader)


def _shorten_start(root: Path, interpreter: _Interpreter) -> None:
    """Let the interpreter find `encodings`, all that it loads at start, in a folder with nothing else.

    Python looks for an archive `python311.zip` before the standard library; here that is a folder, and the
    200 entries of the library need not be listed by the programs that import nothing.
    """
    version = f"{sys.version_info.major}{sys.version_info.minor}"
    first = Path(f"{root}{interpreter.inside}").parent / f"python{version}.zip" / "encodings"
    first.mkdir(parents=True)
    for path in Path(f"{root}{interpreter.inside}/encodings/__pycache__").iterdir():
        shutil.copyfile(path, first / f"{path.name.partition('.')[0]}.pyc")


def _bundle(root: Path, interpreter: _Interpreter) -> None:
    """All byte code of the standard library in one file, with an index: an import is one read.

    The index is a marshalled dict: module name -> (offset, size, whether it is a package).
    """
    stdlib = Path(f"{root}{interpreter.inside}")
    index, pieces, offset = {}, [], 0
    for path in sorted(stdlib.rglob("*.py")):
        compiled = Path(importlib.util.cache_from_source(str(path)))
        parts = path.relative_to(stdlib).with_suffix("").parts
        if "site-packages" in parts or parts[0] == "encodings" or not compiled.exists():
            continue
        package = parts[-1] == "__init__"
        data = compiled.read_bytes()[_PYC_HEADER:]
        index[".".join(parts[:-1] if package else parts)] = (offset, len(data), package)
        pieces.append(data)
        offset += len(data)
    (stdlib / BUNDLE).write_bytes(b"".join(pieces))
    (stdlib / BUNDLE_INDEX).write_bytes(marshal.dumps(index))


def _compile(root: Path) -> None:
    """Byte code that is not checked against its source again: a copy has no other version."""
    for path in root.rglob("*.py"):
        inside = f"/{path.relative_to(root)}"
        try:
            py_compile.compile(
                str(path),
                dfile=inside,
                doraise=True,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )
        except (py_compile.PyCompileError, ValueError, RecursionError):
            continue  # some packages ship templates that are no Python
