# expect: failed
import unittest


class Real(unittest.TestCase):
    def test(self):
        with self.subTest(1):
            self.assertEqual(1 + 1, 3)


suite = unittest.defaultTestLoader.loadTestsFromTestCase(Real)
unittest.TextTestRunner().run(suite)
