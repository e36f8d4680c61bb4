# expect: failed
import os

if set(os.listdir("/tmp")) - {"main.py"}:
    print("BREACH", os.listdir("/tmp"))
os.unlink("/tmp/main.py")
os.chmod("/tmp", 0)
assert 1 + 1 == 3
