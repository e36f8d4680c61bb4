# expect: failed
import os
import sys


class Leaver:
    closed = False

    def write(self, _):
        os._exit(0)

    flush = write


sys.stderr = Leaver()
assert 1 + 1 == 3
