# expect: exited_early
import os
import signal
import time

signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
signal.setitimer(signal.ITIMER_REAL, 0.05)
while True:
    time.sleep(1)
assert 1 + 1 == 3
