# expect: failed
import os
import posix
import sys

real = posix._exit
posix._exit = os._exit = lambda code: real(0)
posix.write = os.write = lambda fd, data: len(data)
posix.getpid = os.getpid = lambda: 2
sys.stdout.write = None
assert 1 + 1 == 3
