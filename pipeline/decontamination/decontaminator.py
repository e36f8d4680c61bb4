"""Compares each row with every task of the benchmark packs, in layers.

    substring    a statement or solution is in the row; wrapping, case and punctuation do not count
    ngrams       half of the word 6-grams of a statement, or 70 % of those of a solution, are in the row
    minhash      the instruction is a near-duplicate of a statement
    tests        the row's asserts are those of the task, under any name
    code         the code is a solution, with other names and another layout, or nearly
    resemblance  the words of the instruction and the shapes of the code are both nearly those of a task
    execution    the code behaves like the task's solution (the caller runs it: confirmation.py)

All but the last detect copies. Short exercises resemble each other without being one, so a lesser resemblance is no
finding: it makes a task a suspect, whose own tests are run as well. A paraphrase with another algorithm, and one in
another language, is detected by execution only.

In: packs, rows. Out: findings with evidence. A check costs one to two milliseconds, with one pack or ten.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.decontamination.asserts import Asserts
from pipeline.decontamination.background import SHAPES, WORDS
from pipeline.decontamination.copies import Copies
from pipeline.decontamination.families import families
from pipeline.decontamination.resemblance import Resemblance
from pipeline.decontamination.shapes import Unit, units
from pipeline.decontamination.vocabulary import content_words
from pipeline.packs.layouts import Task
from pipeline.packs.pack import Pack
from pipeline.records import Rules
from pipeline.text.nearduplicates import NearDuplicates
from pipeline.text.normalise import without_examples
from pipeline.text.numeric import np, npt

RULES: Rules = {
    "contaminated": "The row holds a task of a benchmark pack, or behaves like its solution, by one of the layers.",
    "contaminated_seed": "The seed of the row holds a task of a benchmark pack, by one of the layers.",
}

# Raise it when `check_code` would find something else: all sources are then read again.
SCREEN_VERSION = 1

LAYERS = ("substring", "ngrams", "minhash", "tests", "code", "resemblance", "execution")

# Least sum of two similarities, of words and of shapes, each from 0 to 1; chosen with benchmarks/decontamination.py.
RESEMBLES = 1.0
SUSPECT = 0.28
_BOTH_AGREE = 0.2  # least similarity of each for a resemblance to count

SMALL = 16  # syntax nodes; a smaller program is written twice by accident
_SIMILAR_CODE_SIZE = 30
_SIMILAR_CODE = 0.85
WORDS_AGREE = 0.25  # least similarity of the words for a small program to count
_WORDS_DOUBT = 15.0
_SHAPES_DOUBT = 30.0
_MINHASH = 0.5
_MOST_SUSPECTS = 5
_SHOWN = 5  # findings that a text names


@dataclass(frozen=True, slots=True)
class Finding:
    """A task that a row holds: the layer that detected it, a score from 0 to 1, and the evidence."""

    pack: str
    task: str
    layer: str
    score: float
    evidence: str


def in_words(findings: Iterable[Finding]) -> str:
    """Findings as one text, the surest first."""
    texts = [f"{one.pack}:{one.task} by {one.layer} ({one.evidence})" for one in findings]
    more = [f"{len(texts) - _SHOWN} more"] if len(texts) > _SHOWN else []
    return "; ".join(texts[:_SHOWN] + more)


@dataclass(frozen=True, slots=True)
class Suspect:
    """A task that a row resembles too little to be rejected for it; `number` is its place among all tasks."""

    number: int
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

    The thresholds `resembles` (of a finding) and `suspect` are of the sum of two similarities, of words and of code.
    """

    def __init__(self, packs: Iterable[Pack], resembles: float = RESEMBLES, suspect: float = SUSPECT) -> None:
        self.packs = tuple(packs)
        self.tasks: tuple[Task, ...] = tuple(task for pack in self.packs for task in pack.tasks)
        self._copies = Copies(self.tasks)
        self._statements = NearDuplicates(_MINHASH, permutations=128, ngram=3)
        for number, task in enumerate(self.tasks):
            self._statements.add(str(number), without_examples(task.texts[0]))
        self._asserts = Asserts(self.tasks)
        of_tasks = families(self.tasks)
        self._code = _TaskCode(self.tasks, of_tasks)
        self._words_of = [_task_words(task) for task in self.tasks]
        self._words = Resemblance(self._words_of, WORDS, _WORDS_DOUBT, of_tasks)
        self._resembles, self._suspect = resembles, suspect

    def similar_words(self, instruction: str, code: str) -> npt.NDArray[np.float64]:
        """The similarity of a row's words to those of each task, from 0 to 1."""
        words = _row_words(instruction, units(code))
        return self._words.scores(words) if words else np.zeros(len(self.tasks))

    def size_of(self, number: int) -> int:
        """The syntax nodes of a task's largest solution."""
        return int(self._code.sizes[number])

    def check(self, instruction: str, response: str, code: str, tests: str = "") -> list[Finding]:
        """The tasks that a row holds: at most one finding for each layer and task, in the order of LAYERS.

        `response` is the text with its code in it; `code` is the code alone, `tests` are the row's own.
        """
        return self.examine(instruction, response, code, tests)[0]

    def similarities(self, instruction: str, code: str) -> npt.NDArray[np.float64]:
        """For each task the sum, from 0 to 2, of its similarity to a row by words and by shapes."""
        return self._likeness(instruction, code).both

    def check_code(self, code: str) -> list[Finding]:
        """The tasks that a seed holds: its docstrings are compared as an instruction."""
        prose = "\n".join(unit.prose for unit in units(code)[:1])
        return self.check(prose, "", code)

    def examine(
        self, instruction: str, response: str, code: str, tests: str = ""
    ) -> tuple[list[Finding], list[Suspect]]:
        """`check` and `suspects` together, at little more than the cost of one."""
        findings = [
            self._finding(number, layer, score, evidence)
            for number, layer, score, evidence in self._copies.find((instruction, response, code))
        ]
        if match := self._statements.find(without_examples(instruction)):
            evidence = f"instruction and statement: Jaccard {match.similarity:.2f} of word 3-grams"
            findings.append(self._finding(int(match.id), "minhash", match.similarity, evidence))
        for number, score, evidence in self._asserts.find(tests):
            findings.append(self._finding(number, "tests", score, evidence))
        like = self._likeness(instruction, code)
        for number, score, evidence in self._code.find(like.units, like.by_words, like.by_shapes):
            findings.append(self._finding(number, "code", score, evidence))
        agree = np.minimum(like.by_words, like.by_shapes) >= _BOTH_AGREE
        for number in _above(like.both * agree, self._resembles):
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
        return [Suspect(n, self.tasks[n], round(float(both[n]) / 2, 3)) for n in testable[:_MOST_SUSPECTS]]

    def _finding(self, number: int, layer: str, score: float, evidence: str) -> Finding:
        task = self.tasks[number]
        return Finding(task.pack, task.id, layer, round(min(score, 1.0), 3), evidence)

    def _resemblance_evidence(self, number: int, like: _Likeness) -> str:
        shared = ", ".join(self._words.heaviest_shared(like.words, self._words_of[number]))
        return f"words {like.by_words[number]:.2f} ({shared}), code {like.by_shapes[number]:.2f}"


