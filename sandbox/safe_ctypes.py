"""A stand-in for ctypes without memory access: numbers of fixed width, and nothing else yet.

Real ctypes lets a program rewrite the interpreter that judges it. Programs that solve exercises use it for
`c_int32(x).value`, which is here; libraries, pointers and buffers raise OSError.
"""

import struct as _struct


class _Simple:
    _type_ = "i"

    def __init__(self, value=0):
        self.value = value

    def __init_subclass__(cls):
        cls._size_ = _struct.calcsize("@" + cls._type_)

    def __setattr__(self, name, value):
        if name == "value":
            value = self._convert(value)
        object.__setattr__(self, name, value)

    def _convert(self, value):
        if self._type_ in "fd":
            return _struct.unpack("@" + self._type_, _struct.pack("@" + self._type_, value))[0]
        if self._type_ == "?":
            return bool(value)
        if not isinstance(value, int):
            raise TypeError(f"an integer is required (got type {type(value).__name__})")
        bits = 8 * self._size_
        value &= (1 << bits) - 1
        if self._type_.islower() and value >> (bits - 1):
            value -= 1 << bits
        return value

    def __repr__(self):
        return f"{type(self).__name__}({self.value!r})"

    def __bool__(self):
        return bool(self.value)


def _make(name, code):
    globals()[name] = type(name, (_Simple,), {"_type_": code, "__module__": "ctypes"})


for _name, _code in (
    ("c_bool", "?"), ("c_byte", "b"), ("c_ubyte", "B"), ("c_short", "h"), ("c_ushort", "H"),
    ("c_int", "i"), ("c_uint", "I"), ("c_long", "l"), ("c_ulong", "L"), ("c_longlong", "q"),
    ("c_ulonglong", "Q"), ("c_float", "f"), ("c_double", "d"), ("c_size_t", "L"),
    ("c_ssize_t", "l"), ("c_int8", "b"), ("c_uint8", "B"), ("c_int16", "h"), ("c_uint16", "H"),
    ("c_int32", "i"), ("c_uint32", "I"), ("c_int64", "l"), ("c_uint64", "L"),
):  # fmt: skip
    _make(_name, _code)


def sizeof(kind):
    return kind._size_


def CDLL(name, *args, **kwargs):
    raise OSError("the sandbox's ctypes opens no libraries")


PyDLL = CDLL
