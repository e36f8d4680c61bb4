# expect: failed|exited_early|crashed|tampered
import os
import sys

frame = sys._getframe(1)
while frame is not None:
    space = frame.f_globals
    launch = space.get("_launch")
    if launch:
        try:
            launch([lambda: None, lambda _: b"", lambda: bytearray(16), 255, os.writev])
        except BaseException:
            pass
    frame = frame.f_back
os._exit(0)
