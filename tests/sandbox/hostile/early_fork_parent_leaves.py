# expect: exited_early
import os

if os.fork():
    os._exit(0)
assert 1 + 1 == 3
