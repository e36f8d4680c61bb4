# expect: tampered
import atexit
import builtins

real = builtins.all
builtins.all = lambda _: True
atexit.register(setattr, builtins, "all", real)

assert all(x > 2 for x in (1, 2, 3))
