"""Files that are no place to look for seeds: tests, vendored and generated code, what git ignores.

`[seeds] include` names the kinds that are looked at all the same. Paths are relative, with slashes.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from pathspec import GitIgnoreSpec

TESTS, VENDORED, GENERATED, IGNORED = "tests", "vendored", "generated", "ignored"
KINDS = (TESTS, VENDORED, GENERATED, IGNORED)
RULES = {
    TESTS: "test_file",
    VENDORED: "vendored_file",
    GENERATED: "generated_file",
    IGNORED: "ignored_file",
}

_FOLDERS = (
    (TESTS, re.compile(r"tests?|testing|[a-z0-9]+_tests?")),
    (
        VENDORED,
        re.compile(
            r"_?vendor(?:ed)?|third[_-]?party|extern(?:al|als)?|site-packages|dist-packages"
            r"|node_modules|bower_components|venv|virtualenv"
        ),
    ),
)
_FILES = (
    (TESTS, re.compile(r"test_.*\.py|.*_tests?\.py|conftest\.py|tests?\.py")),
    (GENERATED, re.compile(r".*_pb2(?:_grpc)?\.py|.*_generated\.py")),
)
_HEADER_BYTES = 2048
_GENERATED_HEADER = re.compile(
    rb"^(?:#|\"\"\"|''').*(?:@generated|do not (?:edit|modify)|auto(?:-|matically )?generated"
    rb"|(?:file|code|module) (?:was |is )?generated|generated (?:by|from|with) )",
    re.IGNORECASE | re.MULTILINE,
)


def by_path(path: str, include: frozenset[str]) -> tuple[str, str] | None:
    """(rule, evidence) when a file's path says that it is left out."""
    *folders, name = path.split("/")
    for folder in folders:
        if found := by_folder(folder, include):
            return found
    for kind, pattern in _FILES:
        if kind not in include and pattern.fullmatch(name.lower()):
            return RULES[kind], name
    return None


def by_folder(name: str, include: frozenset[str]) -> tuple[str, str] | None:
    """(rule, evidence) when a folder's own name says so."""
    for kind, pattern in _FOLDERS:
        if kind not in include and pattern.fullmatch(name.lower()):
            return RULES[kind], f"{name}/"
    return None


def by_content(content: bytes, include: frozenset[str]) -> tuple[str, str] | None:
    """(rule, evidence) when a comment at the head of a file says that a program wrote it."""
    found = None if GENERATED in include else _GENERATED_HEADER.search(content[:_HEADER_BYTES])
    return (RULES[GENERATED], found[0].decode(errors="replace")[:200]) if found else None


class GitIgnore:
    """The .gitignore files from the repository's top down to each folder; the nearest has the last word."""

    def __init__(self, root: Path) -> None:
        self._specs: dict[Path, GitIgnoreSpec | None] = {}
        above = (root, *root.parents)
        self._top = next((folder for folder in above if os.path.exists(folder / ".git")), root)
        # Who names a folder that git ignores wants it looked at.
        if any(self.ignores(folder, True) for folder in above[: above.index(self._top)]):
            self._top = root

    def ignores(self, path: Path, is_folder: bool) -> str:
        """The .gitignore that keeps this path out, or ""."""
        folder = path.parent
        while True:
            spec = self._spec(folder)
            if spec is not None:
                relative = path.relative_to(folder).as_posix() + ("/" if is_folder else "")
                verdict = spec.check_file(relative).include
                if verdict is not None:
                    return str(folder / ".gitignore") if verdict else ""
            if folder == self._top or folder == folder.parent:
                return ""
            folder = folder.parent

    def _spec(self, folder: Path) -> GitIgnoreSpec | None:
        if folder not in self._specs:
            try:
                text = (folder / ".gitignore").read_text(encoding="utf-8", errors="replace")
                self._specs[folder] = GitIgnoreSpec.from_lines(text.splitlines())
            except (OSError, ValueError):
                self._specs[folder] = None
        return self._specs[folder]
