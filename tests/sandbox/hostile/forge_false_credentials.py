# expect: exited_early|failed|tampered
import os
import socket
import struct
import time

if os.fork() == 0:
    for fd in range(3, 256):
        for pid in (1, os.getppid()):
            try:
                socket.socket(fileno=os.dup(fd)).sendmsg(
                    [b"\0" * 16],
                    [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, struct.pack("3i", pid, 1000, 1000))],
                )
            except OSError:
                pass
    os._exit(0)
time.sleep(0.3)
os._exit(0)
