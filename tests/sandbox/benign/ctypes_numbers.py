import ctypes
from ctypes import Structure, c_char, c_double, c_int, c_int32, c_uint8, sizeof


def wrap(n):
    return ctypes.c_int32(n).value


class Point(Structure):
    _fields_ = [("x", c_int), ("y", c_double)]


assert wrap(2**31) == -(2**31) and c_uint8(257).value == 1
point = Point(1, y=2.5)
point.x += 1
assert (point.x, point.y) == (2, 2.5) and sizeof(Point) == 16
array = (c_int * 3)(1, 2, 3)
array[1] = 2**33 + 5
assert list(array) == [1, 5, 3] and len(array) == 3
