"""Pooled tests: a row's tests together with those of the responses to its instruction that agree with it both ways.

They are stronger than the row's own, and the row's response passes each of them. Tests of other responses are added
where they are checks and nothing else, so that they cannot end the program or change what is tested.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from types import CodeType
from typing import cast

from pipeline import joined
from pipeline.records import Response, Selected, instruction_of
from pipeline.text.normalise import parse
from pipeline.verification import instrument
from targets import Artifacts

_CHECKS = (ast.Assert, ast.Assign, ast.AnnAssign, ast.Import, ast.ImportFrom)


def pooled_tests(artifacts: Artifacts, shards: Sequence[int], rows: Iterable[Selected]) -> dict[str, str]:
    """The pooled tests of each row with which another response agrees both ways, by the row's id.

    `artifacts` are the stages that the rows were selected from, `shards` the numbers of their shards.
    """
    agreeing = {row["id"] for row in rows if row["verification"]["agree_both_ways"]}
    pooled: dict[str, str] = {}
    for number in shards if agreeing else ():
        pools = {
            record["id"]: {*record["agrees"]}.intersection(record["supports"])
            for record in artifacts.shard("verifications", number).read()
            if record["id"] in agreeing
        }
        instructions = {instruction_of(id) for id in pools}
        needed = {
            record["id"]: cast(Response, record)
            for record in joined.read(artifacts, "responses", number)
            if record["instruction_id"] in instructions
        }
        for id, others in pools.items():
            pooled[id] = together(needed[id], (needed[other] for other in sorted(others) if other in needed))
    return pooled


def together(row: Response, others: Iterable[Response]) -> str:
    """The tests of others, each under the name that they use, and then the row's own."""
    mine, defined = instrument.entry(row["code"]), {*instrument.defined(row["code"])}
    used = _used(compile(row["code"], "<response>", "exec", dont_inherit=True)) if parse(row["code"]) else set()
    parts: dict[str, None] = {}
    for other in others:
        theirs, tests = instrument.entry(other["code"]), other["tests"].strip()
        if tests == row["tests"].strip() or not _only_checks(tests, defined | used | {theirs}):
            continue
        if theirs not in defined:
            parts[f"{theirs} = {mine}"] = None
        parts[tests] = None
    return "\n".join([*parts, row["tests"]])


def _used(code: CodeType) -> set[str]:
    """The names that code uses beside its local variables: globals, builtins, attributes."""
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return {*code.co_names}.union(*map(_used, inner))


def _only_checks(tests: str, kept: set[str]) -> bool:
    """Whether tests are asserts with what they need, and give no name that is to be kept another value."""
    tree = parse(tests)
    if tree is None or not all(isinstance(statement, _CHECKS) for statement in tree.body):
        return False
    stored = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    imported = {
        (alias.asname or alias.name).partition(".")[0]
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    return not (stored | imported) & kept
