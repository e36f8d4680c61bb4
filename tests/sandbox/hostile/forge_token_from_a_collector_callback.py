# expect: exited_early
import gc
import os
import sys

seen = set()


def peek(phase, info):
    frame = sys._getframe()
    while frame is not None:
        for value in list(frame.f_locals.values()):
            if isinstance(value, (bytes, bytearray)) and len(value) == 16:
                seen.add(bytes(value))
        frame = frame.f_back


gc.callbacks.append(peek)
gc.set_threshold(1)
for _ in range(2000):
    sys.audit("import", "x", None, None, None, None)
    [[] for _ in range(3)]
gc.callbacks.clear()
for token in seen:
    os.write(255, token)
os._exit(0)
