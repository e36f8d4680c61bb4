# expect: tampered
import os

while True:
    for fd in range(3, 256):
        try:
            os.write(fd, b"P" * 16)
        except OSError:
            pass
