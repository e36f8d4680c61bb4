# expect: failed|tampered
import unittest

unittest.TestCase.__unittest_skip__ = True
unittest.TestCase.__unittest_skip_why__ = "no need"


class Real(unittest.TestCase):
    def test(self):
        self.assertEqual(1 + 1, 3)


unittest.main()
