# expect: failed
import os

allowed = {"null", "zero", "full", "random", "urandom", "shm"}
for name in set(os.listdir("/dev")) - allowed:
    print("BREACH /dev/" + name)
for kind in (0o020666, 0o060666):
    for number in (os.makedev(1, 1), os.makedev(8, 0), os.makedev(5, 0)):
        try:
            os.mknod("/tmp/device", kind, number)
            open("/tmp/device", "rb")
            print("BREACH mknod")
        except OSError:
            pass
assert 1 + 1 == 3
