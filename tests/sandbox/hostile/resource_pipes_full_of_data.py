# expect: failed|oom|timeout|cpu_timeout
import fcntl
import os

held = []
while True:
    pair = os.pipe()
    os.set_blocking(pair[1], False)
    try:
        fcntl.fcntl(pair[1], 1031, 1 << 20)
    except OSError:
        pass
    try:
        while os.write(pair[1], b"x" * 65536):
            pass
    except BlockingIOError:
        pass
    held.append(pair)
