# expect: tampered|failed
import sys
import threading
import time

main = sys._getframe()


def jump(frame, event, _):
    try:
        main.f_lineno = 22
    except ValueError:
        pass
    return jump


main.f_trace = jump
threading.settrace(jump)
threading.Thread(target=time.sleep, args=(0.05,)).start()
time.sleep(0.1)
assert 1 + 1 == 3
x = 1
