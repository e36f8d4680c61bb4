# expect: tampered
import gc
import os

for thing in gc.get_objects():
    for part in gc.get_referents(thing):
        if isinstance(part, (bytes, bytearray)) and len(part) == 16:
            for fd in range(3, 256):
                try:
                    os.write(fd, part)
                except OSError:
                    pass
os._exit(0)
