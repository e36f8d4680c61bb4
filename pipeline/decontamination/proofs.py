"""Decides which tasks of a pack may confirm anything by execution, and records what their solutions do.

A task confirms only if its own solution passes its tests and unrelated functions fail them. What the solution answers
to the calls of its tests, and to variants of them, is the behaviour that rows are compared with. Each pack is examined
once: the proofs are kept in a file named by the pack's revision and all else that they depend on.

In: packs, a pool of sandboxes. Out: a `Proof` for each task.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import json
import marshal
import math
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.behaviour import embedded
from pipeline.packs.layouts import Task
from pipeline.packs.pack import Pack
from pipeline.text.normalise import parse
from sandbox import Pool, Program

_Call = tuple[Any, Any]  # arguments, outcome; both as marshal can write them


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether a task may confirm: `reason` is why not, "" where it may.

    `behaviour` is the number of arguments, the calls of its tests and those of variants, each with its outcome; empty
    where the tests call nothing that could be recorded, so that they can only be run as they are.
    """

    reason: str = ""
    arity: int = 0
    calls: list[_Call] = field(default_factory=list)
    variants: list[_Call] = field(default_factory=list)

    def bits(self, agreed: int) -> tuple[float, float]:
        """The evidence, as a logarithm to 2, of equal answers to all calls; that with the variants, `agreed` by bits.

        An outcome counts by how rare it is among all of the task's, and no more than it holds itself: True and False
        tell little. Each variant that comes out otherwise takes some of it away.
        """
        ends = [*self.calls, *self.variants]
        counts = Counter(repr(end) for _, end in ends)
        each = [_evidence(call, counts[repr(call[1])] / len(ends)) for call in ends]
        of_calls = sum(each[: len(self.calls)])
        of_variants = (
            bits if agreed >> place & 1 else -_DISAGREES for place, bits in enumerate(each[len(self.calls) :])
        )
        return of_calls, of_calls + sum(of_variants)


_ECHO = 2.0  # bits of an outcome that is one of the arguments
_MOST_BITS = 16.0  # of one outcome
_DISAGREES = 6.0  # solutions of one task seldom differ, on inputs that its statement leaves open


def _evidence(call: _Call, share: float) -> float:
    arguments, outcome = call
    return min(-math.log2(share), _ECHO if outcome in arguments else _bits(outcome))


def _bits(outcome: Any) -> float:
    """About how many bits an outcome holds."""
    if outcome is None or isinstance(outcome, bool):
        return 1.0
    if isinstance(outcome, int | float | complex):
        return min(_MOST_BITS, 1.5 * len(repr(outcome)) + 1)
    if isinstance(outcome, str | bytes):
        return min(_MOST_BITS, 2.0 * len(outcome) + 1)
    items = outcome.values() if isinstance(outcome, dict) else outcome
    return min(_MOST_BITS, 2.0 + sum(_bits(item) for item in items))


class Proofs:
    """The proofs of packs, kept as files in a folder."""

    def __init__(self, folder: Path, packages: Iterable[str] = ()) -> None:
        self._folder = folder
        self._packages = tuple(sorted(packages))

    def known(self, pack: Pack) -> list[Proof] | None:
        """The proofs of the pack's tasks, in their order; None where it was not examined yet."""
        with suppress(OSError, ValueError, KeyError, EOFError, TypeError):
            documents = json.loads(self._path(pack).read_bytes())
            if len(documents) == len(pack.tasks):
                return [_read(document) for document in documents]
        return None

    def examine(self, packs: Sequence[Pack], open_pool: Callable[[], Pool], seconds: float) -> list[Proof]:
        """The proofs of all packs' tasks in their order. A pool is opened where a pack was not examined yet.

        `seconds` is the wall limit of the pool's programs.
        """
        found = [self.known(pack) for pack in packs]
        if None in found:
            with open_pool() as pool:
                for place, pack in enumerate(packs):
                    if found[place] is None:
                        found[place] = self._examined(pack, pool, seconds)
        return [proof for proofs in found for proof in proofs or ()]

    def _examined(self, pack: Pack, pool: Pool, seconds: float) -> list[Proof]:
        """The proofs of a pack; they are kept unless the machine failed, which is no verdict on a task."""
        proofs = [Proof(reason_not_to_run(task)) for task in pack.tasks]
        programs = (
            Program(str(number), embedded.program(str(number), "observe", _job(task, seconds)))
            for number, task in enumerate(pack.tasks)
            if not proofs[number].reason
        )
        has_failed = False
        for result in pool.run_many(programs):
            report = embedded.read_report(result.id, result.stdout)
            has_failed |= result.status == "sandbox_error"
            proofs[int(result.id)] = (
                Proof(f"its own solution gave no verdict: {result.status}") if report is None else _judged(report)
            )
        if not has_failed:
            self._keep(pack, proofs)
        return proofs

    def _keep(self, pack: Pack, proofs: Sequence[Proof]) -> None:
        path = self._path(pack)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".tmp")
        temporary.write_text(json.dumps([_written(proof) for proof in proofs]))
        temporary.replace(path)

    def _path(self, pack: Pack) -> Path:
        parts = (pack.revision, embedded.sources_digest(), sys.version_info[:2], self._packages)
        digest = hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
        return self._folder / f"{digest}.json"


def _written(proof: Proof) -> dict[str, Any]:
    behaviour = base64.b64encode(marshal.dumps((proof.arity, proof.calls, proof.variants))).decode()
    return {"reason": proof.reason, "behaviour": behaviour}


def _read(document: Mapping[str, Any]) -> Proof:
    arity, calls, variants = marshal.loads(base64.b64decode(document["behaviour"]))
    return Proof(document["reason"], arity, calls, variants)


def _job(task: Task, seconds: float) -> dict[str, Any]:
    return {
        "setup": task.setup,
        "solution": task.solutions[0],
        "tests": task.tests,
        "entry": task.entry_point,
        "seconds": 0.8 * seconds,
    }


def _judged(report: Mapping[str, Any]) -> Proof:
    if not report["passes"]:
        return Proof(f"its own solution does not pass: {report['error']}")
    if report["fooled"]:
        return Proof(f"a function that returns {report['fooled'][0]} passes its tests as well")
    arities = Counter(len(arguments) for arguments, _ in report["calls"])
    arity = max(arities, key=arities.__getitem__) if arities else 0
    calls, variants = (
        [call for call in report[key] if len(call[0]) == arity and arity > 0] for key in ("calls", "variants")
    )
    return Proof("", arity, calls, variants)


def reason_not_to_run(task: Task) -> str:
    """Why a task can confirm nothing, as far as its text tells; "" where it may."""
    if not task.tests:
        return "it has no tests that can be run"
    if not task.solutions:
        return "it has no solution that could prove its tests"
    if not task.entry_point:
        return "its tests name no function"
    return ""


def imported(task: Task) -> set[str]:
    """The top-level modules that a task's programs import, but for those of the standard library."""
    modules: set[str] = set()
    for source in (task.setup, task.tests, *task.solutions):
        tree = parse(source)
        for node in ast.walk(tree) if tree else ():
            if isinstance(node, ast.Import):
                modules.update(alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module.partition(".")[0])
    return modules - sys.stdlib_module_names
