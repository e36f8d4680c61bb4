# expect: tampered
import builtins

__builtins__ = dict(vars(builtins), abs=lambda x: 0)


def check():
    assert abs(7) < 1


check()
