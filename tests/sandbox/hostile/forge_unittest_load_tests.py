# expect: tampered|failed
import unittest


class Good(unittest.TestCase):
    def test(self):
        pass


def load_tests(loader, tests, pattern):
    return unittest.TestSuite([Good("test")])


class Real(unittest.TestCase):
    def test(self):
        self.assertEqual(1 + 1, 3)


unittest.main()
