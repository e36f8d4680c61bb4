# expect: crashed|exited_early|failed
import os
import signal

try:
    os.kill(os.getppid(), signal.SIGKILL)
    os.kill(1, signal.SIGKILL)
except OSError:
    pass
os.kill(-1, signal.SIGKILL)
os.kill(0, signal.SIGKILL)
assert 1 + 1 == 3
