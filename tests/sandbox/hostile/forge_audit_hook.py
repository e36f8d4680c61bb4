# expect: failed
import sys


def hook(event, arguments):
    if event.startswith(("sys.", "gc.", "object.")):
        raise RuntimeError


sys.addaudithook(hook)
assert 1 + 1 == 3
