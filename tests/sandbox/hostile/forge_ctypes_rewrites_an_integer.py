# expect: failed
import ctypes

ctypes.memmove(id(3) + 24, id(2) + 24, 4)
assert 1 + 1 == 3
