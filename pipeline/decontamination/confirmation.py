"""Compares what rows do with what the tasks' solutions do, in the sandbox: the execution layer of decontamination.

In: rows, the proofs of the tasks. Out: programs for the sandbox, each with many rows, and from their reports what a row
has in common with a task: it answers all calls of the task's tests as the solution does, under other names and with
its arguments in another arrangement. Neither words nor the algorithm count, so this finds paraphrases and translations.

What agreement proves depends on the task. Where a solution nearly always answers the same, or where it is an operation
or two, other tasks have the same behaviour; there the words have to agree as well (`Agreement.needs_words`).
"""

from __future__ import annotations

import ast
import marshal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pipeline.behaviour import embedded
from pipeline.behaviour.inside.compare import KINDS, OTHER_FORMS, kind_of
from pipeline.decontamination.decontaminator import SMALL, Decontaminator, Finding
from pipeline.decontamination.proofs import Proof
from pipeline.decontamination.shapes import largest, mended
from pipeline.packs.layouts import Task
from pipeline.text.normalise import parse
from sandbox import Pool, Program

ROWS = 24  # in one program
SECONDS_A_ROW = 0.3  # of a program's wall limit, at the least
_TIME_SHARE = 0.8  # of the wall limit, for the comparisons
# Least share of the variants on which a row must agree to count at all: where the calls of the tests can be answered by
# chance, and where they cannot. Variants may lie outside of what a task is about, where its solutions differ.
_LEAST_AGREEMENT = 0.9
_LEAST_AGREEMENT_OF_MANY = 0.4
_MANY_BITS = 20.0
_VERY_MANY_BITS = 60.0  # a row that agrees on most variants does not need the words as well
_MOST = 0.6
_LEAST_UNCOMMON = 5  # outcomes of a solution that are not its most frequent one
_TINY = 10  # syntax nodes: an operation, which many tasks consist of
_ENOUGH_VARIANTS = 8
_SPECIFIC_BITS = 30.0
# Least similarity of the words: where all variants agree, and where some do not.
_WORDS_AGREE = 0.15
_WORDS_AGREE_MORE = 0.25


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is to run: its code, its own tests, and the numbers of the tasks that it resembles most."""

    id: str
    code: str
    tests: str = ""
    resembled: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Agreement:
    """A row that behaves like a task's solution.

    `function` of the row, with its arguments in an `arrangement`, came out as the solution in all `calls` of the
    task's tests and in `agreed` of the `variants`; 0 calls where it passes the tests as they are.
    """

    number: int
    function: str
    arrangement: str
    calls: int
    agreed: int
    variants: int
    bits: float  # of the outcomes of the calls; 0 where they are always the same

    def needs_words(self, size: int) -> bool:
        """Whether other tasks may have the behaviour of code of `size` syntax nodes, or chance gives the answers."""
        if self.arrangement in OTHER_FORMS:
            return True
        if size < _TINY or not self.calls:
            return size < SMALL
        if self.agreed == self.variants:
            few = self.variants < _ENOUGH_VARIANTS and self.bits < _SPECIFIC_BITS
            return not self.bits or (size < SMALL and few)
        return size < SMALL or self.bits < _VERY_MANY_BITS or self.agreed < _MOST * self.variants

    @property
    def evidence(self) -> str:
        """In words."""
        if not self.calls:
            return f"{self.function} passes the task's own tests"
        how = "" if self.arrangement == "as it is" else f" with its arguments {self.arrangement}"
        text = f"{self.function}{how} answers all {self.calls} calls of the task's tests"
        return f"{text} and {self.agreed} of {self.variants} variants as the solution does"


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a row: where it agrees; None where the sandbox gave no report."""

    id: str
    agreements: list[Agreement] | None
    spent: Mapping[str, float] = field(default_factory=dict)


