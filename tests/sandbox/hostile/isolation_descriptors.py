# expect: failed
import os
import stat

for fd in range(1024):
    try:
        kind = stat.S_IFMT(os.fstat(fd).st_mode)
    except OSError:
        continue
    if fd < 3:
        continue
    if not (stat.S_ISSOCK(kind) and fd == 255):
        print("BREACH", fd, oct(kind))
assert 1 + 1 == 3
