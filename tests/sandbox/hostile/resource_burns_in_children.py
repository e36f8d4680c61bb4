# expect: cpu_timeout|timeout
import os

for _ in range(6):
    if os.fork() == 0:
        while True:
            pass
while True:
    pass
