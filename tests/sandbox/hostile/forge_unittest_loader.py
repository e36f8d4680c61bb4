# expect: tampered|failed
import unittest

unittest.defaultTestLoader.loadTestsFromModule = lambda *a, **k: unittest.TestSuite()


class Real(unittest.TestCase):
    def test(self):
        self.assertEqual(1 + 1, 3)


unittest.main()
