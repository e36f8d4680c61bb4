# expect: tampered
import unittest

unittest.TextTestResult.addFailure = lambda *_: None
unittest.TestResult.addFailure = lambda *_: None
unittest.TestResult.wasSuccessful = lambda _: True


class Real(unittest.TestCase):
    def test(self):
        self.assertEqual(1 + 1, 3)


unittest.main(exit=False)
