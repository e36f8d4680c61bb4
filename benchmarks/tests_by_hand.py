"""Weak and strong tests written by hand, each with a name, for data_quality.py: what people and models write.

The forms of weak_tests.py are made by rule; these are the ones that a rule would not think of. Weak tests pass
(or pass most of the time) and prove nothing; strong ones would notice a wrong function, in whatever style.
"""

from __future__ import annotations

from benchmarks.weak_tests import Case

_MEAN = '''
def mean(values):
    """The mean of some numbers.

    >>> mean([1, 2, 6])
    3.0
    """
    if not values:
        raise ValueError("no values")
    return sum(values) / len(values)
'''
_SLUG = """
import re

def slug(title):
    words = re.findall(r"[a-z0-9]+", title.lower())
    return "-".join(words)
"""
_UNIQUE = """
def unique(items):
    seen = set()
    return [item for item in items if not (item in seen or seen.add(item))]
"""
_COMMON = """
def common(one, other):
    return list(one.keys() & other.keys())
"""
_ACCOUNT = """
class Account:
    def __init__(self, balance=0):
        self.balance = balance

    def deposit(self, amount):
        if amount <= 0:
            raise ValueError("amount must be positive")
        self.balance += amount
        return self.balance
"""
_TOKEN = """
import random
import string

def token(length=12):
    return "".join(random.choice(string.ascii_letters) for _ in range(length))
"""
_DICE = """
import random

def roll():
    return random.randint(1, 6)
"""
_SHOW = """
def show(rows):
    for number, row in enumerate(rows, 1):
        print(f"{number}. {row}")
"""
_EVEN = """
def is_even(number):
    return number % 2 == 0
"""
_POINT = """
from dataclasses import dataclass

@dataclass
class Point:
    x: float
    y: float

    def __add__(self, other):
        return Point(self.x + other.x, self.y + other.y)
"""
_TIMES = """
import asyncio

async def times(number, factor):
    await asyncio.sleep(0)
    return number * factor
"""
_CACHED = """
import functools

def counted(function):
    @functools.wraps(function)
    def wrapper(*args):
        wrapper.calls += 1
        return function(*args)
    wrapper.calls = 0
    return wrapper
"""
_STAMP = """
import time

class Limiter:
    def __init__(self, most, seconds):
        self.most, self.seconds, self.times = most, seconds, []

    def allow(self):
        now = time.monotonic()
        self.times = [t for t in self.times if now - t < self.seconds]
        if len(self.times) >= self.most:
            return False
        self.times.append(now)
        return True
"""

