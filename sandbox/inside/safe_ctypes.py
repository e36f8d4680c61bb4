"""Staged as `ctypes` inside the sandbox: C's data types over memory of their own, and nothing beyond.

Real ctypes lets a program rewrite the interpreter that judges it: one `memmove` makes 2 equal to 3. Programs
that solve exercises use it for numbers of fixed width, structures and arrays, and multiprocessing for shared
values, and references for nodes and for arrays of objects; all of that is here. An address names an object
that was given out and cannot be computed with; libraries, functions, casts and foreign addresses raise OSError. Bit
fields are missing.
"""

from __future__ import annotations

import struct as _struct
import sys as _sys

MYPY = False
if MYPY:
    from typing import Any

_NO_MEMORY = "the sandbox's ctypes reaches no memory but that of its own objects"
_arrays: dict[tuple[Any, int], Any] = {}
_pointers: dict[Any, Any] = {}
_named: dict[int, Any] = {}  # addresses that were given out; they keep their objects alive
_ADDRESS = _struct.calcsize("@P")


class ArgumentError(Exception):
    pass


class _Kind(type):
    """The type of all types here: `kind * length` is an array type."""

    def __mul__(cls, length: int) -> Any:
        if length < 0:
            raise ValueError("Array length must be >= 0")
        if (cls, length) not in _arrays:
            space = {"_type_": cls, "_length_": length, "__module__": "ctypes"}
            _arrays[cls, length] = _Kind(f"{cls.__name__}_Array_{length}", (Array,), space)
        return _arrays[cls, length]

    __rmul__ = __mul__

    def __setattr__(cls, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name == "_fields_":
            cls._lay_out()  # type: ignore[attr-defined]


class _CData(metaclass=_Kind):
    """A number of bytes; `_memory_` is a view of them, perhaps shared with another object."""

    _size_ = 0
    _align_ = 1
    _memory_: Any
    _of_: Any = None

    def __new__(cls, *arguments: Any, **values: Any) -> Any:
        self = object.__new__(cls)
        object.__setattr__(self, "_memory_", memoryview(bytearray(cls._size_)))
        return self

    @classmethod
    def from_buffer(cls, source: Any, offset: int = 0) -> Any:
        view = memoryview(source).cast("B")
        if view.readonly:
            raise TypeError("underlying buffer is not writable")
        if len(view) < offset + cls._size_:
            raise ValueError(f"Buffer size too small ({len(view)} instead of {cls._size_} bytes)")
        self = object.__new__(cls)
        object.__setattr__(self, "_memory_", view[offset : offset + cls._size_])
        return self

    @classmethod
    def from_buffer_copy(cls, source: Any, offset: int = 0) -> Any:
        return cls.from_buffer(bytearray(source), offset)

    @classmethod
    def from_address(cls, address: int) -> Any:
        raise OSError(_NO_MEMORY)

    in_dll = from_address

    def __bytes__(self) -> bytes:
        return bytes(self._memory_)

    def __reduce__(self) -> Any:
        return _rebuild, (type(self), bytes(self._memory_))


def _rebuild(kind: Any, data: bytes) -> Any:
    return kind.from_buffer_copy(data)


def _address_of(thing: Any) -> int:
    """The address of an object, to be stored in memory; 0 for None."""
    if thing is None:
        return 0
    _named[id(thing)] = thing
    return id(thing)


def _find(address: int) -> Any:
    """The object of an address that `_address_of` gave out."""
    if address not in _named:
        raise OSError(_NO_MEMORY)
    return _named[address]


def _get(kind: Any, memory: Any) -> Any:
    """What reading a field or an element gives: a Python value, or an object over the same bytes."""
    thing = kind.from_buffer(memory)
    return thing.value if _SimpleCData in kind.__bases__ else thing


def _set(kind: Any, memory: Any, value: Any) -> None:
    if isinstance(value, kind):
        memory[:] = bytes(value)
    elif issubclass(kind, _SimpleCData):
        same = kind._swapped_ and isinstance(value, _SimpleCData) and value._type_ == kind._type_
        kind.from_buffer(memory).value = value.value if same else value
    elif issubclass(kind, _Pointer) and (value is None or isinstance(value, Array)):
        kind.from_buffer(memory).contents = value
    elif issubclass(kind, (Structure, Array)) and isinstance(value, (tuple, list, bytes, str)):
        if issubclass(kind, Array) and isinstance(value, (bytes, str)):
            kind.from_buffer(memory).value = value
        else:
            memory[:] = bytes(kind(*value))
    else:
        raise TypeError(f"expected {kind.__name__} instance, got {type(value).__name__}")


class _SimpleCData(_CData):
    """One number, truth value or character."""

    _type_ = ""
    _swapped_ = False  # its bytes lie in the order that is not this machine's

    def __init_subclass__(cls) -> None:
        sizes = {"u": 4, "O": _ADDRESS, "z": _ADDRESS, "Z": _ADDRESS}
        cls._size_ = cls._align_ = sizes.get(cls._type_) or _struct.calcsize("@" + cls._type_)

    def __init__(self, value: Any = None) -> None:
        if value is not None:
            self.value = value

    @property
    def value(self) -> Any:
        data = bytes(self._memory_)[:: -1 if self._swapped_ else 1]
        if self._type_ == "u":
            return chr(int.from_bytes(data, _sys.byteorder))
        return _struct.unpack("@" + self._type_, data)[0]

    @value.setter
    def value(self, value: Any) -> None:
        code = self._type_
        if code in "fd":
            if isinstance(value, (str, bytes)):
                raise TypeError(f"must be real number, not {type(value).__name__}")
            data = _struct.pack("@" + code, float(value))
        elif code == "?":
            data = _struct.pack("@?", bool(value))
        elif code == "c":
            if isinstance(value, int):
                value = bytes([value])
            if not isinstance(value, (bytes, bytearray)) or len(value) != 1:
                raise TypeError("one character bytes, bytearray or integer expected")
            data = bytes(value)
        elif code == "u":
            data = ord(value).to_bytes(4, _sys.byteorder)
        elif not isinstance(value, int):
            raise TypeError(f"an integer is required (got type {type(value).__name__})")
        else:
            data = (value & ((1 << 8 * self._size_) - 1)).to_bytes(self._size_, _sys.byteorder)
        self._memory_[:] = data[:: -1 if self._swapped_ else 1]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.value!r})"

    def __bool__(self) -> bool:
        return bool(self.value) and self.value != b"\0"


