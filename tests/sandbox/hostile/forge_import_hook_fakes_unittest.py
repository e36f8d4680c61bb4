# expect: failed|exited_early|tampered
import sys
import types

fake = types.ModuleType("unittest")
fake.TestCase = object
fake.main = lambda *a, **k: sys.exit(0)
sys.modules["unittest"] = fake

import unittest


class Real(unittest.TestCase):
    def test(self):
        assert 1 + 1 == 3


unittest.main()
