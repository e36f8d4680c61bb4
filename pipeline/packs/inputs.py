"""Inputs of a benchmark's functions, for benchmarks whose expected outputs come from their own solutions.

EvalPlus and EvoEval publish arguments, not outputs. In: the inputs of a task as JSON or as Python literals. Out:
`Inputs`, in suites. JSON has neither tuples nor sets nor complex numbers, so the inputs of some tasks of MBPP+ are
converted, as EvalPlus does it (`mbpp_deserialize_inputs`).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.packs.inside.trial import packed, unpacked
from pipeline.packs.oracles import Oracle, oracle_of

Arguments = list[Any]


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs of one task: `suites` are (name, list of arguments, packed), the easiest first.

    An input is a list of arguments, or the text of one, which is evaluated in the sandbox.
    `atol` is the absolute tolerance for numbers, 0 where the pack gives none.
    """

    suites: tuple[tuple[str, str], ...]
    oracle: Oracle
    atol: float = 0.0

    def count(self) -> int:
        """The number of inputs of all suites."""
        return sum(len(unpacked(inputs)) for _, inputs in self.suites)


def read_inputs(row: dict[str, Any], id: str, name: str) -> Inputs | None:
    """The inputs of a row that has some, with the oracle of the task `id` whose function is `name`; else None.

    Raises ValueError for inputs that are not a list of lists of arguments, or no Python.
    """
    named = {key.removesuffix("_input"): row[key] for key in ("base_input", "plus_input") if row.get(key) is not None}
    if named:
        lists: dict[str, list[Any]] = {suite: _arguments(value, f"{suite}_input") for suite, value in named.items()}
    elif row.get("inputs") is not None:
        lists = {"inputs": _literals(row["inputs"])}
    else:
        return None
    convert = _conversion(id)
    suites = tuple(
        (suite, packed([given if isinstance(given, str) else convert(given) for given in values]))
        for suite, values in lists.items()
    )
    atol = row.get("atol") or 0.0
    if isinstance(atol, bool) or not isinstance(atol, int | float):
        raise ValueError(f"atol is {type(atol).__name__}, not a number")
    return Inputs(suites, oracle_of(id, name, typed="inputs" in lists), float(atol))


def _arguments(value: Any, key: str) -> list[Arguments]:
    if value == {}:
        return []  # EvalPlus writes so that a task has none
    if not isinstance(value, list):
        raise ValueError(f"{key} is {type(value).__name__}, not a list of inputs")
    for number, item in enumerate(value):
        if not isinstance(item, list):
            raise ValueError(f"{key}[{number}] is {type(item).__name__}, not a list of arguments")
    return value


def _literals(value: Any) -> list[Arguments | str]:
    """EvoEval's inputs: a list of texts, each the arguments of a call as they are written in Python."""
    if isinstance(value, str):
        value = next(iter(_literal(value, "inputs")), None)
    if not isinstance(value, list):
        raise ValueError(f"inputs is {type(value).__name__}, not a list of inputs")
    keyed = [(f"inputs[{number}]", item) for number, item in enumerate(value)]
    return [item if isinstance(item, list) else _literal(item, key) for key, item in keyed]


def _literal(text: Any, key: str) -> Arguments | str:
    """The arguments of a text of literals; another expression stays text: the sandbox evaluates it."""
    source = f"[{text}]"
    try:
        tree = ast.parse(source, mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise ValueError(f"{key} is no Python: {error}") from error
    try:
        return list(ast.literal_eval(tree))
    except (ValueError, TypeError, MemoryError, RecursionError):
        return str(text)


def _conversion(id: str) -> Callable[[Arguments], Arguments]:
    """How the inputs of a task of MBPP+ are converted; other tasks' are as they are."""
    match = re.fullmatch(r"Mbpp/(\d+)", id)
    return _CONVERSIONS.get(int(match[1]), list) if match else list


def _tuples(values: Sequence[Any]) -> list[Any]:
    return [tuple(value) for value in values]


def _deep(value: Any) -> Any:
    return tuple(map(_deep, value)) if isinstance(value, list) else value


def _sets(values: Sequence[Any]) -> list[Any]:
    return [set(value) if isinstance(value, list) and value else {} for value in values]


_BY_CONVERSION: list[tuple[Callable[[Arguments], Arguments], tuple[int, ...]]] = [
    # every argument is a tuple
    (_tuples, (2, 116, 132, 143, 222, 261, 273, 394, 399, 421, 424, 429, 470, 560, 579, 596, 616, 630, 726, 740,
               744, 809)),
    # every argument is a list of tuples
    (lambda given: [_tuples(value) for value in given],
     (63, 64, 70, 94, 120, 237, 272, 299, 400, 409, 417, 438, 473, 614, 780)),
    # the first argument is a list of tuples
    (lambda given: [_tuples(given[0]), *given[1:]], (75, 413, 444, 753)),
    # the first, or the second, argument is a tuple
    (lambda given: [tuple(given[0]), *given[1:]], (250, 307, 405, 446, 617, 720, 763, 808)),
    (lambda given: [given[0], tuple(given[1]), *given[2:]], (106, 750)),
    # every argument is a tuple of tuples, in the second case where an element is a list
    (lambda given: [tuple(_tuples(value)) for value in given], (259, 401, 445)),
    (lambda given: [tuple(tuple(item) if isinstance(item, list) else item for item in given[0])], (278,)),
    # tuples at every depth
    (lambda given: list(map(_deep, given)), (580, 615, 791)),
    (lambda given: [{key: tuple(value) for key, value in given[0].items()}, *given[1:]], (722,)),
    (lambda given: [_sets(given[0])], (115,)),
    (lambda given: [float(given[0]), complex(given[1])], (124,)),
    (lambda given: [complex(given[0])], (252,)),
]  # fmt: skip
_CONVERSIONS = {number: convert for convert, numbers in _BY_CONVERSION for number in numbers}
