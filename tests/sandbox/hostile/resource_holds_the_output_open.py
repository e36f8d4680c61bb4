# expect: exited_early
import os
import time

if os.fork() == 0:
    os.setsid()
    time.sleep(3600)
os._exit(0)
