# expect: failed
import unittest


class Real(unittest.TestCase):
    def test(self):
        self.assertEqual(1 + 1, 3)


unittest.main(exit=False)
