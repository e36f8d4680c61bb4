# expect: tampered|failed
import unittest

for name in ("addFailure", "addError"):
    for cell in getattr(unittest.TestResult, name).__closure__ or ():
        try:
            cell.cell_contents = lambda *a: False
        except ValueError:
            pass


class Real(unittest.TestCase):
    def test(self):
        self.assertEqual(1 + 1, 3)


unittest.main(exit=False)
