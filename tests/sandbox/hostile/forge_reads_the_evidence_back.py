# expect: exited_early|failed|tampered
import os

for fd in range(3, 256):
    try:
        os.set_blocking(fd, False)
        data = os.read(fd, 100)
    except OSError:
        continue
    os.write(fd, data)
os._exit(0)
