# expect: exited_early|failed
import os
import signal
import sys
import time

seen = set()


def peek(_, frame):
    while frame is not None:
        for value in list(frame.f_locals.values()):
            if isinstance(value, (bytes, bytearray)) and len(value) == 16:
                seen.add(bytes(value))
        frame = frame.f_back


signal.signal(signal.SIGALRM, peek)
signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.0001)
end = time.time() + 0.5
while time.time() < end:
    sys.audit("open", "x")
    sum(range(100))
signal.setitimer(signal.ITIMER_REAL, 0)
for token in seen:
    try:
        os.write(255, token)
    except OSError:
        pass
os._exit(0)
