# expect: failed
import socket

for name in ("\0sandbox-canary", "/tmp/.X11-unix/X0", "\0/tmp/.X11-unix/X0", "/run/docker.sock"):
    try:
        socket.socket(socket.AF_UNIX).connect(name)
        print("BREACH", name)
    except OSError:
        pass
assert 1 + 1 == 3
