"""Fills a folder with all files that a program can see, and those that start it.

Data in: the running interpreter, its standard library and shared libraries, the requested packages, bwrap.
Data out: `root/`, the program's `/`, and `tools/`, bwrap with its libraries, which only the worker sees.

Not staged: shells and other programs, the standard library's own tests, Tk, pip, and every module through
which Python code could reach the interpreter's memory (`_ctypes`, `_testcapi` and their like). `ctypes` is a
stand-in without pointers: see `sandbox/inside/safe_ctypes.py`.
"""

from __future__ import annotations

import fnmatch
import importlib.util
import marshal
import os
import py_compile
import shutil
import sys
import sysconfig
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import SandboxUnavailable
from sandbox.inside.importer import BUNDLE, BUNDLE_INDEX
from sandbox.staging.libraries import LibraryError, loader_of, needed
from sandbox.staging.packages import Staged

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
class Interpreter:
    executable: Path
    stdlib: Path
    inside: str  # the standard library's place inside

    @property
    def dynload(self) -> Path:
        return Path(sysconfig.get_path("platstdlib", vars=_base_vars())) / "lib-dynload"


def _base_vars() -> dict[str, str]:
    return {
        "base": sys.base_prefix,
        "platbase": sys.base_exec_prefix,
        "installed_base": sys.base_prefix,
        "installed_platbase": sys.base_exec_prefix,
    }


def locate() -> Interpreter:
    """The interpreter that runs this, below any virtual environment."""
    executable = Path(os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable))
    stdlib = Path(sysconfig.get_path("stdlib", vars=_base_vars()))
    if not (stdlib / "os.py").exists():
        raise SandboxUnavailable(
            f"no standard library in {stdlib}: the interpreter {executable} keeps it elsewhere "
            "(an archive?); use an ordinary installation of Python"
        )
    relative = os.path.relpath(stdlib, sys.base_prefix)
    return Interpreter(executable, stdlib, f"/usr/{relative}")


def fill(work: Path, interpreter: Interpreter, bwrap: Path, extra: Staged, say: Log) -> dict[str, str]:
    """Make `root/` and `tools/` in an empty folder; the fields of the StagedRoot but `folder`.

    Raises SandboxUnavailable, OSError.
    """
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
    return {
        "python": f"/usr/bin/{interpreter.executable.name}",
        "stdlib": interpreter.inside,
        "packages_path": packages_path,
        "loader": _copy_tools(work / "tools", bwrap),
    }


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


def _copy_interpreter(root: Path, interpreter: Interpreter) -> list[Path]:
    """Copy the program and its library; return the binaries whose libraries are needed."""
    stdlib = Path(f"{root}{interpreter.inside}")
    _copy_tree(interpreter.stdlib, stdlib)
    if not (stdlib / "lib-dynload").is_dir() and interpreter.dynload.is_dir():
        _copy_tree(interpreter.dynload, stdlib / "lib-dynload")
        for path in list((stdlib / "lib-dynload").iterdir()):
            if _excluded(f"lib-dynload/{path.name}"):
                path.unlink()
    _copy(Path(__file__).parents[1] / "inside" / "safe_ctypes.py", stdlib / "ctypes" / "__init__.py")
    python = root / "usr/bin" / interpreter.executable.name
    _copy(interpreter.executable, python)
    for alias in ("python3", "python"):
        if not (python.parent / alias).exists():
            (python.parent / alias).symlink_to(python.name)
    return [interpreter.executable]


def _copy_packages(root: Path, interpreter: Interpreter, extra: Staged, say: Log) -> str:
    """Copy the packages' files; return the folder's place inside, or "" where there are none."""
    if not extra.files:
        return ""
    say(f"staging {len(extra.files)} files of {', '.join(extra.names)}")
    inside = f"{interpreter.inside}/site-packages"
    Path(f"{root}{interpreter.inside}/dist-packages").symlink_to("site-packages")  # Debian's name
    for source, relative in extra.files:
        if "__pycache__" not in relative:
            _copy(source, Path(f"{root}{inside}/{relative}"))
    return inside


def _copy_libraries(root: Path, executable: Path, binaries: Sequence[Path]) -> None:
    """Copy the loader and every shared library that is not itself staged, beside the C library."""
    loader = loader_of(executable)
    if not loader:
        return
    libraries = _resolve(loader, binaries)
    home = _library_folder(libraries, loader)
    for name, path in libraries.items():
        if not path.is_relative_to(root):
            _copy(path, Path(f"{root}{home}/{name}"))
    _copy(Path(os.path.realpath(loader)), Path(f"{root}{loader}"))
    # named by their paths, the interpreter's own libraries are not searched for in some 30 folders
    preloaded = [f"{home}/{name}\n" for name in _resolve(loader, [executable])]
    (root / "etc/ld.so.preload").write_text("".join(preloaded))


def _copy_tools(tools: Path, bwrap: Path) -> str:
    """Copy bwrap and its libraries into the worker's root; the loader's path there, "" for a static bwrap."""
    _copy(bwrap, tools / "bwrap")
    loader = loader_of(bwrap)
    if not loader:
        return ""
    for name, path in _resolve(loader, [bwrap]).items():
        _copy(path, tools / name)
    _copy(Path(os.path.realpath(loader)), tools / "loader")
    return "/tools/loader"


def _resolve(loader: str, binaries: Sequence[Path]) -> dict[str, Path]:
    libraries: dict[str, Path] = {}
    for binary in binaries:
        try:
            libraries.update(needed(loader, binary))
        except LibraryError as error:
            raise SandboxUnavailable(str(error)) from error
    return libraries


def _library_folder(libraries: dict[str, Path], loader: str) -> str:
    """A folder that the loader searches by default: the C library's, without links in its path."""
    for name, path in libraries.items():
        if name.startswith(("libc.so", "libc.musl")):
            folder = os.path.realpath(path.parent)
            return folder if folder.startswith("/usr/") or folder.startswith("/nix/") else "/usr/lib"
    return os.path.dirname(loader)


def _shorten_start(root: Path, interpreter: Interpreter) -> None:
    """Put `encodings`, all that the interpreter loads at start, into a folder with nothing else.

    Python looks for an archive `python311.zip` before the standard library; here that is a folder, and the
    200 entries of the library need not be listed by the programs that import nothing.
    """
    version = f"{sys.version_info.major}{sys.version_info.minor}"
    first = Path(f"{root}{interpreter.inside}").parent / f"python{version}.zip" / "encodings"
    first.mkdir(parents=True)
    for path in Path(f"{root}{interpreter.inside}/encodings/__pycache__").iterdir():
        shutil.copyfile(path, first / f"{path.name.partition('.')[0]}.pyc")


def _bundle(root: Path, interpreter: Interpreter) -> None:
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
