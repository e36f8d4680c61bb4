"""Exclusions: files that give no seeds by default, which are tests, vendored and generated code, and ignored files.

`[seeds] include` names the kinds that are read nevertheless. Paths are relative, with slashes.
"""

from __future__ import annotations

import codecs
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from pathspec import GitIgnoreSpec

from pipeline.errors import ConfigError
from pipeline.records import Rejection, Rules
from pipeline.text.lists import as_list

if TYPE_CHECKING:
    from pipeline.config import sections

TESTS, VENDORED, GENERATED, IGNORED = "tests", "vendored", "generated", "ignored"
KINDS = (TESTS, VENDORED, GENERATED, IGNORED)

RULES: Rules = {
    "test_file": "The name of the file, or of a folder around it, is one of tests.",
    "vendored_file": "The name of a folder around the file is one of foreign code, or a virtual environment.",
    "generated_file": "The name of the file, or the text before its first statement, states that a program wrote it.",
    "ignored_file": "A .gitignore file of the repository excludes the file or folder.",
}
_RULE_OF = {
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
# Comments and blank lines, the docstring, comments and blank lines: what stands before the first statement.
_DOCSTRING = rb"[rRuU]?(?:\"\"\"(?:.|\n)*?(?:\"\"\"|\Z)|'''(?:.|\n)*?(?:'''|\Z)|\"[^\"\n]*\"|'[^'\n]*')"
_HEAD = re.compile(rb"(?:[ \t]*(?:#[^\n]*)?\n)*(?:" + _DOCSTRING + rb")?(?:[ \t]*(?:#[^\n]*)?\n)*(?:[ \t]*#[^\n]*)?")
_GENERATED = r"(?:auto(?:matically)?[- ]?|machine[- ])?generated"
# Statements about the file itself, wherever they stand in its head.
_OF_THE_FILE = re.compile(
    rf"@generated\b|\bthis (?:python |source )?(?:file|module|script|code) (?:is|was|has been) (?:an? )?{_GENERATED}\b"
    rf"|\bthis is an? {_GENERATED} (?:file|module|script|code)\b"
    r"|\bdo not (?:edit|modify|change)(?: this (?:file|module))? (?:by hand|manually|directly)\b"
    rf"|\b{_GENERATED} from \S.{{0,200}}? (?:with|by|using) [\w./-]+\.py\b",
    re.IGNORECASE,
)
# Statements without a subject, which are about the file when a sentence begins with them.
_SENTENCE = re.compile(
    rf"\W*(?:(?:warning|note|please)\W+)*(?:(?:file|module|code|contents?) )?{_GENERATED}"
    r"(?: (?:by|from|with|using|for|on)\b|\W*$|[.!;:,])",
    re.IGNORECASE,
)
_CODING = re.compile(r"#!|#.*coding[:=]")


def included(section: sections.seeds) -> frozenset[str]:
    """The kinds that `[seeds] include` names. Raises ConfigError for an unknown kind."""
    kinds = frozenset(as_list(section.include))
    if unknown := kinds - set(KINDS):
        raise ConfigError(
            f"[seeds] include: {', '.join(sorted(unknown))} is unknown",
            f"there are {', '.join(KINDS)}",
        )
    return kinds


def excluded(kind: str, evidence: str) -> Rejection:
    """Rejects a file or folder of one of KINDS."""
    return Rejection(_RULE_OF[kind], evidence)


def by_path(path: str, include: frozenset[str]) -> Rejection | None:
    """Rejects a file by its path: its own name, or that of a folder around it."""
    *folders, name = path.split("/")
    for folder in folders:
        if rejection := by_folder(folder, include):
            return rejection
    for kind, pattern in _FILES:
        if kind not in include and pattern.fullmatch(name.lower()):
            return excluded(kind, name)
    return None


def by_folder(name: str, include: frozenset[str]) -> Rejection | None:
    """Rejects a folder by its own name."""
    for kind, pattern in _FOLDERS:
        if kind not in include and pattern.fullmatch(name.lower()):
            return excluded(kind, f"{name}/")
    return None


def by_content(content: bytes, include: frozenset[str]) -> Rejection | None:
    """Rejects a file whose head, before its first statement, says that a program wrote it."""
    if GENERATED in include:
        return None
    head = _HEAD.match(content[:_HEADER_BYTES].removeprefix(codecs.BOM_UTF8).replace(b"\r\n", b"\n"))
    statement = _statement(head[0].decode(errors="replace")) if head else None
    return excluded(GENERATED, statement[:200]) if statement else None


def _statement(head: str) -> str | None:
    """The words of a file's head that say that a program wrote the file."""
    lines = [line.strip().lstrip("#:*= ").strip() for line in head.split("\n") if not _CODING.match(line)]
    if match := _OF_THE_FILE.search(" ".join(lines)):
        return match[0]
    before = ""
    for line in lines:
        # A line in the middle of a sentence tells what something else is: "tables that are / generated by the parser".
        first = next(filter(str.isalpha, line), "")
        starts = first.isupper() or not before or (not before[-1].isalnum() and before[-1] != ",")
        if starts and (match := _SENTENCE.match(line)):
            return line
        before = line
    return None


class GitIgnore:
    """The .gitignore files from the repository's top down to each folder; the nearest that matches a path decides."""

    def __init__(self, root: Path) -> None:
        self._specs: dict[Path, GitIgnoreSpec | None] = {}
        above = (root, *root.parents)
        self._top = next((folder for folder in above if os.path.exists(folder / ".git")), root)
        # An ignored folder that is configured as a source is read all the same.
        if any(self.ignores(folder, True) for folder in above[: above.index(self._top)]):
            self._top = root

    def ignores(self, path: Path, is_folder: bool) -> str | None:
        """The path of the .gitignore file that excludes this path; None when it is not excluded."""
        folder = path.parent
        while True:
            spec = self._spec(folder)
            if spec is not None:
                relative = path.relative_to(folder).as_posix() + ("/" if is_folder else "")
                verdict = spec.check_file(relative).include
                if verdict is not None:
                    return str(folder / ".gitignore") if verdict else None
            if folder == self._top or folder == folder.parent:
                return None
            folder = folder.parent

    def _spec(self, folder: Path) -> GitIgnoreSpec | None:
        if folder not in self._specs:
            try:
                text = (folder / ".gitignore").read_text(encoding="utf-8", errors="replace")
                self._specs[folder] = GitIgnoreSpec.from_lines(filter(_is_pattern, text.splitlines()))
            except OSError:
                self._specs[folder] = None
        return self._specs[folder]


def _is_pattern(line: str) -> bool:
    """Whether a line of a .gitignore file can be read; git passes over a line that cannot."""
    try:
        GitIgnoreSpec.from_lines([line])
    except (ValueError, re.error):
        return False
    return True
