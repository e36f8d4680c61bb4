# expect: exited_early
import sys

sys.exit(0)
assert 1 + 1 == 3
