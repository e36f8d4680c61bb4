# expect: tampered
import builtins

builtins.abs = lambda x: 0


def root(x):
    return 7


assert abs(root(4) - 2) < 1e-6
