"""Honest responses with honest tests, over the idioms in which models write tests: each must pass and must hold.

Every response is combined with every idiom. Beside them: modules of the standard library whose examples all succeed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sandbox.falsification import Claim

DOCTESTED = (
    "collections", "difflib", "doctest", "enum", "fractions", "heapq", "http.cookies", "json", "pickle", "pickletools",
    "statistics", "typing", "zipfile",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Solved:
    """A response: its function's name and code, and calls of it with the results, as text."""

    name: str
    code: str
    cases: tuple[tuple[str, str], ...]


RESPONSES = (
    Solved("add", "def add(a, b):\n    return a + b\n", (("1, 2", "3"), ("-1, 1", "0"), ("2, 2", "4"))),
    Solved("mirrored", "def mirrored(text):\n    return text[::-1]\n", (("'abc'", "'cba'"), ("'é'", "'é'"))),
    Solved(
        "is_prime",
        "def is_prime(n: int) -> bool:\n    return n > 1 and all(n % d for d in range(2, int(n**0.5) + 1))\n",
        (("2", "True"), ("9", "False"), ("13", "True")),
    ),
    Solved(
        "counts",
        "from collections import Counter\n\n\ndef counts(words):\n    return dict(Counter(words))\n",
        (("['a', 'b', 'a']", "{'a': 2, 'b': 1}"), ("[]", "{}")),
    ),
    Solved(
        "flattened",
        "def flattened(rows):\n    for row in rows:\n        yield from row\n\n\n"
        "_flattened = flattened\n\n\ndef flattened(rows):\n    return list(_flattened(rows))\n",
        (("[[1], [2, 3]]", "[1, 2, 3]"), ("[]", "[]")),
    ),
    Solved(
        "mean",
        "def mean(values):\n    if not values:\n        return None\n    return sum(values) / len(values)\n",
        (("[1, 2]", "1.5"), ("[]", "None"), ("[4]", "4.0")),
    ),
    Solved(
        "Solution().pair",
        "from typing import List, Tuple\n\n\nclass Solution:\n    def pair(self, values: List[int]) -> Tuple[int, int]:\n"
        "        return min(values), max(values)\n",
        (("[3, 1, 2]", "(1, 3)"), ("[5]", "(5, 5)")),
    ),
    Solved(
        "unique",
        "import functools\n\n\ndef logged(function):\n    @functools.wraps(function)\n    def run(*a, **k):\n"
        "        return function(*a, **k)\n\n    return run\n\n\n@logged\ndef unique(values):\n    return set(values)\n",
        (("[1, 1, 2]", "{1, 2}"), ("'aa'", "{'a'}")),
    ),
)

_CASE = "import unittest\n\n\nclass TestIt(unittest.TestCase):\n"


def _asserts(it: Solved, indent: str = "") -> str:
    return "".join(f"{indent}assert {it.name}({given}) == {wanted}\n" for given, wanted in it.cases)


def _methods(it: Solved) -> str:
    tests = (
        f"    def test_{n}(self):\n        self.assertEqual({it.name}({given}), {wanted})\n\n"
        for n, (given, wanted) in enumerate(it.cases)
    )
    return _CASE + "".join(tests) + "\n"


def _table(it: Solved) -> str:
    return "cases = [" + ", ".join(f"(({given},), {wanted})" for given, wanted in it.cases) + "]\n"


def _examples(it: Solved) -> str:
    lines = "".join(f">>> {it.name}({given}) == {wanted}\nTrue\n" for given, wanted in it.cases)
    return f'"""\n{lines}"""\n'


