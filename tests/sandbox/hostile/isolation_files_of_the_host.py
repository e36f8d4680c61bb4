# expect: failed
import os

for path in ("/root", "/home", "/work", "/var", "/proc", "/sys", "/run", "/mnt", "/boot", "/scratch"):
    if os.path.exists(path):
        print("BREACH", path, os.listdir(path))
for path in ("/etc/shadow", "/etc/hostname", "/etc/machine-id", "/proc/1/environ", "/proc/self/mem"):
    if os.path.exists(path):
        print("BREACH", path)
if len(open("/etc/passwd").readlines()) > 1:
    print("BREACH passwd")
assert 1 + 1 == 3
