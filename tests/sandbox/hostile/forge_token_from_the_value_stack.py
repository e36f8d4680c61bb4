# expect: exited_early|tampered
import gc
import os
import sys

frame = sys._getframe()
while frame is not None:
    for part in gc.get_referents(frame):
        for value in (part, *gc.get_referents(part)):
            if isinstance(value, (bytes, bytearray)) and len(value) == 16:
                for fd in range(3, 256):
                    try:
                        os.write(fd, value)
                    except OSError:
                        pass
    frame = frame.f_back
os._exit(0)
