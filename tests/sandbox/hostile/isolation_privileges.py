# expect: failed
import os

acts = [
    lambda: os.setuid(0),
    lambda: os.setgid(0),
    lambda: os.setgroups([0]),
    lambda: os.chroot("/tmp"),
    lambda: os.chown("/tmp/main.py", 0, 0),
    lambda: os.unshare(0x10000000),
    lambda: os.unshare(0x00020000),
    lambda: os.setns(3, 0),
    lambda: os.sethostname("evil"),
    lambda: __import__("socket").sethostname("evil"),
    lambda: __import__("time").clock_settime(0, 0),
    lambda: os.mknod("/tmp/device", 0o020666, os.makedev(1, 3)),
]
for number, act in enumerate(acts):
    try:
        act()
        print("BREACH", number)
    except (OSError, AttributeError):
        pass
if os.getuid() == 0 or os.geteuid() == 0:
    print("BREACH uid 0")
assert 1 + 1 == 3
