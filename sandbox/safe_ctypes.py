"""Staged as `ctypes` inside the sandbox: numbers of fixed width, and nothing else yet.

Real ctypes lets a program rewrite the interpreter that judges it. Programs that solve exercises use it for
`c_int32(x).value`, which is here; libraries, pointers and buffers raise OSError.
"""

from __future__ import annotations

import struct as _struct

MYPY = False
if MYPY:
    from typing import Any


class _Simple:
    _type_ = "i"
    _size_ = 4
    value: Any

    def __init__(self, value: Any = 0) -> None:
        self.value = value

    def __init_subclass__(cls) -> None:
        cls._size_ = _struct.calcsize("@" + cls._type_)

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, self._convert(value) if name == "value" else value)

    def _convert(self, value: Any) -> Any:
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

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.value!r})"

    def __bool__(self) -> bool:
        return bool(self.value)


for _name, _code in (
    ("c_bool", "?"), ("c_byte", "b"), ("c_ubyte", "B"), ("c_short", "h"), ("c_ushort", "H"),
    ("c_int", "i"), ("c_uint", "I"), ("c_long", "l"), ("c_ulong", "L"), ("c_longlong", "q"),
    ("c_ulonglong", "Q"), ("c_float", "f"), ("c_double", "d"), ("c_size_t", "L"),
    ("c_ssize_t", "l"), ("c_int8", "b"), ("c_uint8", "B"), ("c_int16", "h"), ("c_uint16", "H"),
    ("c_int32", "i"), ("c_uint32", "I"), ("c_int64", "l"), ("c_uint64", "L"),
):  # fmt: skip
    globals()[_name] = type(_name, (_Simple,), {"_type_": _code, "__module__": "ctypes"})


def sizeof(kind: Any) -> int:
    return int(kind._size_)


def CDLL(name: object, *arguments: object, **options: object) -> None:
    raise OSError("the sandbox's ctypes opens no libraries")


PyDLL = CDLL