class _TaskCode:
    """The solutions of all tasks as shapes and digests."""

    def __init__(self, tasks: Sequence[Task], families: Sequence[int]) -> None:
        self._count = len(tasks)
        self._by_digest: dict[bytes, list[int]] = {}
        self.sizes = np.zeros(len(tasks))
        self._owners: list[int] = []
        documents: list[tuple[str, ...]] = []
        for number, task in enumerate(tasks):
            for solution in task.solutions:
                of_solution = units(solution)
                # Small helpers of a solution are common code; the whole counts at any size.
                parts = [unit for unit in of_solution[1:] if unit.size >= SMALL]
                for unit in _distinct([*of_solution[:1], *parts]):
                    owners = self._by_digest.setdefault(unit.digest, [])
                    if number not in owners:
                        owners.append(number)
                    if unit.shapes:
                        documents.append(unit.shapes)
                        self._owners.append(number)
                    self.sizes[number] = max(self.sizes[number], unit.size)
        self._owner = np.array(self._owners, np.int64)
        self._shapes = Resemblance(documents, SHAPES, _SHAPES_DOUBT, [families[number] for number in self._owners])

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
                if unit.size >= SMALL or by_words[number] >= WORDS_AGREE:
                    evidence = f"{unit.name or 'code'}: the solution but for names and layout"
                    by_task.setdefault(number, (1.0, f"{evidence} ({unit.size} syntax nodes)"))
        largest = max((unit.size for unit in of_row), default=0)
        if largest >= _SIMILAR_CODE_SIZE:
            for number in _above(by_shapes, _SIMILAR_CODE):
                if self.sizes[number] >= _SIMILAR_CODE_SIZE:
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
