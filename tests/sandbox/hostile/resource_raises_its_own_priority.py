# expect: failed
import os

try:
    os.nice(-5)
    print("BREACH nice")
except OSError:
    pass
try:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    print("BREACH real time")
except OSError:
    pass
assert 1 + 1 == 3
