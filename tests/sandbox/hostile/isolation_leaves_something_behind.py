# expect: failed
import os
from multiprocessing import shared_memory

names = set(os.listdir("/tmp")) - {"main.py"}
if names or os.stat("/tmp").st_mode & 0o777 != 0o700:
    print("BREACH found", names, oct(os.stat("/tmp").st_mode))
open("/tmp/left", "w").write("secret")
os.makedirs("/tmp/deep/deeper")
os.chmod("/tmp/deep", 0)
os.chmod("/tmp", 0o777)
open("/dev/shm/left", "w").write("secret")
assert 1 + 1 == 3
