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
import zlib
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

ROWS = 80  # in one program
SECONDS_A_ROW = 0.1  # of a program's wall limit, at the least
_FEWER = 8  # times as few rows in a program that takes those that another did not come to
_TIME_SHARE = 0.8  # of the wall limit, for the comparisons
# Least share of the variants on which a row must agree: they may lie outside of what a task is about.
_LEAST_AGREEMENT = 0.4
_LEAST_BITS = 5.0  # of evidence, for a row to count at all
# With so many the words need not agree: of other code, of small code, and of the calls alone where some variants come
# out otherwise, as they do where a row leaves some items out first. Three tests have 15 at the most.
_ENOUGH_BITS = 10.0
_ENOUGH_BITS_OF_SMALL = 45.0
_ENOUGH_BITS_OF_CALLS = 16.0
_TINY = 10  # syntax nodes: an operation, which many tasks consist of
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
    bits_of_calls: float  # of evidence (Proof.bits), of the calls alone and of the variants as well
    bits: float

    def needs_words(self, size: int) -> bool:
        """Whether other tasks may have the behaviour of code of `size` syntax nodes, or chance gives the answers."""
        if self.arrangement in OTHER_FORMS or size < _TINY:
            return True
        if not self.calls:
            return size < SMALL
        if self.agreed < self.variants:
            return size < SMALL or self.bits_of_calls < _ENOUGH_BITS_OF_CALLS
        return self.bits < (_ENOUGH_BITS if size >= SMALL else _ENOUGH_BITS_OF_SMALL)

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
                first, *calls = _packed(proof.calls)
                others = marshal.dumps((calls, _packed(proof.variants)))
                groups.setdefault(shape, []).append((number, *first, others))
        return zlib.compress(marshal.dumps(groups), 9)

    def run(self, rows: Iterable[Row], pool: Pool, seconds: float) -> Iterator[Ran]:
        """Compare rows, many in one program; `seconds` is the wall limit of the pool's programs.

        Rows that a program did not come to, because others took long, run again: with fewer others, then alone.
        """
        most = max(1, min(ROWS, int(seconds * _TIME_SHARE / SECONDS_A_ROW)))
        left: Iterable[Row] = rows
        for size in (most, max(1, most // _FEWER), 1):
            again: list[Row] = []
            for row, ran in self._run(_batches(left, size), pool, seconds):
                if ran.agreements is None and size > 1:
                    again.append(row)
                else:
                    yield ran
            left = again

    def _run(self, several: Iterable[list[Row]], pool: Pool, seconds: float) -> Iterator[tuple[Row, Ran]]:
        batches: dict[str, list[Row]] = {}

        def programs() -> Iterator[Program]:
            for batch in several:
                batches[batch[0].id] = batch
                yield Program(batch[0].id, self._program(batch, seconds))

        for result in pool.run_many(programs()):
            batch = batches.pop(result.id)
            reports = embedded.read_report(result.id, result.stdout)
            if not isinstance(reports, list) or len(reports) != len(batch):
                reports = [None] * len(batch)
            for row, report in zip(batch, reports, strict=True):
                share = {"wall_s": result.wall_s / len(batch), "cpu_s": result.cpu_s / len(batch)}
                agreements = None if report is None else self._agreements(report)
                yield row, Ran(row.id, agreements, {"executions": 1 / len(batch), **share})

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
            if not calls and number in by_calls:
                continue
            of_calls, bits = self._proofs[number].bits(agreed) if calls else (0.0, 0.0)
            count = agreed.bit_count()
            if not calls or (bits >= _LEAST_BITS and count >= _LEAST_AGREEMENT * variants):
                found.setdefault(
                    number, Agreement(number, function, arrangement, calls, count, variants, of_calls, bits)
                )
        return list(found.values())

    def _is_well_formed(self, item: Any) -> bool:
        """Whether it is (task, function, arrangement, calls, agreed, variants): a row's process may send anything."""
        kinds = [int, str, str, int, int, int]
        if not isinstance(item, tuple) or [*map(type, item)] != kinds or not 0 <= item[0] < len(self._proofs):
            return False
        number, _, _, calls, agreed, variants = item
        return bool(not calls or (variants == len(self._proofs[number].variants) and 0 <= agreed < 1 << variants))


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
    tree = parse(tests)
    module = mended(code) if tree and tree.body else None
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
