# expect: failed
import os
import signal

for pid in range(3, 70_000):
    if pid in (os.getpid(), os.getppid()):
        continue
    try:
        os.kill(pid, 0)
        print("BREACH sees", pid)
    except OSError:
        pass
assert 1 + 1 == 3