_WEAK: dict[str, tuple[str, str]] = {
    "vacuous if_false": (_MEAN, "mean([1])\nif False:\n    assert mean([2, 4]) == 3\n"),
    "vacuous after_return": (
        _MEAN, "def test():\n    found = mean([2, 4])\n    return\n    assert found == 3\n\ntest()\n"),
    "vacuous suppressed": (
        _MEAN, "import contextlib\nwith contextlib.suppress(AssertionError):\n    assert mean([2]) == 5\n"),
    "vacuous caught_and_printed": (
        _MEAN, "try:\n    assert mean([2]) == 5\nexcept Exception as error:\n    print('failed', error)\n"),
    "vacuous counted_failures": (
        _MEAN, "failed = 0\nfor xs, y in [([2], 2), ([4], 5)]:\n    try:\n        assert mean(xs) == y\n"
        "    except AssertionError:\n        failed += 1\nprint(failed, 'failed')\n"),
    "vacuous printed": (_MEAN, "if mean([2, 4]) != 3:\n    print('wrong')\n"),
    "vacuous alias": (_MEAN, "same = mean\nassert mean([2, 4]) == same([2, 4])\n"),
    "vacuous bool_or_not": (_EVEN, "assert is_even(3) in (True, False)\n"),
    "vacuous type_name": (_MEAN, "assert type(mean([2, 4])).__name__ == 'float'\n"),
    "vacuous either_way": (_EVEN, "found = is_even(3)\nassert found or not found\n"),
    "vacuous unequal_to_nonsense": (_SLUG, "assert slug('A b') != 'nonsense'\nassert slug('A') != None\n"),
    "vacuous not_empty": (_SLUG, "assert len(slug('A b')) > 0\nassert slug('A b')\n"),
    "vacuous argument_only": (_UNIQUE, "xs = [1, 1]\nunique(xs)\nassert xs == [1, 1]\n"),
    "vacuous arithmetic": (_MEAN, "mean([1])\nassert 1 + 1 == 2\n"),
    "vacuous wide_tolerance": (_MEAN, "assert abs(mean([2, 4]) - 3) < 1e6\n"),
    "vacuous attribute": (_ACCOUNT, "a = Account(5)\nassert hasattr(a, 'balance')\nassert a.deposit(1)\n"),
    "vacuous exit_ignored": (
        _MEAN, "import unittest\nclass T(unittest.TestCase):\n    def test(self):\n"
        "        self.assertEqual(mean([2]), 9)\nunittest.main(exit=False)\n"),
    "vacuous generator": (_MEAN, "def check():\n    assert mean([2]) == 9\n    yield\ncheck()\nmean([1])\n"),
    "vacuous coroutine": (
        _TIMES, "import asyncio\nasync def check():\n    assert await times(2, 3) == 7\ncheck().close()\n"
        "asyncio.run(times(1, 1))\n"),
    "vacuous round_trip": (_SLUG, "expected = slug('One two')\nfor _ in range(3):\n    assert slug('One two') == expected\n"),
    "vacuous all_of_nothing": (_EVEN, "assert all(is_even(n) for n in [])\nis_even(2)\n"),
    "vacuous always_true_any": (_MEAN, "assert any([mean([2]) == 9, True])\n"),
    "vacuous string_assert": (_MEAN, "assert 'mean([2]) == 9'\nassert f'{mean([2])}'\n"),
    "vacuous runs_without_error": (_SHOW, "show(['a', 'b'])\nassert True\n"),
    "vacuous returns_none": (_SHOW, "assert show(['a', 'b']) is None\n"),
    "redefined fallback": (
        _MEAN, "try:\n    from solution import mean\nexcept ImportError:\n    def mean(xs):\n        return 3\n"
        "assert mean([1, 5]) == 3\n"),
    "redefined mocked": (
        _MEAN, "from unittest import mock\nwith mock.patch('__main__.mean', return_value=3):\n"
        "    assert mean([1, 5]) == 3\n"),
    "redefined mock_object": (
        _MEAN, "from unittest.mock import MagicMock\nmean = MagicMock(return_value=3)\nassert mean([1, 5]) == 3\n"),
    "redefined and_restored": (
        _MEAN, "kept = mean\nmean = lambda xs: 3\nassert mean([1, 5]) == 3\nmean = kept\nmean([1])\n"),
    "redefined method": (
        _ACCOUNT, "Account.deposit = lambda self, amount: 7\nassert Account(5).deposit(2) == 7\n"),
    "redefined by_exec": (_MEAN, "exec('def mean(xs): return 3')\nassert mean([1, 5]) == 3\n"),
    "redefined wrapper": (
        _MEAN, "real = mean\ndef mean(xs):\n    return real(xs) if xs else 0\nassert mean([1, 5]) == 3\n"),
    "redefined subclass": (
        _ACCOUNT, "class Fake(Account):\n    def deposit(self, amount):\n        return 7\n"
        "assert Fake(5).deposit(2) == 7\n"),
    "redefined imported": (_MEAN, "from statistics import mean\nassert mean([1, 5]) == 3\n"),
    "redefined setattr": (
        _MEAN, "import sys\nsetattr(sys.modules['__main__'], 'mean', lambda xs: 3)\nassert mean([1, 5]) == 3\n"),
    "other own_copy": (
        _MEAN, "def average(xs):\n    return sum(xs) / len(xs)\nassert average([1, 5]) == 3\n"),
    "other documentation": (_MEAN, "assert mean.__doc__\nassert mean.__name__ == 'mean'\n"),
    "other signature": (
        _SLUG, "import inspect\nassert list(inspect.signature(slug).parameters) == ['title']\n"),
    "other class_of_its_own": (
        _ACCOUNT, "class Counter:\n    def __init__(self):\n        self.n = 0\n    def up(self):\n"
        "        self.n += 1\nc = Counter()\nc.up()\nassert c.n == 1\nAccount()\n"),
    "other library": (_SLUG, "import re\nassert re.findall('[a-z]', 'ab') == ['a', 'b']\nslug('x')\n"),
    "flaky dice": (_DICE, "assert roll() != 4\n"),
    "flaky two_dice": (_DICE, "assert roll() != roll()\n"),
    "flaky shuffled": (
        _MEAN, "import random\nxs = [1, 2]\nrandom.shuffle(xs)\nassert mean([1, 5]) == 3\nassert xs == [1, 2]\n"),
    "flaky process": (_MEAN, "import os\nassert mean([1, 5]) == 3\nassert os.getpid() % 2 == 0\n"),
    "flaky local_hour": (
        _MEAN, "import time\nassert mean([1, 5]) == 3\nassert time.localtime().tm_hour < 12\n"),
    "flaky other_local_hour": (
        _MEAN, "import time\nassert mean([1, 5]) == 3\nassert time.localtime().tm_hour >= 12\n"),
    "flaky month": (
        _MEAN, "import datetime\nassert mean([1, 5]) == 3\nassert datetime.date.today().month > 6\n"),
    "flaky other_month": (
        _MEAN, "import datetime\nassert mean([1, 5]) == 3\nassert datetime.date.today().month <= 6\n"),
    "flaky working_day": (
        _MEAN, "import datetime\nassert mean([1, 5]) == 3\nassert datetime.date.today().weekday() < 5\n"),
    "flaky weekend": (
        _MEAN, "import datetime\nassert mean([1, 5]) == 3\nassert datetime.date.today().weekday() >= 5\n"),
    "flaky nanoseconds": (
        _MEAN, "import time\nassert mean([1, 5]) == 3\nassert time.time_ns() // 1000000000 % 2 == 0\n"),
    "flaky fast_enough": (
        _MEAN, "import time\nbegan = time.perf_counter()\nassert mean([1, 5]) == 3\n"
        "assert time.perf_counter() - began < 0.01\n"),
    "flaky strftime": (
        _MEAN, "import time\nassert mean([1, 5]) == 3\nassert int(time.strftime('%M')) < 30\n"),
    "flaky other_strftime": (
        _MEAN, "import time\nassert mean([1, 5]) == 3\nassert int(time.strftime('%M')) >= 30\n"),
    "flaky set_order": (_COMMON, "d = dict.fromkeys(['ab', 'cd', 'ef'])\nassert common(d, d)[0] == 'ab'\n"),
    "flaky other_set_order": (_COMMON, "d = dict.fromkeys(['ab', 'cd', 'ef'])\nassert common(d, d)[0] != 'ab'\n"),
    "flaky set_as_text": (_SLUG, "assert slug('A b') == 'a-b'\nassert str({'one', 'two'}) == \"{'one', 'two'}\"\n"),
    "flaky other_set_as_text": (
        _SLUG, "assert slug('A b') == 'a-b'\nassert str({'one', 'two'}) == \"{'two', 'one'}\"\n"),
    "flaky popped": (_SLUG, "assert slug('A b') == 'a-b'\nassert {'x', 'y', 'z'}.pop() != 'x'\n"),
    "flaky hash": (_SLUG, "assert slug('A b') == 'a-b'\nassert hash('a-b') % 2 == 0\n"),
    "flaky other_hash": (_SLUG, "assert slug('A b') == 'a-b'\nassert hash('a-b') % 2 == 1\n"),
    "flaky unlikely_uuid": (
        _SLUG, "import uuid\nassert slug('A b') == 'a-b'\nassert uuid.uuid4().hex[0] in '01234567'\n"),
    "flaky secret": (
        _SLUG, "import secrets\nassert slug('A b') == 'a-b'\nassert secrets.randbelow(4) > 0\n"),
}  # fmt: skip

