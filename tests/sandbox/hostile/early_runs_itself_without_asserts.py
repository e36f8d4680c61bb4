# expect: exited_early
import os
import sys

if not sys.flags.optimize:
    os.execv(sys.executable, [sys.executable, "-O", __file__])
assert 1 + 1 == 3
