# expect: exited_early|failed|tampered
import os

reader, writer = os.pipe()
for fd in range(3, 256):
    if fd not in (reader, writer):
        try:
            os.fstat(fd)
            os.dup2(writer, fd)
        except OSError:
            pass
assert 1 + 1 == 3