IDIOMS: dict[str, Callable[[Solved], str]] = {
    "asserts": _asserts,
    "asserts with a message": lambda it: "".join(
        f'assert {it.name}({given}) == {wanted}, f"got {{{it.name}({given})!r}}"\n' for given, wanted in it.cases
    ),
    "asserts, the value first": lambda it: "".join(f"assert {w} == {it.name}({g})\n" for g, w in it.cases),
    "a variable, then an assert": lambda it: "".join(
        f"result = {it.name}({given})\nprint(result)\nassert result == {wanted}\n" for given, wanted in it.cases
    ),
    "a variable for what is expected": lambda it: "".join(
        f"expected = {wanted}\nassert {it.name}({given}) == expected\n" for given, wanted in it.cases
    ),
    "a loop over a table": lambda it: (
        f"{_table(it)}for arguments, wanted in cases:\n    assert {it.name}(*arguments) == wanted\n"
    ),
    "all of a table": lambda it: f"{_table(it)}assert all({it.name}(*a) == wanted for a, wanted in cases)\n",
    "a function that is called": lambda it: f"def test_it():\n{_asserts(it, '    ')}\n\ntest_it()\nprint('ok')\n",
    "functions behind a main guard": lambda it: (
        f"def test_one():\n{_asserts(it, '    ')}\n\ndef test_two():\n{_asserts(it, '    ')}\n\n"
        'if __name__ == "__main__":\n    test_one()\n    test_two()\n    print("All tests passed!")\n'
    ),
    "all functions named test": lambda it: (
        f"def test_one():\n{_asserts(it, '    ')}\n\nfor name, test in list(globals().items()):\n"
        '    if name.startswith("test_"):\n        test()\n'
    ),
    "check(candidate)": lambda it: (
        f"def check(candidate):\n{_asserts(Solved('candidate', '', it.cases), '    ')}\n\ncheck({it.name})\n"
    ),
    "sys.exit(0) at the end": lambda it: f"import sys\n\n{_asserts(it)}print('ok')\nsys.exit(0)  # success\n",
    "main that returns its exit code": lambda it: (
        f"import sys\n\n\ndef main():\n{_asserts(it, '    ')}    return 0\n\n\n"
        'if __name__ == "__main__":\n    sys.exit(main())\n'
    ),
    "assertion errors caught, then exit": lambda it: (
        f"import sys\n\ntry:\n{_asserts(it, '    ')}except AssertionError as error:\n    print('FAILED', error)\n"
        "    sys.exit(1)\nelse:\n    print('ok')\n    sys.exit(0)\n"
    ),
    "failures counted by hand": lambda it: (
        f"import sys\n\n{_table(it)}failures = 0\nfor arguments, wanted in cases:\n"
        f"    if {it.name}(*arguments) != wanted:\n        failures += 1\nsys.exit(1 if failures else 0)\n"
    ),
    "raise where it differs": lambda it: (
        f"{_table(it)}for arguments, wanted in cases:\n    if {it.name}(*arguments) != wanted:\n"
        "        raise ValueError(arguments)\n"
    ),
    "unittest.main()": lambda it: f"{_methods(it)}unittest.main()\n",
    "unittest behind a main guard": lambda it: f'{_methods(it)}if __name__ == "__main__":\n    unittest.main(verbosity=2)\n',
    "unittest without exit": lambda it: f"{_methods(it)}unittest.main(argv=['first-arg-is-ignored'], exit=False)\n",
    "a suite that decides the exit": lambda it: (
        f"{_methods(it)}import sys\n\nsuite = unittest.TestLoader().loadTestsFromTestCase(TestIt)\n"
        "sys.exit(0 if unittest.TextTestRunner().run(suite).wasSuccessful() else 1)\n"
    ),
    "unittest with subtests": lambda it: (
        f"{_CASE}    def test_all(self):\n        {_table(it)}        for arguments, wanted in cases:\n"
        f"            with self.subTest(arguments=arguments):\n"
        f"                self.assertEqual({it.name}(*arguments), wanted)\n\n\nunittest.main()\n"
    ),
    "unittest with set-up and tear-down": lambda it: (
        f"{_CASE}    def setUp(self):\n        self.call = lambda *a: {it.name}(*a)\n\n    def tearDown(self):\n"
        f"        del self.call\n\n    def test_it(self):\n"
        + "".join(f"        self.assertTrue(self.call({g}) == {w})\n" for g, w in it.cases)
        + "\n\nunittest.main()\n"
    ),
    "examples for doctest": lambda it: f"__test__ = {{'it': {_examples(it).rstrip()}}}\nimport doctest\n\ndoctest.testmod()\n",
    "examples that decide": lambda it: (
        f"def examples():\n    {_examples(it).replace(chr(10), chr(10) + '    ').rstrip()}\n\n\n"
        "import doctest\n\nassert doctest.testmod().failed == 0\n"
    ),
    "in a thread": lambda it: (
        "from concurrent.futures import ThreadPoolExecutor\n\nwith ThreadPoolExecutor(2) as pool:\n"
        + "".join(f"    assert pool.submit({it.name}, {g}).result() == {w}\n" for g, w in it.cases)
    ),
    "in an event loop": lambda it: f"import asyncio\n\n\nasync def main():\n{_asserts(it, '    ')}\n\nasyncio.run(main())\n",
    "timed, with types": lambda it: (
        f"import time\n\nbegan = time.perf_counter()\n{_asserts(it)}assert time.perf_counter() - began < 5\n"
        + "".join(f"assert isinstance({it.name}({g}), type({w}))\n" for g, w in it.cases)
    ),
    "not equal to another": lambda it: (
        "".join(f"assert {it.name}({g}) != 'another'\n" for g, w in it.cases) + _asserts(it).splitlines()[0] + "\n"
    ),
}  # fmt: skip


def claims() -> Iterator[Claim]:
    """All of them; an id is the idiom and the response."""
    for idiom, write in IDIOMS.items():
        for it in RESPONSES:
            yield Claim(f"{idiom}: {it.name}", it.code, write(it))


def doctests() -> Iterator[Claim]:
    """Programs that run the examples of a module."""
    for name in DOCTESTED:
        yield Claim(name, "", f"import doctest\nimport {name}\n\nassert doctest.testmod({name}).failed == 0\n")
