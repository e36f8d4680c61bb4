# expect: tampered
import sys


def add(a, b):
    frame = sys._getframe(1)

    def jump(frame, event, _):
        frame.f_lineno = frame.f_lineno + 1
        sys.settrace(None)

    frame.f_trace = jump
    sys.settrace(lambda *_: None)
    return 0


assert add(1, 2) == 3
x = 1
