"""The forms `monologues` and `execution`: what rows' code does in calls, to train on and to be evaluated on.

In: a dataset whose rows were traced. Out: conversations, as those of the form `chat`; and tasks in CRUXEval's layout,
whose function is called f: `evaluate --pack FILE#output` and `FILE#input` score a model on them. With `--test SHARE`
the tasks of the split `test` are of rows that the split `train`, and `[finetuning] held_out`, leave out.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, cast

from pipeline.dataset.finished import FinishedDataset
from pipeline.dataset.monologues import FILE
from pipeline.records import MonologueRow
from pipeline.text.markdown import code_blocks
from pipeline.text.normalise import parse
from targets import read_jsonl

_NAME = "f"  # of the function in CRUXEval


def monologues(dataset: FinishedDataset) -> Iterator[dict[str, Any]]:
    """The monologues on a dataset's rows, as messages."""
    for row in _of(dataset):
        talk = [("user", row["instruction"]), ("assistant", row["response"])]
        yield {"id": row["id"], "messages": [{"role": role, "content": content} for role, content in talk]}


def execution(dataset: FinishedDataset) -> Iterator[dict[str, str]]:
    """A task for each traced call of a dataset's rows whose function can be called f."""
    seen: set[tuple[str, str]] = set()
    for row in _of(dataset):
        (code,), call = code_blocks(row["instruction"])[:1], row["call"]
        if (row["row"], call) in seen:
            continue
        seen.add((row["row"], call))
        function, _, rest = call.partition("(")
        renamed = rename(code, function)
        if renamed is not None:
            yield {"id": row["id"], "code": renamed, "input": rest.removesuffix(")"), "output": row["value"]}


def _of(dataset: FinishedDataset) -> Iterator[MonologueRow]:
    path = dataset.folder / FILE
    if not path.exists():  # the rows were not traced
        return iter(())
    rows = {row["id"] for row in dataset.rows()}
    return (row for row in cast(Iterator[MonologueRow], read_jsonl(path)) if row["row"] in rows)


def rename(code: str, function: str) -> str | None:
    """The code with a function called f; None where a name would be taken for another."""
    module = parse(code)
    if module is None:
        return None
    places = []
    for node in ast.walk(module):
        match node:
            case ast.Name(id=name) if name == function:
                places.append((node.lineno, node.col_offset))
            case ast.FunctionDef(name=name) if name == function and node in module.body:
                places.append((node.lineno, node.col_offset + len("def ")))
            case _ if _NAME in _names(node) or function in _names(node):
                return None
    lines = [line.encode() for line in code.split("\n")]  # columns of the syntax tree count bytes
    for line, column in sorted(places, reverse=True):
        text = lines[line - 1]
        if text[column : column + len(function.encode())] != function.encode():
            return None  # as in `def  name`
        lines[line - 1] = text[:column] + _NAME.encode() + text[column + len(function.encode()) :]
    return b"\n".join(lines).decode()


def _names(node: ast.AST) -> tuple[Any, ...]:
    """The names that a node uses or gives, but for attributes."""
    if isinstance(node, ast.Global | ast.Nonlocal):
        return tuple(node.names)
    return tuple(getattr(node, field, None) for field in ("id", "arg", "name", "asname"))
