# expect: tampered
import unittest

unittest.TestCase.assertEqual = lambda *_: None


class Real(unittest.TestCase):
    def test(self):
        self.assertEqual(1 + 1, 3)


unittest.main()
