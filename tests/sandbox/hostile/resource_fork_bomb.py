# expect: timeout|cpu_timeout|failed|crashed|oom
import os

while True:
    try:
        os.fork()
    except OSError:
        pass
