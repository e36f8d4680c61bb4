# expect: tampered|failed
import unittest

unittest.TestCase.assertEqual.__code__ = (lambda self, a, b, msg=None: None).__code__


class Real(unittest.TestCase):
    def test(self):
        self.assertEqual(1 + 1, 3)


unittest.main()