class Confirmation:
    """The behaviours of all tasks that may confirm."""

    def __init__(self, tasks: Sequence[Task], proofs: Sequence[Proof]) -> None:
        self._tasks, self._proofs = tasks, proofs

    @cached_property
    def _behaviours(self) -> bytes:
        """The behaviours as a program gets them: in groups by the kinds of the arguments of the first call."""
        groups: dict[tuple[str, ...], list[Any]] = {}
        for number, proof in enumerate(self._proofs):
            if proof.calls and not proof.reason:
                shape = tuple(kind_of(value) for value in proof.calls[0][0])
                groups.setdefault(shape, []).append((number, _packed(proof.calls), _packed(proof.variants)))
        return marshal.dumps(groups)

    def run(self, rows: Iterable[Row], pool: Pool, seconds: float) -> Iterator[Ran]:
        """Compare rows, many in one program; `seconds` is the wall limit of the pool's programs.

        Rows that a program did not come to, because others took long, run again alone.
        """
        batches: dict[str, list[Row]] = {}
        again: list[Row] = []
        size = max(1, min(ROWS, int(seconds * _TIME_SHARE / SECONDS_A_ROW)))
        for ran in self._run(_batches(rows, size), batches, pool, seconds):
            if ran.agreements is None:
                again += [row for row in batches["last"] if row.id == ran.id]
            else:
                yield ran
        yield from self._run(_batches(again, 1), batches, pool, seconds)

    def _run(
        self, several: Iterable[list[Row]], batches: dict[str, list[Row]], pool: Pool, seconds: float
    ) -> Iterator[Ran]:
        def programs() -> Iterator[Program]:
            for batch in several:
                batches[batch[0].id] = batch
                yield Program(batch[0].id, self._program(batch, seconds))

        for result in pool.run_many(programs()):
            batch = batches["last"] = batches.pop(result.id)
            reports = embedded.read_report(result.id, result.stdout)
            if not isinstance(reports, list) or len(reports) != len(batch):
                reports = [None] * len(batch)
            for row, report in zip(batch, reports, strict=True):
                share = {"wall_s": result.wall_s / len(batch), "cpu_s": result.cpu_s / len(batch)}
                agreements = None if report is None else self._agreements(report)
                yield Ran(row.id, agreements, {"executions": 1 / len(batch), **share})

    def _program(self, batch: Sequence[Row], seconds: float) -> str:
        job = {
            "rows": [(row.code, kinds(row.code, row.tests), self._tested(row)) for row in batch],
            "behaviours": self._behaviours,
            "seconds": _TIME_SHARE * seconds,
        }
        return embedded.program(batch[0].id, "compare", job)

    def _tested(self, row: Row) -> list[tuple[int, str, str, str]]:
        """Tasks whose own tests are run as they are."""
        tasks = [(number, self._tasks[number]) for number in row.resembled if not self._proofs[number].reason]
        return [(number, task.setup, task.entry_point, task.tests) for number, task in tasks]

    def _agreements(self, report: Sequence[Any]) -> list[Agreement]:
        found: dict[int, Agreement] = {}
        report = [item for item in report if self._is_well_formed(item)]
        # The tests as they are count only where the calls come out otherwise: they check a property of the outcome.
        by_calls = {number for number, _, _, calls, _, _ in report if calls}
        for number, function, arrangement, calls, agreed, variants in report:
            proof = self._proofs[number]
            least = _LEAST_AGREEMENT_OF_MANY if proof.bits >= _MANY_BITS else _LEAST_AGREEMENT
            if agreed < least * variants or (not calls and number in by_calls):
                continue
            bits = 0.0 if proof.uncommon < _LEAST_UNCOMMON else proof.bits
            found.setdefault(number, Agreement(number, function, arrangement, calls, agreed, variants, bits))
        return list(found.values())

    def _is_well_formed(self, item: Any) -> bool:
        """Whether it is (task, function, arrangement, calls, agreed, variants): a row's process may send anything."""
        kinds = [int, str, str, int, int, int]
        return isinstance(item, tuple) and [*map(type, item)] == kinds and 0 <= item[0] < len(self._proofs)


def _packed(calls: Sequence[tuple[Any, Any]]) -> list[tuple[bytes, Any]]:
    return [(marshal.dumps(arguments), outcome) for arguments, outcome in calls]


def _batches(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def kinds(code: str, tests: str) -> list[list[str]] | None:
    """The kinds of arguments with which a row's tests call its functions, by place; None where they do not tell.

    An argument that is neither a literal nor a name for one may be of any kind.
    """
    module, tree = mended(code), parse(tests)
    if module is None or tree is None:
        return None
    defined = {node.name for node in module.body if isinstance(node, ast.FunctionDef)}
    nodes = list(ast.walk(tree))
    named: dict[str, set[str]] = {}
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                named.setdefault(name, set()).update(_kind_of_literal(value))
    found: list[set[str]] = []
    for node in nodes:
        match node:
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in defined:
                found += [set() for _ in range(len(arguments) - len(found))]
                for place, argument in enumerate(arguments):
                    known = named.get(argument.id) if isinstance(argument, ast.Name) else _kind_of_literal(argument)
                    found[place].update(known or KINDS)
    return [sorted(each) for each in found] if any(each != KINDS for each in found) else None


def _kind_of_literal(node: ast.expr) -> set[str]:
    """The kind of a literal; every kind for any other expression."""
    try:
        return {kind_of(ast.literal_eval(node))}
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return set(KINDS)


def findings_of(checker: Decontaminator, instruction: str, code: str, agreements: Iterable[Agreement]) -> list[Finding]:
    """The findings of a row's agreements, without those that need the words of its instruction to agree as well."""
    found = list(agreements)
    if not found:
        return []
    words = checker.similar_words(instruction, code)
    size = largest(code)
    findings = []
    for one in found:
        task = checker.tasks[one.number]
        least = _WORDS_AGREE if one.agreed == one.variants else _WORDS_AGREE_MORE
        if one.needs_words(min(size, checker.size_of(one.number))) and words[one.number] < least:
            continue
        score = one.agreed / one.variants if one.variants else 1.0
        findings.append(Finding(task.pack, task.id, "execution", round(score, 3), one.evidence))
    return findings
