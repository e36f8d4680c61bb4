"""Finds rows that repeat an earlier one: its instruction, its response, its code, or its code under other names.

The structure of code is its syntax tree with names numbered in order of appearance (decontamination/shapes.py), so
code that differs in nothing but names, docstrings and layout is the same. Without names, short functions that do
different things have much in common (`w[:2]`, `w[:3]`), so structures have to agree by halfway from the threshold to 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.decontamination.shapes import structure
from pipeline.text.nearduplicates import NearDuplicates
from pipeline.text.normalise import definitions_only

FIELDS = ("instruction", "response", "code", "structure")


@dataclass(frozen=True, slots=True)
class RowMatch:
    """An earlier row that a row resembles: in which field, and how much (estimated Jaccard index)."""

    id: str
    field: str
    similarity: float

    @property
    def evidence(self) -> str:
        return f"{self.field} resembles {self.id} (Jaccard {self.similarity:.2f})"


class SimilarRows:
    """An index of rows; a row is a near-duplicate when its instruction, response, code or structure of code is."""

    def __init__(self, threshold: float = 0.7, permutations: int = 250) -> None:
        self._last: tuple[str, tuple[str, str]] = ("", ("", ""))
        self._fields = {
            name: NearDuplicates((1 + threshold) / 2 if name == "structure" else threshold, permutations)
            for name in FIELDS
        }

    def find(self, instruction: str, response: str, code: str) -> RowMatch | None:
        """The earlier row that this one resembles, by the first field that reaches the threshold."""
        for name, text in self._texts(instruction, response, code):
            if match := self._fields[name].find(text):
                return RowMatch(match.id, name, match.similarity)
        return None

    def add(self, id: str, instruction: str, response: str, code: str) -> None:
        """Add a row to the index."""
        for name, text in self._texts(instruction, response, code):
            self._fields[name].add(id, text)

    def _texts(self, instruction: str, response: str, code: str) -> Iterator[tuple[str, str]]:
        yield "instruction", instruction
        yield "response", response
        if self._last[0] != code:
            definitions = definitions_only(code)
            self._last = (code, (definitions, structure(definitions)))
        yield "code", self._last[1][0]
        yield "structure", self._last[1][1]
