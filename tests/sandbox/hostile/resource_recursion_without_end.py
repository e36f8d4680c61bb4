# expect: failed|crashed
import sys

sys.setrecursionlimit(1 << 30)


def f(x):
    return [*map(f, [x])]


f(0)
