# expect: output_limit
import os
import time

if os.fork() == 0:
    while True:
        os.write(1, b"x" * 100_000)
time.sleep(60)
