# expect: failed
import sys


def profile(frame, event, _):
    try:
        frame.f_lineno = frame.f_lineno + 1
    except ValueError:
        pass


sys.setprofile(profile)


def add(a, b):
    return 0


assert add(1, 2) == 3
