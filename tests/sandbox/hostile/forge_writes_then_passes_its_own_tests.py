# expect: tampered
import os

for fd in range(3, 256):
    try:
        os.write(fd, b"P")
    except OSError:
        pass
assert True
