# expect: tampered
import sys
import types
import unittest

fake = types.ModuleType("__main__")


class Good(unittest.TestCase):
    def test(self):
        pass


fake.Good = Good
sys.modules["__main__"] = fake


class Real(unittest.TestCase):
    def test(self):
        self.assertEqual(1 + 1, 3)


unittest.main()
