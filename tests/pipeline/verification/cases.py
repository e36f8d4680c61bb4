"""Responses with tests: weak ones, by the rule that drops them, and strong ones."""

from __future__ import annotations

import datetime
import subprocess
import sys
import time

SUM = "def total(xs):\n    result = 0\n    for x in xs:\n        result += x\n    return result\n"
GREET = "def greet(name):\n    return f'Hello {name}'\n"
PICK = "import random\n\ndef pick(xs):\n    return random.choice(xs)\n"
STACK = """
class Stack:
    def __init__(self):
        self.items = []

    def push(self, item):
        self.items.append(item)

    def pop(self):
        return self.items.pop()
"""
DOUBLE = """
def double(n):
    if n < 0:
        raise ValueError("negative")
    return n * 2
"""


def of_this_moment(tests: str) -> str:
    """Tests that hold now, in this year, and with the sandbox's hash seed."""
    year = datetime.datetime.now(datetime.timezone.utc).year
    half = "<" if time.time() % 7200 < 3600 else ">="
    known = {"HALF": half, "BEFORE": str(year - 1), "ORDER": order_of_a_set()}
    for name, value in known.items():
        tests = tests.replace(name, value)
    return tests


def order_of_a_set() -> str:
    """A list of a set's items in the order that the sandbox's own hash seed gives them."""
    command = [sys.executable, "-c", "print(list({'ab', 'cd', 'ef', 'gh'}))"]
    return subprocess.run(
        command, env={"PYTHONHASHSEED": "0"}, capture_output=True, text=True, check=True
    ).stdout.strip()


WEAK = {
    "response_not_called": [
        (SUM, "assert True\n"),
        (SUM, "assert callable(total)\nassert total\n"),
        (SUM, "def other(x):\n    return x + 1\n\nassert other(1) == 2\n"),
        (SUM, "assert sum([1, 2]) == 3\n"),
        (SUM, "def test():\n    def total(xs):\n        return 7\n    assert total([]) == 7\n\ntest()\n"),
        (SUM, "def test():\n    assert total([1]) == 3\n\nready = True\n"),
    ],
    "tests_redefine": [
        (SUM, "def total(xs):\n    return 3\n\nassert total([1, 2]) == 3\n"),
        (SUM, "total = lambda xs: 6\nassert total([1]) == 6\n"),
        (STACK, "class Stack(list):\n    push = list.append\n\ns = Stack()\ns.push(1)\nassert s.pop() == 1\n"),
    ],
    "no_assert_ran": [
        (SUM, "total([1])\nfor case in []:\n    assert total(case) == 1\n"),
    ],
    "vacuous_tests": [
        (SUM, "assert total([1, 2]) == total([1, 2])\n"),
        (SUM, "assert isinstance(total([1, 2]), int)\n"),
        (SUM, "assert total([1]) is not None\n"),
        (SUM, "assert total([1]) == 5 or True\n"),
        (SUM, "assert (total([1]) == 7, 'message')\n"),
        (SUM, "try:\n    assert total([1]) == 9\nexcept AssertionError:\n    pass\n"),
        (GREET, "assert isinstance(greet('Bob'), str)\nassert len(greet('x')) > 0\n"),
        (STACK, "s = Stack()\ns.push(1)\nassert isinstance(s, Stack)\n"),
    ],
    "flaky_tests": [
        (PICK, "assert pick(list(range(1000))) < 995\n"),
        (PICK, "assert pick(list(range(1000))) > 4\n"),
        (SUM, "import random\nassert total([1]) == 1\nassert random.random() < 0.995\n"),
        (SUM, "import time\nassert total([1]) == 1\nassert time.time() % 7200 HALF 3600\n"),
        (SUM, "from datetime import datetime\nassert total([1]) == datetime.now().year - BEFORE\n"),
        (GREET, "assert greet('a') == 'Hello a'\nassert list({'ab', 'cd', 'ef', 'gh'}) == ORDER\n"),
    ],
}  # fmt: skip

TOTAL_CASE = (
    "import unittest\n\nclass T(unittest.TestCase):\n    def test(self):\n"
    "        self.assertEqual(total([1, 2]), 3)\n\n"
)
STRONG = [
    (SUM, "assert total([1, 2]) == 3\n"),
    (SUM, "def check(candidate):\n    assert candidate([2]) == 2\n\ncheck(total)\n"),
    (SUM, "import unittest\n\nclass T(unittest.TestCase):\n    def test(self):\n"
          "        self.assertEqual(total([1, 2]), 3)\n\nunittest.main()\n"),
    (GREET, "assert 'Bob' in greet('Bob')\n"),
    (PICK, "for _ in range(50):\n    assert pick([1, 2, 3]) in (1, 2, 3)\n"),
    (STACK, "s = Stack()\ns.push(1)\ns.push(2)\nassert s.pop() == 2\nassert s.items == [1]\n"),
    (DOUBLE, "try:\n    double(-1)\n    assert False\nexcept ValueError:\n    pass\n"),
    ("f = lambda x: x + 1\n", "assert f(1) == 2\n"),
    ("def steps(n):\n    count = 0\n    while n > 0:\n        n -= 1\n        count += 1\n    return count\n",
     "assert steps(3) == 3\n"),
    ("def letters(text):\n    return set(text)\n", "assert letters('abca') == {'a', 'b', 'c'}\n"),
    ("def squares(n):\n    for i in range(n):\n        yield i * i\n", "assert list(squares(3)) == [0, 1, 4]\n"),
    ("def sort(xs):\n    xs.sort()\n", "a = [3, 1]\nsort(a)\nassert a == [1, 3]\n"),
    ("import random\n\ndef roll(seed):\n    random.seed(seed)\n    return random.randint(1, 6)\n",
     "assert roll(3) == roll(3)\nassert roll(1) == 2\n"),
    ("import datetime\n\ndef age(day):\n    return (datetime.date.today() - day).days\n",
     "import datetime\nassert age(datetime.date.today() - datetime.timedelta(3)) == 3\n"),
    # failures that are counted and not raised
    (SUM, TOTAL_CASE + "unittest.main(exit=False)\n"),
    (SUM, TOTAL_CASE + "unittest.main(argv=[''], exit=False)\n"),
    (SUM, TOTAL_CASE + "unittest.TextTestRunner().run(unittest.defaultTestLoader.loadTestsFromTestCase(T))\n"),
    (SUM, TOTAL_CASE + "import sys\nresult = unittest.main(exit=False).result\nsys.exit(not result.wasSuccessful())\n"),
    ("def total(xs):\n    \"\"\"Add.\n\n    >>> total([1, 2])\n    3\n    \"\"\"\n    return sum(xs)\n",
     "import doctest\ndoctest.testmod()\n"),
    (SUM, "failures = 0\nfor xs, wanted in (([1, 2], 3), ([], 0)):\n    if total(xs) != wanted:\n        failures += 1\n"
          "raise SystemExit(failures)\n"),
    (SUM, "import sys\nbad = [xs for xs, wanted in (([1, 2], 3), ([], 0)) if total(xs) != wanted]\n"
          "if bad:\n    print('FAIL', bad)\n    sys.exit(1)\n"),
]  # fmt: skip
