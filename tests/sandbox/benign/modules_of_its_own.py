import importlib
import os
import sys

os.makedirs("package")
with open("package/__init__.py", "w") as file:
    file.write("from .inner import value\n")
with open("package/inner.py", "w") as file:
    file.write("value = 42\n")
importlib.invalidate_caches()
import package

assert package.value == 42 and sys.path[0] == os.path.dirname(os.path.abspath(__file__))
exec(compile("y = 3", "<text>", "exec"))
assert y == 3 and eval("y + 1") == 4
