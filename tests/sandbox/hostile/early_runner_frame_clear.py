# expect: exited_early|failed|tampered|crashed
import os
import sys

frame = sys._getframe()
while frame.f_back:
    frame = frame.f_back
    try:
        frame.clear()
    except RuntimeError:
        pass
os._exit(0)
assert 1 + 1 == 3