class Array(_CData):
    """A fixed number of elements of one type."""

    _type_: Any = None
    _length_ = 0

    def __init_subclass__(cls) -> None:
        if cls._type_ is not None:
            cls._size_, cls._align_ = cls._type_._size_ * cls._length_, cls._type_._align_

    def __init__(self, *values: Any) -> None:
        if len(values) > self._length_:
            raise IndexError("invalid index")
        for index, value in enumerate(values):
            self[index] = value

    def __len__(self) -> int:
        return self._length_

    def _place(self, index: int) -> Any:
        index = index + self._length_ if index < 0 else index
        if not 0 <= index < self._length_:
            raise IndexError("invalid index")
        return self._memory_[index * self._type_._size_ : (index + 1) * self._type_._size_]

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            elements = [self[place] for place in range(*index.indices(self._length_))]
            if self._type_ is c_char:
                return b"".join(elements)
            return "".join(elements) if self._type_ is c_wchar else elements
        return _get(self._type_, self._place(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        if not isinstance(index, slice):
            _set(self._type_, self._place(index), value)
            return
        places = range(*index.indices(self._length_))
        if len(places) != len(value):
            raise ValueError("Can only assign sequence of same size")
        for place, item in zip(places, value, strict=True):
            self[place] = item

    def __iter__(self) -> Any:
        return (self[index] for index in range(self._length_))

    @property
    def raw(self) -> bytes:
        return bytes(self._memory_)

    @raw.setter
    def raw(self, data: bytes) -> None:
        self._memory_[: len(data)] = data

    @property
    def value(self) -> Any:
        if self._type_ is c_wchar:
            return "".join(self).partition("\0")[0]
        if self._type_ is not c_char:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute 'value'")
        return bytes(self._memory_).partition(b"\0")[0]

    @value.setter
    def value(self, value: Any) -> None:
        if len(value) > self._length_:
            raise ValueError("byte string too long")
        self[: len(value)] = [value[place : place + 1] for place in range(len(value))]
        if len(value) < self._length_:
            self[len(value)] = value[:0] + (b"\0" if self._type_ is c_char else "\0")


class _Field:
    """A structure's member."""

    def __init__(self, kind: Any, offset: int) -> None:
        self.kind, self.offset, self.size = kind, offset, kind._size_

    def __get__(self, thing: Any, owner: Any = None) -> Any:
        if thing is None:
            return self
        return _get(self.kind, thing._memory_[self.offset : self.offset + self.size])

    def __set__(self, thing: Any, value: Any) -> None:
        _set(self.kind, thing._memory_[self.offset : self.offset + self.size], value)


class Structure(_CData):
    """Named members one after the other, aligned as C does."""

    _fields_: Any = ()
    _together_ = False
    _swapped_ = False

    def __init_subclass__(cls) -> None:
        if "_fields_" in cls.__dict__:
            cls._lay_out()

    @classmethod
    def _lay_out(cls) -> None:
        base: Any = cls.__mro__[1]
        offset, align, most = base._size_, base._align_, base._size_
        pack = getattr(cls, "_pack_", 16)
        for field in cls._fields_:
            if len(field) != 2:
                raise TypeError("bit fields are not part of the sandbox's ctypes")
            name, kind = field
            if cls._swapped_:
                kind = _swapped(kind)
            step = min(kind._align_, pack)
            offset = 0 if cls._together_ else -(-offset // step) * step
            setattr(cls, name, _Field(kind, offset))
            offset += kind._size_
            align, most = max(align, step), max(most, offset)
        cls._size_, cls._align_ = -(-most // align) * align, align

    def __init__(self, *values: Any, **named: Any) -> None:
        names = [f[0] for kind in reversed(type(self).__mro__) for f in kind.__dict__.get("_fields_", ())]
        if len(values) > len(names):
            raise TypeError("too many initializers")
        for name, value in (*zip(names, values, strict=False), *named.items()):
            setattr(self, name, value)


class Union(Structure):
    """Members that all begin at the same place."""

    _together_ = True


def _swapped(kind: Any) -> Any:
    """The type of the same values with their bytes in the other order."""
    if issubclass(kind, Array):
        return _swapped(kind._type_) * kind._length_
    if not issubclass(kind, _SimpleCData) or kind._size_ == 1 or kind._swapped_:
        return kind
    if (kind, -1) not in _arrays:
        space = {"_type_": kind._type_, "_swapped_": True, "__module__": "ctypes"}
        _arrays[kind, -1] = _Kind(kind.__name__, (_SimpleCData,), space)
    return _arrays[kind, -1]


class _SwappedStructure(Structure):
    _swapped_ = True


class _SwappedUnion(Union):
    _swapped_ = True


if _sys.byteorder == "little":
    LittleEndianStructure, BigEndianStructure = Structure, _SwappedStructure
    LittleEndianUnion, BigEndianUnion = Union, _SwappedUnion
else:
    LittleEndianStructure, BigEndianStructure = _SwappedStructure, Structure  # type: ignore[misc, assignment]
    LittleEndianUnion, BigEndianUnion = _SwappedUnion, Union  # type: ignore[misc, assignment]


class c_char(_SimpleCData):
    _type_ = "c"


class c_wchar(_SimpleCData):
    _type_ = "u"


class _Reference(_SimpleCData):
    """An address of an object; the memory holds its number."""

    _type_ = "P"
    _kinds_: Any = object

    @property
    def _address_(self) -> int:
        return int.from_bytes(self._memory_, _sys.byteorder)

    @property
    def value(self) -> Any:
        return _find(self._address_) if self._address_ else None

    @value.setter
    def value(self, value: Any) -> None:
        if value is not None and not isinstance(value, self._kinds_):
            raise TypeError(f"{self._kinds_.__name__} or None expected instead of {type(value).__name__} instance")
        self._memory_[:] = _address_of(value).to_bytes(_ADDRESS, _sys.byteorder)


class c_char_p(_Reference, _SimpleCData):
    _type_ = "z"
    _kinds_ = bytes


class c_wchar_p(_Reference, _SimpleCData):
    _type_ = "Z"
    _kinds_ = str


class c_void_p(_Reference, _SimpleCData):
    """An address as a number, 0 being None."""

    @property
    def value(self) -> Any:
        return self._address_ or None

    @value.setter
    def value(self, value: Any) -> None:
        if value is not None and not isinstance(value, int):
            raise TypeError("cannot be converted to pointer")
        self._memory_[:] = ((value or 0) % (1 << 8 * _ADDRESS)).to_bytes(_ADDRESS, _sys.byteorder)


class py_object(_Reference, _SimpleCData):
    """Any object; one that was never set is none, not even None."""

    _type_ = "O"

    def __init__(self, *values: Any) -> None:
        for value in values:
            self.value = value

    @property
    def value(self) -> Any:
        if not self._address_:
            raise ValueError("PyObject is NULL")
        return _find(self._address_)

    @value.setter
    def value(self, value: Any) -> None:
        _named[id(value)] = value
        self._memory_[:] = id(value).to_bytes(_ADDRESS, _sys.byteorder)


for _name, _code in (
    ("c_bool", "?"), ("c_byte", "b"), ("c_ubyte", "B"), ("c_short", "h"),
    ("c_ushort", "H"), ("c_int", "i"), ("c_uint", "I"), ("c_long", "l"), ("c_ulong", "L"),
    ("c_longlong", "q"), ("c_ulonglong", "Q"), ("c_float", "f"), ("c_double", "d"),
):  # fmt: skip
    globals()[_name] = _Kind(_name, (_SimpleCData,), {"_type_": _code, "__module__": "ctypes"})

for _name, _same in (
    ("c_int8", "c_byte"), ("c_uint8", "c_ubyte"), ("c_int16", "c_short"), ("c_uint16", "c_ushort"),
    ("c_int32", "c_int"), ("c_uint32", "c_uint"), ("c_int64", "c_long"), ("c_uint64", "c_ulong"),
    ("c_size_t", "c_ulong"), ("c_ssize_t", "c_long"), ("c_longdouble", "c_double"), ("c_time_t", "c_long"),
):  # fmt: skip
    globals()[_name] = globals()[_same]


class _Pointer(_CData):
    """A reference to one object, or to the elements of an array."""

    _type_: Any = None
    _size_ = _align_ = _ADDRESS

    def __init__(self, contents: Any = None) -> None:
        if contents is not None:
            self.contents = contents

    @property
    def contents(self) -> Any:
        thing = self._target()
        if isinstance(thing, Array) and thing._type_ is self._type_:
            return self._type_.from_buffer(thing._place(0))
        return thing

    @contents.setter
    def contents(self, thing: Any) -> None:
        elements = isinstance(thing, Array) and thing._type_ is self._type_
        if not (thing is None or elements or isinstance(thing, self._type_)):
            raise TypeError(f"expected {self._type_.__name__} instead of {type(thing).__name__}")
        self._memory_[:] = _address_of(thing).to_bytes(_ADDRESS, _sys.byteorder)

    def _target(self) -> Any:
        if not self:
            raise ValueError("NULL pointer access")
        return _find(int.from_bytes(self._memory_, _sys.byteorder))

    def _place(self, index: int) -> tuple[Any, Any]:
        """The type and the memory of an element."""
        thing = self._target()
        if isinstance(thing, Array) and thing._type_ is self._type_ and 0 <= index < len(thing):
            return thing._type_, thing._place(index)
        if index != 0:
            raise OSError(_NO_MEMORY)
        return type(thing), thing._memory_

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[place] for place in range(index.start or 0, index.stop, index.step or 1)]
        return _get(*self._place(index))

    def __setitem__(self, index: int, value: Any) -> None:
        _set(*self._place(index), value)

    def __bool__(self) -> bool:
        return any(self._memory_)


def POINTER(kind: Any) -> Any:
    if kind not in _pointers:
        space = {"_type_": kind, "__module__": "ctypes"}
        _pointers[kind] = c_void_p if kind is None else _Kind(f"LP_{kind.__name__}", (_Pointer,), space)
    return _pointers[kind]


def pointer(thing: Any) -> Any:
    return POINTER(type(thing))(thing)


def byref(thing: Any, offset: int = 0) -> Any:
    return pointer(thing)


def sizeof(thing: Any) -> int:
    return int(thing._size_)


def alignment(thing: Any) -> int:
    return int(thing._align_)


def addressof(thing: Any) -> int:
    """A number that names the object to `memset` and `memmove`."""
    return _address_of(thing)


def _memory_of(target: Any) -> Any:
    thing = _named.get(target) if isinstance(target, int) else getattr(target, "contents", target)
    if not isinstance(thing, _CData):
        raise OSError(_NO_MEMORY)
    return thing._memory_


def memset(target: Any, value: int, count: int) -> Any:
    memory = _memory_of(target)
    if count > len(memory):
        raise OSError(_NO_MEMORY)
    memory[:count] = bytes([value & 255]) * count
    return target


def memmove(target: Any, source: Any, count: int) -> Any:
    data = source if isinstance(source, (bytes, bytearray)) else _memory_of(source)
    memory = _memory_of(target)
    if count > len(memory) or count > len(data):
        raise OSError(_NO_MEMORY)
    memory[:count] = bytes(data[:count])
    return target


def create_string_buffer(init: Any, size: int | None = None) -> Any:
    if isinstance(init, int):
        return (c_char * init)()
    buffer = (c_char * (len(init) + 1 if size is None else size))()
    buffer.value = init
    return buffer


def create_unicode_buffer(init: Any, size: int | None = None) -> Any:
    if isinstance(init, int):
        return (c_wchar * init)()
    buffer = (c_wchar * (len(init) + 1 if size is None else size))()
    buffer.value = init
    return buffer


def _refuse(*arguments: Any, **options: Any) -> Any:
    raise OSError(_NO_MEMORY)


CDLL = PyDLL = CFUNCTYPE = PYFUNCTYPE = cast = string_at = wstring_at = get_errno = set_errno = _refuse


class _Libraries:
    """`cdll` and `pythonapi`: any attribute is refused."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _refuse()


cdll = pydll = pythonapi = _Libraries()
RTLD_LOCAL, RTLD_GLOBAL, DEFAULT_MODE = 0, 256, 0
del _name, _code, _same
