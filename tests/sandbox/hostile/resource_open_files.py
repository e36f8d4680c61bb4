# expect: failed
import os

count = 0
try:
    while True:
        os.open("/dev/null", os.O_RDONLY)
        count += 1
finally:
    if count > 300:
        print("BREACH", count, "files")
