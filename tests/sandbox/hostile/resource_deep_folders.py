# expect: failed
import itertools
import os

depth = 0
try:
    for depth in itertools.count():
        os.mkdir("d")
        os.chdir("d")
finally:
    if depth > 3000:
        print("BREACH", depth)
