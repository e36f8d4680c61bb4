# expect: tampered
import os

for fd in range(3, 256):
    for data in (b"S", b"P", b"\0" * 16):
        try:
            os.write(fd, data)
        except OSError:
            pass
os._exit(0)
