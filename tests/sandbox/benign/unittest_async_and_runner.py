import sys
import unittest


class TestAsync(unittest.IsolatedAsyncioTestCase):
    async def test_it(self):
        self.assertEqual(1 + 1, 2)


suite = unittest.TestLoader().loadTestsFromTestCase(TestAsync)
result = unittest.TextTestRunner(stream=sys.stdout).run(suite)
sys.exit(0 if result.wasSuccessful() else 1)
