# expect: failed
import os
import sys

sys.excepthook = lambda *_: os._exit(0)
assert 1 + 1 == 3