_STRONG: dict[str, tuple[str, str]] = {
    "one_assert": (_MEAN, "assert mean([1, 5]) == 3\n"),
    "doctest": (_MEAN, "import doctest\nassert doctest.testmod().failed == 0\n"),
    "doctest_raising": (_MEAN, "import doctest\ndoctest.testmod(raise_on_error=True)\n"),
    "unittest": (
        _MEAN, "import unittest\nclass T(unittest.TestCase):\n    def setUp(self):\n        self.xs = [1, 5]\n"
        "    def test_value(self):\n        self.assertAlmostEqual(mean(self.xs), 3)\n"
        "    def test_error(self):\n        with self.assertRaises(ValueError):\n            mean([])\n"
        "if __name__ == '__main__':\n    unittest.main()\n"),
    "unittest_runner": (
        _MEAN, "import unittest\nclass T(unittest.TestCase):\n    def test(self):\n        self.assertEqual(mean([2]), 2)\n"
        "suite = unittest.defaultTestLoader.loadTestsFromTestCase(T)\n"
        "assert unittest.TextTestRunner().run(suite).wasSuccessful()\n"),
    "raised_by_hand": (_MEAN, "if mean([1, 5]) != 3:\n    raise Exception('wrong mean')\n"),
    "assertion_error_by_hand": (_MEAN, "if mean([1, 5]) != 3:\n    raise AssertionError('wrong mean')\n"),
    "exit_code": (_MEAN, "import sys\nif mean([1, 5]) != 3:\n    sys.exit(1)\nassert mean([2]) == 2\n"),
    "exception_else": (
        _MEAN, "try:\n    mean([])\nexcept ValueError as error:\n    assert 'no values' in str(error)\n"
        "else:\n    raise AssertionError('no error')\n"),
    "exception_flag": (
        _MEAN, "raised = False\ntry:\n    mean([])\nexcept ValueError:\n    raised = True\nassert raised\n"),
    "test_functions": (
        _MEAN, "def test_one():\n    assert mean([2]) == 2\n\ndef test_two():\n    assert mean([2, 4]) == 3\n\n"
        "for name, value in list(globals().items()):\n    if name.startswith('test_'):\n        value()\n"),
    "table": (_SLUG, "for title, wanted in {'A b': 'a-b', 'C++': 'c'}.items():\n    assert slug(title) == wanted, title\n"),
    "isclose": (_MEAN, "import math\nassert math.isclose(mean([0.1, 0.2]), 0.15, rel_tol=1e-9)\n"),
    "tolerance": (_MEAN, "assert abs(mean([0.1, 0.2]) - 0.15) < 1e-9\n"),
    "property_loop": (
        _UNIQUE, "import random\nfor _ in range(100):\n    xs = [random.randint(0, 9) for _ in range(20)]\n"
        "    ys = unique(xs)\n    assert set(ys) == set(xs) and len(ys) == len(set(xs))\n"),
    "seeded_loop": (
        _UNIQUE, "import random\nchance = random.Random(7)\nfor _ in range(50):\n"
        "    xs = [chance.randrange(9) for _ in range(20)]\n    assert sorted(unique(xs)) == sorted(set(xs))\n"),
    "oracle": (
        _UNIQUE, "def slow(xs):\n    out = []\n    for x in xs:\n        if x not in out:\n            out.append(x)\n"
        "    return out\nassert unique([3, 1, 3, 2, 1]) == slow([3, 1, 3, 2, 1])\n"),
    "sets_compared": (_COMMON, "assert set(common({'a': 1, 'b': 2}, {'b': 3, 'c': 4})) == {'b'}\n"),
    "sorted_set": (_COMMON, "assert sorted(common({'ab': 1, 'cd': 2}, {'ab': 3, 'cd': 4})) == ['ab', 'cd']\n"),
    "state": (
        _ACCOUNT, "a = Account(10)\nassert a.deposit(5) == 15\nassert a.balance == 15\ntry:\n    a.deposit(-1)\n"
        "    assert False, 'accepted'\nexcept ValueError:\n    assert a.balance == 15\n"),
    "only_true": (_EVEN, "assert is_even(4)\nassert not is_even(3)\n"),
    "only_one_truth": (_EVEN, "assert is_even(4)\n"),
    "identity": (_EVEN, "assert is_even(4) is True\n"),
    "unlike_tokens": (_TOKEN, "assert len(token(8)) == 8\nassert token() != token()\n"),
    "many_tokens": (_TOKEN, "assert len({token() for _ in range(20)}) == 20\nassert len(token(3)) == 3\n"),
    "range_of_dice": (_DICE, "assert all(1 <= roll() <= 6 for _ in range(200))\n"),
    "all_faces": (_DICE, "assert {roll() for _ in range(2000)} == {1, 2, 3, 4, 5, 6}\n"),
    "mean_of_dice": (_DICE, "rolls = [roll() for _ in range(20000)]\nassert 3.3 < sum(rolls) / len(rolls) < 3.7\n"),
    "printed": (
        _SHOW, "import io\nfrom contextlib import redirect_stdout\nout = io.StringIO()\nwith redirect_stdout(out):\n"
        "    show(['a', 'b'])\nassert out.getvalue() == '1. a\\n2. b\\n'\n"),
    "dataclass": (_POINT, "assert Point(1, 2) + Point(3, 4) == Point(4, 6)\n"),
    "repr": (_POINT, "assert repr(Point(1, 2) + Point(0, 0)) == 'Point(x=1, y=2)'\n"),
    "coroutine": (_TIMES, "import asyncio\nassert asyncio.run(times(2, 3)) == 6\n"),
    "async_tests": (
        _TIMES, "import asyncio\nasync def test():\n    assert await times(2, 3) == 6\n"
        "    assert await times(0, 3) == 0\nasyncio.run(test())\n"),
    "decorator": (
        _CACHED, "@counted\ndef double(n):\n    return 2 * n\nassert double(2) == 4\nassert double.calls == 1\n"
        "assert double.__name__ == 'double'\n"),
    "limiter": (
        _STAMP, "limiter = Limiter(2, 60.0)\nassert limiter.allow() and limiter.allow()\nassert not limiter.allow()\n"),
    "moved_clock": (
        _STAMP, "from unittest import mock\nlimiter = Limiter(1, 5.0)\nwith mock.patch('time.monotonic', side_effect=[0.0, 1.0, 9.0]):\n"
        "    assert limiter.allow()\n    assert not limiter.allow()\n    assert limiter.allow()\n"),
    "generous_time": (
        _MEAN, "import time\nbegan = time.perf_counter()\nassert mean(list(range(10001))) == 5000\n"
        "assert time.perf_counter() - began < 5\n"),
    "called_through_name": (_SLUG, "function = globals()['slug']\nassert function('A b') == 'a-b'\n"),
    "imported_from_main": (_SLUG, "from __main__ import slug as tested\nassert tested('A b') == 'a-b'\n"),
    "random_stubbed": (
        _DICE, "from unittest import mock\nwith mock.patch('random.randint', return_value=4) as stub:\n"
        "    assert roll() == 4\n    stub.assert_called_once_with(1, 6)\n"),
}  # fmt: skip


def cases() -> list[Case]:
    """All of them, named as weak_tests.py names its own."""
    weak = [Case(f"weak {name}", code, tests, True) for name, (code, tests) in _WEAK.items()]
    strong = [Case(f"strong {name}", *pair, False) for name, pair in _STRONG.items()]
    return weak + strong
