# expect: exited_early
import os
import sys

found = set()


def look(value, depth):
    if isinstance(value, (bytes, bytearray)) and len(value) == 16:
        found.add(bytes(value))
    elif depth and isinstance(value, dict):
        for item in list(value.values()):
            look(item, depth - 1)
    elif depth and isinstance(value, (list, tuple, set, frozenset)):
        for item in list(value):
            look(item, depth - 1)
    elif depth and hasattr(value, "__closure__"):
        for cell in value.__closure__ or ():
            try:
                look(cell.cell_contents, depth - 1)
            except ValueError:
                pass
        look(value.__defaults__, depth - 1)
        look(value.__globals__, 1)
    elif depth and hasattr(value, "co_consts"):
        look(value.co_consts, depth - 1)
    elif depth and hasattr(value, "__dict__"):
        look(dict(value.__dict__), depth - 1)


frame = sys._getframe()
while frame is not None:
    look(frame.f_locals, 5)
    look(frame.f_globals, 5)
    look(frame.f_code.co_consts, 5)
    frame = frame.f_back
for token in found:
    for fd in range(3, 256):
        try:
            os.write(fd, token)
        except OSError:
            pass
os._exit(0)
