"""Runs inside the sandbox, as part of the runner: imports of the standard library, each one read of one file.

Data in: the bundle and its index, which staging/files.py made. Imports only what is built in.
"""

from __future__ import annotations

import io
import marshal
import posix
import sys

MYPY = False
if MYPY:
    from types import ModuleType
    from typing import Any

BUNDLE, BUNDLE_INDEX = "bundle.bin", "bundle.index"  # beside the standard library


def bundle_finder(stdlib: str) -> ModuleType:
    """A finder of the standard library's modules in one file, without a search for each.

    It is a module with a function, which costs less than a class where nothing is imported.
    """
    index: dict[str, tuple[int, int, bool]] = {}
    loader: Any = None
    tag = sys.implementation.cache_tag

    def load() -> None:
        nonlocal loader
        import _frozen_importlib_external as external

        with io.FileIO(f"{stdlib}/{BUNDLE_INDEX}") as file:
            index.update(marshal.loads(file.readall()))

        class BundleLoader(external.SourceFileLoader):
            def get_code(self, name: str) -> Any:
                offset, size, _ = index[name]
                fd = posix.open(f"{stdlib}/{BUNDLE}", posix.O_RDONLY | posix.O_CLOEXEC)
                data = posix.pread(fd, size, offset)
                posix.close(fd)
                return marshal.loads(data)

        loader = BundleLoader

    def find_spec(name: str, path: object = None, target: object = None) -> Any:
        if loader is None:
            load()
        entry = index.get(name)
        if entry is None:
            return None
        folder, _, last = f"{stdlib}/{name.replace('.', '/')}".rpartition("/")
        if entry[2]:
            folder, last = f"{folder}/{last}", "__init__"
        origin = f"{folder}/{last}.py"
        spec = machinery.ModuleSpec(name, loader(name, origin), origin=origin, is_package=entry[2])
        spec._set_fileattr = True
        spec._cached = f"{folder}/__pycache__/{last}.{tag}.pyc"
        if entry[2]:
            spec.submodule_search_locations = [folder]
        return spec

    machinery: Any = sys.modules["_frozen_importlib"]
    finder = type(sys)("bundle")
    finder.find_spec = find_spec  # type: ignore[attr-defined]
    return finder
