# expect: failed
import fcntl
import os
import termios

for fd in (0, 1, 2):
    if os.isatty(fd):
        print("BREACH terminal", fd)
    try:
        fcntl.ioctl(fd, termios.TIOCSTI, b"x")
        print("BREACH typed into the terminal")
    except OSError:
        pass
try:
    os.open("/dev/tty", os.O_RDWR)
    print("BREACH /dev/tty")
except OSError:
    pass
assert 1 + 1 == 3
