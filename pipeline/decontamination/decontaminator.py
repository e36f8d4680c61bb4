"""Compares each row with every task of the benchmark packs, in layers.

    substring    a statement or solution is in the row; wrapping, case and punctuation do not count
    ngrams       half of the word 6-grams of a statement, or 70 % of those of a solution, are in the row
    minhash      the instruction is a near-duplicate of a statement
    code         the code is a solution, with other names and another layout, or nearly
    resemblance  the words of the instruction and the shapes of the code together resemble a task
    execution    the response passes the task's own tests (the caller runs them: confirmation.py)

The first four detect copies. `resemblance` detects paraphrases, with false positives among rows of the same kind:
its findings are left out of training data to be safe. `suspects` are the pairs below its threshold that are worth
executing. Not promised: that a thorough paraphrase with another algorithm is detected without execution.

In: packs, rows. Out: findings with evidence. A check costs one to two milliseconds, with one pack or ten.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.decontamination.background import SHAPES, WORDS
from pipeline.decontamination.copies import Copies
from pipeline.decontamination.resemblance import Resemblance
from pipeline.decontamination.shapes import Unit, units
from pipeline.decontamination.vocabulary import content_words
from pipeline.packs.layouts import Task
from pipeline.packs.pack import Pack
from pipeline.records import Rules
from pipeline.text.nearduplicates import NearDuplicates
from pipeline.text.normalise import without_examples

RULES: Rules = {
    "contaminated": "The row holds a task of a benchmark pack, by one of the layers.",
    "contaminated_seed": "The seed of the row holds a task of a benchmark pack, by one of the layers.",
}

LAYERS = ("substring", "ngrams", "minhash", "code", "resemblance", "execution")

# Thresholds of the sum of two similarities, of words and of shapes, each from 0 to 1; chosen with
# benchmarks/data_quality.py and paraphrases by hand.
RESEMBLES = 0.42
SUSPECT = 0.28
# Added for each tenfold number of tasks, because accidental similarity becomes more likely.
PER_TENFOLD = 0.08
# Added where only the words or only the code agree.
ALONE = 0.08
_AGREES = 0.08
_TASKS_MEASURED = 164

_SAME_CODE_SIZE = 16  # syntax nodes; a smaller program is written twice by accident
_SIMILAR_CODE_SIZE = 30
_SIMILAR_CODE = 0.85
_SMALL_CODE_WORDS = 0.25  # least similarity of the words for a small program to count
_WORDS_DOUBT = 15.0
_SHAPES_DOUBT = 30.0
_MINHASH = 0.5
_MOST_SUSPECTS = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """A task that a row holds: the layer that detected it, a score from 0 to 1, and the evidence."""

    pack: str
    task: str
    layer: str
    score: float
    evidence: str


@dataclass(frozen=True, slots=True)
class Suspect:
    """A task that a row resembles below the threshold, but enough to execute it."""

    task: Task
    score: float


@dataclass(frozen=True, slots=True)
class _Likeness:
    """A row's units of code and its words, and the similarity of each task by words and by shapes, from 0 to 1."""

    units: list[Unit]
    words: list[str]
    by_words: npt.NDArray[np.float64]
    by_shapes: npt.NDArray[np.float64]

    @property
    def both(self) -> npt.NDArray[np.float64]:
        return self.by_words + self.by_shapes


class Decontaminator:
    """Compares rows with all tasks of the packs.

    The thresholds `resembles` and `suspect` are of the sum of two similarities, of words and of code.
    """

    def __init__(self, packs: Iterable[Pack], resembles: float = RESEMBLES, suspect: float = SUSPECT) -> None:
        self.packs = tuple(packs)
        self.tasks: tuple[Task, ...] = tuple(task for pack in self.packs for task in pack.tasks)
        self._copies = Copies(self.tasks)
        self._statements = NearDuplicates(_MINHASH, permutations=128, ngram=3)
        for number, task in enumerate(self.tasks):
            self._statements.add(str(number), without_examples(task.texts[0]))
        self._code = _TaskCode(self.tasks)
        self._words_of = [_task_words(task) for task in self.tasks]
        self._words = Resemblance(self._words_of, WORDS, _WORDS_DOUBT)
        more = max(0.0, math.log10(max(len(self.tasks), 1) / _TASKS_MEASURED))
        self._resembles = resembles + PER_TENFOLD * more
        self._suspect = suspect + PER_TENFOLD * more

    def check(self, instruction: str, response: str, code: str) -> list[Finding]:
        """The tasks that a row holds: at most one finding for each layer and task, in the order of LAYERS.

        `response` is the text with its code in it; `code` is the code alone.
        """
        return self.examine(instruction, response, code)[0]

    def suspects(self, instruction: str, code: str) -> list[Suspect]:
        """Tasks whose tests are worth running against the row's code, the most similar first."""
        return self._suspects(self._likeness(instruction, code).both)

    def check_code(self, code: str) -> list[Finding]:
        """The tasks that a seed holds: its docstrings are compared as an instruction."""
        prose = "\n".join(unit.prose for unit in units(code)[:1])
        return self.check(prose, "", code)

    def examine(self, instruction: str, response: str, code: str) -> tuple[list[Finding], list[Suspect]]:
        """`check` and `suspects` together, at little more than the cost of one."""
        findings = [
            self._finding(number, layer, score, evidence)
            for number, layer, score, evidence in self._copies.find((instruction, response, code))
        ]
        if match := self._statements.find(without_examples(instruction)):
            evidence = f"instruction and statement: Jaccard {match.similarity:.2f} of word 3-grams"
            findings.append(self._finding(int(match.id), "minhash", match.similarity, evidence))
        like = self._likeness(instruction, code)
        for number, score, evidence in self._code.find(like.units, like.by_words, like.by_shapes):
            findings.append(self._finding(number, "code", score, evidence))
        alone = np.minimum(like.by_words, like.by_shapes) < _AGREES
        for number in _above(like.both - ALONE * alone, self._resembles):
            score = float(like.both[number]) / 2
            evidence = self._resemblance_evidence(number, like)
            findings.append(self._finding(number, "resemblance", score, evidence))
        findings.sort(key=lambda item: (LAYERS.index(item.layer), -item.score))
        return findings, self._suspects(like.both)

    def _likeness(self, instruction: str, code: str) -> _Likeness:
        of_row = units(code)
        words = _row_words(instruction, of_row)
        by_words = self._words.scores(words) if words else np.zeros(len(self.tasks))
        return _Likeness(of_row, words, by_words, self._code.scores(of_row))

    def _suspects(self, both: npt.NDArray[np.float64]) -> list[Suspect]:
        testable = [n for n in _above(both, self._suspect) if self.tasks[n].tests]
        return [Suspect(self.tasks[n], round(float(both[n]) / 2, 3)) for n in testable[:_MOST_SUSPECTS]]

    def _finding(self, number: int, layer: str, score: float, evidence: str) -> Finding:
        task = self.tasks[number]
        return Finding(task.pack, task.id, layer, round(min(score, 1.0), 3), evidence)

    def _resemblance_evidence(self, number: int, like: _Likeness) -> str:
        shared = ", ".join(self._words.heaviest_shared(like.words, self._words_of[number]))
        return f"words {like.by_words[number]:.2f} ({shared}), code {like.by_shapes[number]:.2f}"


