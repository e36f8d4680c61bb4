import builtins
import contextlib
import io
from unittest.mock import patch


def ask():
    return int(input("n: ")) + 1


with patch("builtins.input", return_value="4"):
    assert ask() == 5
builtins.input = lambda prompt="": "6"
assert ask() == 7
with contextlib.redirect_stdout(io.StringIO()) as out:
    print("hidden")
assert out.getvalue() == "hidden\n"
