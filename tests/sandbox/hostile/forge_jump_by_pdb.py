# expect: tampered
import bdb


class Jumper(bdb.Bdb):
    def user_line(self, frame):
        if frame.f_code.co_name == "add":
            caller = frame.f_back
            caller.f_trace = lambda f, *_: setattr(f, "f_lineno", 18)


def add(a, b):
    return 0


Jumper().set_trace()
assert add(1, 2) == 3
x = 1
