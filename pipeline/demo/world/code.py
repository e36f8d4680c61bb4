"""Writing a chain as the body of a function, in one of three styles, right or with bugs."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Literal

from pipeline.demo.world.chains import Chain, Step

Style = Literal["loop", "step", "nest"]
LONGEST_NESTED = 30


@dataclass(frozen=True, slots=True)
class Writing:
    """How a function is written: style, one form index for each step, names."""

    style: Style
    forms: tuple[int, ...]
    name: str
    argument: str
    result: str


def function(chain: Chain, writing: Writing, bugs: dict[int, int], doc: str | None = None) -> str:
    """The source of the function; `bugs` maps a step's position to the index of its bug."""
    lines = [f"def {writing.name}({writing.argument}):"]
    if doc:
        lines.append(f'    """{doc}"""')
    lines += ["    " + line for line in _body(chain, writing, bugs)]
    return "\n".join(lines) + "\n"


def can_nest(chain: Chain, forms: tuple[int, ...]) -> bool:
    """Whether one expression stays readable: a short, bracket-poor inner step, used once."""
    if len(chain) == 1:
        return True
    inner = [chain[0].write(t, "value") for t in (chain[0].op.forms[forms[0]], *chain[0].op.bugs)]
    outer = (chain[1].op.forms[forms[1]], *chain[1].op.bugs)
    return all(map(_simple, inner)) and all(t.count("{v}") == 1 for t in outer)


def _simple(expression: str) -> bool:
    """Short, at most one bracket pair deep in brackets, and safe in front of `[` or `.`."""
    node = ast.parse(expression, mode="eval").body
    closed = isinstance(node, ast.Call | ast.Subscript | ast.ListComp)
    return closed and len(expression) <= LONGEST_NESTED and len(re.findall(r"[(\[]", expression)) <= 2


def _expression(step: Step, form: int, bug: int | None, value: str) -> str:
    template = step.op.forms[form] if bug is None else step.op.bugs[bug]
    return step.write(template, value)


def _inner(step: Step, form: int, bug: int | None) -> str:
    template = step.op.inner_forms[form] if bug is None else step.op.inner_bugs[bug]
    return step.write(template, "")


def _body(chain: Chain, writing: Writing, bugs: dict[int, int]) -> list[str]:
    if writing.style == "nest":
        expression = writing.argument
        for i, step in enumerate(chain):
            expression = _expression(step, writing.forms[i], bugs.get(i), expression)
        return [f"return {expression}"]
    if writing.style == "loop" and [s.op.shape for s in chain] == ["filter", "map"]:
        return _merged_loop(chain, writing, bugs)
    lines: list[str] = []
    value = writing.argument
    for i, step in enumerate(chain):
        last = i == len(chain) - 1
        loop = _loop(step, writing, i, bugs.get(i)) if writing.style == "loop" and i == 0 else None
        if loop:
            lines += loop
            value = writing.result
            if last:
                lines.append(f"return {value}")
            continue
        expression = _expression(step, writing.forms[i], bugs.get(i), value)
        if last:
            lines.append(f"return {expression}")
        else:
            lines.append(f"{writing.result} = {expression}")
            value = writing.result
    return lines


def _merged_loop(chain: Chain, writing: Writing, bugs: dict[int, int]) -> list[str]:
    condition = _inner(chain[0], writing.forms[0], bugs.get(0))
    element = _inner(chain[1], writing.forms[1], bugs.get(1))
    return [
        f"{writing.result} = []",
        f"for {chain[0].op.item} in {writing.argument}:",
        f"    if {condition}:",
        f"        {writing.result}.append({element})",
        f"return {writing.result}",
    ]


def _loop(step: Step, writing: Writing, position: int, bug: int | None) -> list[str] | None:
    op = step.op
    if op.shape == "whole":
        if not op.loop or bug is not None:
            return None
        return [step.write(line.replace("{o}", writing.result), writing.argument) for line in op.loop]
    inner = _inner(step, writing.forms[position], bug)
    head = [f"{writing.result} = []", f"for {op.item} in {writing.argument}:"]
    if op.shape == "filter":
        return [*head, f"    if {inner}:", f"        {writing.result}.append({op.item})"]
    return [*head, f"    {writing.result}.append({inner})"]
