"""Weak tests made of strong ones: cases that pass and prove nothing, of four kinds, for data_quality.py.

vacuous     asserts that hold for any function of the right type, or cannot fail
redefined   the tests bring their own function under the name of the tested one
other       the tests test something else
flaky       what passes depends on draws, on the clock or on the order of sets

In: strong cases (code, tests). Out: a case of every form whose material a strong case has. A call of the tested
function with arguments for which it returns is taken from the strong tests' own asserts.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

HELPER = "def helper_of_mine(n):\n    return n + 1\n"


@dataclass(frozen=True, slots=True)
class Case:
    """Code with tests; `id` begins with what it is: "strong TASK" or "weak KIND FORM TASK"."""

    id: str
    code: str
    tests: str
    weak: bool


def planted(strong: Sequence[Case], seed: int) -> list[Case]:
    """Weak cases, one of every kind for each strong case that has a call to take; the form is drawn."""
    chance = random.Random(seed)
    cases = []
    for case in strong:
        call, expected = _a_call(case)
        if not call:
            continue
        name = call.split("(")[0]
        for kind, forms in _forms(name, call, expected, case.code):
            form = chance.choice(sorted(forms))
            cases.append(Case(f"weak {kind} {form} {case.id}", case.code, forms[form], True))
    return cases


def _forms(name: str, call: str, expected: str, code: str) -> Iterator[tuple[str, dict[str, str]]]:
    yield (
        "vacuous",
        {
            "true": f"{call}\nassert True\n",
            "itself": f"assert {call} == {call}\n",
            "some_type": f"assert isinstance({call}, object)\n",
            "own_type": f"assert isinstance({call}, type({call}))\n",
            "present": f"result = {call}\nassert result is None or result is not None\n",
            "or_true": f"assert {call} == 'no such value' or True\n",
            "tuple": f"assert ({call} == 'no such value', 'message')\n",
            "swallowed": f"try:\n    assert {call} == 'no such value'\nexcept AssertionError:\n    pass\n",
            "callable": f"assert callable({name})\n",
            "never_run": f"def test():\n    assert {call} == {expected}\n\nready = True\n",
            "no_loop": f"for _ in []:\n    assert {call} == {expected}\n",
            "as_text": f"assert len(str({call})) >= 0\n",
            "its_result": f"expected = {call}\nassert {call} == expected\n",
        },
    )
    yield (
        "redefined",
        {
            "function": f"def {name}(*args, **kwargs):\n    return {expected}\n\nassert {call} == {expected}\n",
            "lambda": f"{name} = lambda *args: {expected}\nassert {call} == {expected}\n",
            "copy": f"{code}\nassert {call} == {expected}\n",
            "global": f"globals()['{name}'] = lambda *args: {expected}\nassert {call} == {expected}\n",
            "inside": (
                f"def test():\n    def {name}(*args):\n        return {expected}\n"
                f"    assert {call} == {expected}\n\ntest()\n"
            ),
        },
    )
    yield (
        "other",
        {
            "helper": f"{HELPER}\nassert helper_of_mine(1) == 2\n",
            "builtin": "assert sorted([3, 1, 2]) == [1, 2, 3]\nassert sum([1, 2]) == 3\n",
            "library": "import math\nassert math.gcd(12, 18) == 6\n",
            "after_a_call": f"{HELPER}\n{call}\nassert helper_of_mine(2) == 3\n",
        },
    )
    yield (
        "flaky",
        {
            "draw": f"import random\nassert {call} == {expected}\nassert random.random() < 0.9\n",
            "integer": f"import random\nassert {call} == {expected}\nassert random.randint(1, 20) < 20\n",
            "choice": f"from random import choice\nassert {call} == {expected}\nassert choice(range(30))\n",
            "half_hour": f"import time\nassert {call} == {expected}\nassert time.time() % 3600 < 1800\n",
            "other_half_hour": f"import time\nassert {call} == {expected}\nassert time.time() % 3600 >= 1800\n",
            "afternoon": (f"import datetime\nassert {call} == {expected}\nassert datetime.datetime.now().hour >= 12\n"),
            "morning": (
                f"from datetime import datetime\nassert {call} == {expected}\nassert datetime.now().hour < 12\n"
            ),
            "set_order": f"assert {call} == {expected}\nassert list({{'ab', 'cd', 'ef'}})[0] != 'ab'\n",
            "hash": f"assert {call} == {expected}\nassert hash('some text') % 4\n",
        },
    )


def _a_call(case: Case) -> tuple[str, str]:
    """A call of a function of the code with literal arguments, and the literal that it should equal."""
    defined = [node.name for node in ast.parse(case.code).body if isinstance(node, ast.FunctionDef)]
    for node in ast.walk(ast.parse(case.tests)):
        match node:
            case ast.Compare(left=ast.Call(func=ast.Name(id=name)) as call, ops=[ast.Eq()]):
                pass
            case _:
                continue
        expected = node.comparators[0]
        if name not in ("candidate", *defined) or not all(map(_literal, [*call.args, expected])):
            continue
        call.func = ast.Name(defined[-1] if name == "candidate" else name)
        return ast.unparse(call), ast.unparse(expected)
    return "", ""


def _literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True
