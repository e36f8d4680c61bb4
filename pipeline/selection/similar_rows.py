"""Finds rows that repeat an earlier one: its instruction, its response, its code, or its code under other names."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass

from pipeline.text.nearduplicates import NearDuplicates
from pipeline.text.normalise import definitions_only
from pipeline.text.structure import structure


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
    """An index of rows.

    A row is a near-duplicate when its instruction, response or code resembles that of an earlier row, or when the
    structure of its code (text/structure.py) is equal to that of one: without names, short functions that do
    different things resemble each other (`w[:2]`, `w[:3]`), so resemblance is not enough.
    """

    def __init__(self, threshold: float = 0.7, permutations: int = 250) -> None:
        self._last: tuple[str, str, bytes | None] = ("", "", None)
        self._fields = {name: NearDuplicates(threshold, permutations) for name in ("instruction", "response", "code")}
        self._structures: dict[bytes, str] = {}

    def find(self, instruction: str, response: str, code: str, siblings: Container[str] = ()) -> RowMatch | None:
        """The earlier row that this one resembles, by the first field that reaches the threshold.

        Of `siblings`, rows of the same instruction, the code alone counts.
        """
        for name, text in self._texts(instruction, response, code):
            if match := self._fields[name].find(text, () if name == "code" else siblings):
                return RowMatch(match.id, name, match.similarity)
        same = self._structures.get(self._last[2]) if self._last[2] else None
        return RowMatch(same, "structure", 1.0) if same else None

    def add(self, id: str, instruction: str, response: str, code: str) -> None:
        """Add a row to the index."""
        for name, text in self._texts(instruction, response, code):
            self._fields[name].add(id, text)
        if self._last[2]:
            self._structures.setdefault(self._last[2], id)

    def _texts(self, instruction: str, response: str, code: str) -> Iterator[tuple[str, str]]:
        yield "instruction", instruction
        yield "response", response
        if self._last[0] != code:
            self._last = (code, definitions_only(code), structure(code))
        yield "code", self._last[1]
