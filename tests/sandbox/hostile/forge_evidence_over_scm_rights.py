# expect: exited_early|failed|tampered
import array
import os
import socket

a, b = socket.socketpair()
for fd in range(3, 256):
    try:
        socket.socket(fileno=os.dup(fd)).sendmsg(
            [b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [a.fileno()]))]
        )
    except OSError:
        pass
os._exit(0)
