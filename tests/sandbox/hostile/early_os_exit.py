# expect: exited_early
import os

os._exit(0)
assert 1 + 1 == 3
