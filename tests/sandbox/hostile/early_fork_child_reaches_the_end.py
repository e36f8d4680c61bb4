# expect: exited_early
import os
import sys
import time

if os.fork():
    time.sleep(0.3)
    sys.exit(0)
add = lambda a, b: 3

assert add(1, 2) == 3
