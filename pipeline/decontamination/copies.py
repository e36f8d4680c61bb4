"""Finds copies of a benchmark's texts in a row: whole copies, and parts with at least half of the word 6-grams.

Texts are compared as words in lower case, so wrapping, indentation, case and punctuation do not matter. An index from
6-grams to the texts that have them makes the cost of a row independent of the number of texts. Grams that many problems
share are boilerplate ("write a function that takes a") and count for whole copies only; copies and variants of a
problem are one (families.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.decontamination.families import families
from pipeline.packs.layouts import Task
from pipeline.text.minhash import word_grams
from pipeline.text.normalise import definitions_only, without_examples, words
from pipeline.text.numeric import np, npt

GRAM = 6
_LEAST_GRAMS = 6
_BOILERPLATE = 8  # problems that share a gram
_SHOWN_WORDS = 12


@dataclass(frozen=True, slots=True)
class _Kind:
    """How much of a text must be in a row: `contained` is a share of its 6-grams. A text of fewer words than
    `least_words` is not searched for inside others.

    Eight words of prose rarely occur twice by accident; programs share idioms.
    """

    least_words: int
    contained: float


_PROSE = _Kind(8, 0.5)
_PROGRAM = _Kind(12, 0.7)


class Copies:
    """The texts and solutions of all tasks, searchable by the words of a row."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._owners: dict[str, list[int]] = {}
        kinds: dict[str, _Kind] = {}
        for number, task in enumerate(tasks):
            for text, kind in _needles(task):
                kinds.setdefault(text, kind)
                owners = self._owners.setdefault(text, [])
                if number not in owners:
                    owners.append(number)
        # A text too short to be searched for inside others counts when it is a field's whole text.
        self._texts = [text for text, kind in kinds.items() if _length(text) >= kind.least_words]
        self._short = {text for text in kinds if 3 <= _length(text) < kinds[text].least_words}
        self._kinds = [kinds[text] for text in self._texts]
        grams = [np.unique(word_grams(text, GRAM)) for text in self._texts]
        owners_of_grams = np.repeat(np.arange(len(grams)), [len(each) for each in grams])
        flat = np.concatenate(grams) if grams else np.empty(0, np.uint32)
        order = np.argsort(flat, kind="stable")
        self._grams, self._gram_texts = flat[order], owners_of_grams[order]
        self._distinctive = (self._problems(tasks) <= _BOILERPLATE).astype(np.float64)
        self._total = np.bincount(self._gram_texts, minlength=len(grams))
        self._total_distinctive = np.bincount(self._gram_texts, self._distinctive, minlength=len(grams))

    def _problems(self, tasks: Sequence[Task]) -> npt.NDArray[np.int64]:
        """For each gram of each text, the number of problems that have it."""
        family = np.array(families(tasks), np.int64)
        of_text = np.array([family[self._owners[text][0]] for text in self._texts], np.int64)
        of_gram = of_text[self._gram_texts] if len(of_text) else np.empty(0, np.int64)
        pairs = np.unique(np.stack([self._grams.astype(np.int64), of_gram]), axis=1)
        grams, counts = np.unique(pairs[0], return_counts=True)
        shared: npt.NDArray[np.int64] = counts[np.searchsorted(grams, self._grams)]
        return shared

    def find(self, fields: Sequence[str]) -> Iterator[tuple[int, str, float, str]]:
        """(task number, layer, score, evidence) for each task that has a text in the fields; each task once a layer."""
        flat = [" ".join(words(field)) for field in fields]
        reported: set[tuple[int, str]] = set()
        for layer, text, score, evidence in self._matches(flat):
            for number in self._owners[text]:
                if (number, layer) not in reported:
                    reported.add((number, layer))
                    yield number, layer, score, evidence

    def _matches(self, fields: Sequence[str]) -> Iterator[tuple[str, str, float, str]]:
        for field in fields:
            if field in self._short:
                yield "substring", field, 1.0, _shown(field)
        if not len(self._grams):
            return
        seen = np.unique(np.concatenate([word_grams(field, GRAM) for field in fields]))
        starts = np.searchsorted(self._grams, seen, "left")
        ends = np.searchsorted(self._grams, seen, "right")
        present = np.flatnonzero(ends > starts)
        if not len(present):
            return
        hits = np.concatenate([np.arange(starts[i], ends[i]) for i in present])
        counts = np.bincount(self._gram_texts[hits], minlength=len(self._texts))
        distinctive = np.bincount(self._gram_texts[hits], self._distinctive[hits], len(self._texts))
        for number in np.flatnonzero((counts == self._total) | (distinctive >= _LEAST_GRAMS)):
            text = self._texts[number]
            if counts[number] == self._total[number] and any(_holds(f, text) for f in fields):
                yield "substring", text, 1.0, _shown(text)
            share = distinctive[number] / max(self._total_distinctive[number], 1)
            if distinctive[number] >= _LEAST_GRAMS and share >= self._kinds[number].contained:
                evidence = f"{int(distinctive[number])} of {int(self._total_distinctive[number])} word {GRAM}-grams"
                yield "ngrams", text, float(share), evidence


def _needles(task: Task) -> Iterator[tuple[str, _Kind]]:
    for text in task.texts:
        for part in (text, without_examples(text)):
            yield " ".join(words(part)), _PROSE
    for solution in task.solutions:
        yield " ".join(words(definitions_only(solution) or solution)), _PROGRAM


def _holds(field: str, text: str) -> bool:
    return f" {text} " in f" {field} "


def _length(text: str) -> int:
    return text.count(" ") + 1


def _shown(text: str) -> str:
    shown = text.split(" ")
    return '"' + " ".join(shown[:_SHOWN_WORDS]) + ("..." if len(shown) > _SHOWN_WORDS else "") + '"'
