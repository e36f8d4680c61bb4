# expect: oom|failed
import mmap
import os
import time

for _ in range(12):
    if os.fork() == 0:
        memory = mmap.mmap(-1, 100 << 20)
        for place in range(0, 100 << 20, 4096):
            memory[place] = 1
        time.sleep(60)
time.sleep(60)
