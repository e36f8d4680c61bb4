# expect: failed
import itertools
import os

total = 0
try:
    for number in itertools.count():
        with open(f"file{number}", "wb", buffering=0) as file:
            total += file.write(b"x" * (1 << 20))
finally:
    if total > 40 << 20:
        print("BREACH", total)
