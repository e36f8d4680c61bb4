import functools
import sys

sys.setrecursionlimit(20_000)


@functools.lru_cache(maxsize=None)
def depth(n):
    return 0 if n == 0 else 1 + depth(n - 1)


def plain(n):
    return 0 if n == 0 else 1 + plain(n - 1)


assert plain(9000) == 9000
assert depth(300) == 300
try:
    def forever():
        return forever()

    forever()
except RecursionError:
    pass
