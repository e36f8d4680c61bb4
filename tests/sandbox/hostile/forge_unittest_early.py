# expect: exited_early|failed
import unittest


class Good(unittest.TestCase):
    def test(self):
        pass


unittest.main()
assert 1 + 1 == 3
