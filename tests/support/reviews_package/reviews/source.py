"""A source `words:PREFIX`: functions that are written out here, whose names begin with the prefix."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from pipeline.records import Rules
from pipeline.sources import Document, LeftOut, Part

FUNCTIONS = {
    "longest": ("The longest word.", "words", "max(words, key=len)"),
    "evens": ("Keep the even numbers.", "items", "[item for item in items if item % 2 == 0]"),
    "doubled": ("Double each number.", "items", "[2 * item for item in items]"),
    "backwards": ("The items in reverse order.", "items", "items[::-1]"),
}


class WordsSource:
    """See the module."""

    rules: ClassVar[Rules] = {}
    published, share = False, 1.0

    def __init__(self, label: str) -> None:
        self.label = label
        self.where = label

    @classmethod
    def claims(cls, label: str) -> bool:
        return label.startswith("words:")

    @classmethod
    def of(cls, label: str, root: Path, section: Any) -> WordsSource:
        return cls(label)

    def parts(self) -> Iterator[Part]:
        for name in FUNCTIONS:
            if name.startswith(self.label.partition(":")[2]):
                yield Part(self.label, name, [1])

    def documents(self, part: Part) -> Iterator[Document | LeftOut]:
        doc, argument, result = FUNCTIONS[part.path]
        text = f'def {part.path}({argument}):\n    """{doc}"""\n    return {result}\n'
        yield Document(part.path, part.path, text.encode())
