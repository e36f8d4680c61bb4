# expect: failed
import socket

for family in range(1, 46):
    if family == socket.AF_UNIX:
        continue
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
        try:
            socket.socket(family, kind)
            print("BREACH family", family, kind)
        except OSError:
            pass
assert 1 + 1 == 3
