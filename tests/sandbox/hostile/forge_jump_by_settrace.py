# expect: tampered
import sys


def jump(frame, event, _):
    if event == "line" and frame.f_lineno == LINE:
        frame.f_lineno = LINE + 1
    return jump


LINE = 16
sys._getframe().f_trace = jump
sys.settrace(jump)

x = 1
assert 1 + 1 == 3
sys.settrace(None)
