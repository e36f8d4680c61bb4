import inspect
import traceback


def documented(a, b=2, *args, c, **kwargs):
    """Doc."""
    return a  # a comment


class Thing:
    def method(self):
        return 1


assert inspect.getsource(documented).endswith("# a comment\n")
assert "def method" in inspect.getsource(Thing) and "return 1" in inspect.getsource(Thing.method)
assert str(inspect.signature(documented)) == "(a, b=2, *args, c, **kwargs)"
assert "def dumps" in inspect.getsource(__import__("json").dumps)
assert "class Counter" in inspect.getsource(__import__("collections").Counter)
assert inspect.stack()[0].filename == __file__
try:
    documented()
except TypeError:
    assert "documented()" in traceback.format_exc() and "main.py" in traceback.format_exc()
with open(__file__) as file:
    assert "inspect_own" not in file.readline() or True
