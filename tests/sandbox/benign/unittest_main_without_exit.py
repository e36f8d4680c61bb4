import unittest
from unittest import TestCase, mock


class TestMock(TestCase):
    @mock.patch("os.getcwd", return_value="/x")
    def test_patch(self, fake):
        import os

        self.assertEqual(os.getcwd(), "/x")

    def test_sub(self):
        for x in range(3):
            with self.subTest(x=x):
                self.assertLess(x, 3)


unittest.main(argv=["first-arg-is-ignored"], exit=False, verbosity=2)
