# expect: tampered
import gc
import os
import posix

for thing in gc.get_referrers(posix.writev):
    for part in gc.get_referents(thing):
        if isinstance(part, (bytes, bytearray)) and len(part) == 16:
            os.write(255, part)
os._exit(0)
