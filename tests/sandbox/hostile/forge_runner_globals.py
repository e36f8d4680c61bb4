# expect: failed|exited_early|crashed|tampered
import sys

frame = sys._getframe(1)
while frame is not None:
    space = frame.f_globals
    for name in list(space):
        if callable(space[name]) and hasattr(space[name], "__code__"):
            try:
                space[name].__code__ = (lambda *a, **k: None).__code__
            except (ValueError, TypeError):
                pass
            space[name] = lambda *a, **k: None
    frame = frame.f_back
assert 1 + 1 == 3
