# expect: failed
import os
import stat

for folder, _, names in os.walk("/"):
    if folder == "/tmp" or folder.startswith(("/tmp/", "/dev/shm")):
        continue
    try:
        open(f"{folder}/evil", "w").close()
        print("BREACH wrote below", folder)
    except OSError:
        pass
    for name in names[:3]:
        path = f"{folder}/{name}"
        if stat.S_ISCHR(os.lstat(path).st_mode):
            continue
        for act in (
            lambda: open(path, "r+"),
            lambda: os.chmod(path, 0o777),
            lambda: os.unlink(path),
            lambda: os.utime(path),
            lambda: os.link(path, "/tmp/linked"),
        ):
            try:
                act()
                print("BREACH", path)
            except OSError:
                pass
assert 1 + 1 == 3
