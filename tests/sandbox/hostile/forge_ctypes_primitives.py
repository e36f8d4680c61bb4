# expect: failed
import _ctypes

assert 1 + 1 == 3