class _TaskCode:
    """The solutions of all tasks as shapes and digests."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._count = len(tasks)
        self._by_digest: dict[bytes, list[int]] = {}
        self._sizes = np.zeros(len(tasks))
        self._owners: list[int] = []
        documents: list[tuple[str, ...]] = []
        for number, task in enumerate(tasks):
            for solution in task.solutions:
                of_solution = units(solution)
                # Small helpers of a solution are common code; the whole counts at any size.
                parts = [unit for unit in of_solution[1:] if unit.size >= _SAME_CODE_SIZE]
                for unit in _distinct([*of_solution[:1], *parts]):
                    owners = self._by_digest.setdefault(unit.digest, [])
                    if number not in owners:
                        owners.append(number)
                    if unit.shapes:
                        documents.append(unit.shapes)
                        self._owners.append(number)
                    self._sizes[number] = max(self._sizes[number], unit.size)
        self._owner = np.array(self._owners, np.int64)
        self._shapes = Resemblance(documents, SHAPES, _SHAPES_DOUBT)

    def scores(self, of_row: Sequence[Unit]) -> npt.NDArray[np.float64]:
        """For each task the similarity, from 0 to 1, of its most similar solution to the most similar unit."""
        best = np.zeros(self._count)
        if len(self._owner):
            for unit in _distinct(of_row):
                if unit.shapes:
                    np.maximum.at(best, self._owner, self._shapes.scores(unit.shapes))
        return best

    def find(
        self,
        of_row: Sequence[Unit],
        by_words: npt.NDArray[np.float64],
        by_shapes: npt.NDArray[np.float64],
    ) -> Iterable[tuple[int, float, str]]:
        """(task number, score, evidence) of tasks whose solution equals or resembles the row's code, without names."""
        by_task: dict[int, tuple[float, str]] = {}
        for unit in of_row:
            for number in self._by_digest.get(unit.digest, ()):
                if unit.size >= _SAME_CODE_SIZE or by_words[number] >= _SMALL_CODE_WORDS:
                    evidence = f"{unit.name or 'code'}: the solution but for names and layout"
                    by_task.setdefault(number, (1.0, f"{evidence} ({unit.size} syntax nodes)"))
        largest = max((unit.size for unit in of_row), default=0)
        if largest >= _SIMILAR_CODE_SIZE:
            for number in _above(by_shapes, _SIMILAR_CODE):
                if self._sizes[number] >= _SIMILAR_CODE_SIZE:
                    score = float(by_shapes[number])
                    by_task.setdefault(number, (score, f"code resembles the solution by {score:.2f}"))
        return [(number, score, evidence) for number, (score, evidence) in by_task.items()]


def _above(scores: npt.NDArray[np.float64], threshold: float) -> list[int]:
    """Numbers of the tasks that reach a threshold, the highest score first."""
    numbers = np.flatnonzero(scores >= threshold)
    return [int(number) for number in numbers[np.argsort(-scores[numbers], kind="stable")]]


def _distinct(of_row: Sequence[Unit]) -> list[Unit]:
    return list({unit.digest: unit for unit in of_row}.values())


def _task_words(task: Task) -> list[str]:
    return content_words(f"{without_examples(task.texts[0])} {task.entry_point.replace('_', ' ')}")


def _row_words(instruction: str, of_row: Sequence[Unit]) -> list[str]:
    names = " ".join(unit.name for unit in of_row).replace("_", " ")
    return content_words(f"{without_examples(instruction)} {names}")
