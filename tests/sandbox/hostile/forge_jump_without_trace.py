# expect: failed
import sys


def add(a, b):
    frame = sys._getframe(1)
    frame.f_trace = lambda *_: None
    try:
        frame.f_lineno = 16
    except ValueError:
        pass
    return 0


assert add(1, 2) == 3
x = 1
