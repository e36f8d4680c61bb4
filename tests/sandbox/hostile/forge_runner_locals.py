# expect: failed|exited_early|crashed|tampered
import posix
import sys

frame = sys._getframe(1)
while frame is not None:
    values = frame.f_locals
    for name in list(values):
        try:
            values[name] = lambda *a, **k: b""
        except Exception:
            pass
    frame = frame.f_back
assert 1 + 1 == 3
