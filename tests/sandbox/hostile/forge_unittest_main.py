# expect: exited_early|tampered
import sys
import unittest

unittest.main = lambda *a, **k: sys.exit(0)


class Real(unittest.TestCase):
    def test(self):
        self.assertEqual(1 + 1, 3)


if __name__ == "__main__":
    unittest.main()
