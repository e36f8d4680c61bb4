# expect: exited_early
import functools
import sys

run_tests = functools.partial(sys.exit, 0)

sys.exit(run_tests())
