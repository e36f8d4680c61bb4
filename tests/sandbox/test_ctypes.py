"""The stand-in for ctypes does what ctypes does, for what it has; the rest it refuses."""

from __future__ import annotations

import ctypes as real
import random
from typing import Any

import pytest

from sandbox.inside import safe_ctypes as safe

# fmt: off
INTEGERS = [
    "c_byte", "c_ubyte", "c_short", "c_ushort", "c_int", "c_uint", "c_long", "c_ulong", "c_longlong",
    "c_ulonglong", "c_int8", "c_uint8", "c_int16", "c_uint16", "c_int32", "c_uint32", "c_int64", "c_uint64",
    "c_size_t", "c_ssize_t",
]
# fmt: on
MODULES = pytest.mark.parametrize("c", [real, safe], ids=["ctypes", "stand-in"])


@pytest.mark.parametrize("name", INTEGERS)
def test_integers_wrap_as_in_c(name: str) -> None:
    numbers = random.Random(1)
    for _ in range(300):
        value = numbers.randrange(-(2**70), 2**70)
        assert getattr(safe, name)(value).value == getattr(real, name)(value).value


@pytest.mark.parametrize("name", [*INTEGERS, "c_float", "c_double", "c_bool", "c_char", "c_wchar"])
def test_sizes_are_those_of_this_machine(name: str) -> None:
    assert safe.sizeof(getattr(safe, name)) == real.sizeof(getattr(real, name))


@MODULES
def test_structures(c: Any) -> None:
    class Inner(c.Structure):
        _fields_ = (("a", c.c_byte), ("b", c.c_int))

    class Outer(c.Structure):
        _fields_ = (
            ("flag", c.c_bool),
            ("inner", Inner),
            ("list", c.c_short * 3),
            ("x", c.c_double),
        )

    class Packed(c.Structure):
        _pack_ = 1
        _fields_ = (("a", c.c_byte), ("b", c.c_longlong))

    class Both(c.Union):
        _fields_ = (("whole", c.c_uint32), ("bytes", c.c_uint8 * 4))

    outer = Outer(True, Inner(300, -1), (c.c_short * 3)(1, 2, 3), x=0.5)
    outer.inner.b += 5
    outer.list[1] = 70_000
    assert (outer.inner.a, outer.inner.b, outer.flag, outer.x) == (44, 4, True, 0.5)
    assert list(outer.list) == [1, 4464, 3] and outer.list[-1] == 3 and outer.list[:2] == [1, 4464]
    assert [c.sizeof(kind) for kind in (Inner, Outer, Packed, Both)] == [8, 32, 9, 4]
    both = Both(whole=0x01020304)
    assert list(both.bytes) == [4, 3, 2, 1]
    assert Outer.inner.offset == 4 and Outer.x.offset == 24
    assert bytes(Packed(1, 2)) == b"\x01\x02" + b"\0" * 7
    with pytest.raises(TypeError):
        Inner(1, 2, 3)


@MODULES
def test_buffers_and_strings(c: Any) -> None:
    buffer = c.create_string_buffer(b"hello", 10)
    assert (buffer.value, buffer.raw, len(buffer)) == (b"hello", b"hello" + b"\0" * 5, 10)
    buffer.value = b"bye"
    assert buffer.value == b"bye" and buffer[0] == b"b"
    c.memset(c.addressof(buffer), 65, 4)
    assert buffer.value.startswith(b"AAAA")
    memory = bytearray(8)
    number = c.c_uint32.from_buffer(memory, 4)
    number.value = 1
    assert memory[4] == 1 and c.c_uint32.from_buffer_copy(bytes(memory), 4).value == 1
    assert c.create_unicode_buffer("né").value == "né"


@MODULES
def test_pointers_to_own_objects(c: Any) -> None:
    number = c.c_int(5)
    pointer = c.pointer(number)
    pointer[0] = 7
    assert number.value == 7 and pointer.contents.value == 7
    assert c.c_int * 3 is c.c_int * 3


@MODULES
def test_wrong_values_are_refused(c: Any) -> None:
    for kind, value in ((c.c_int, "1"), (c.c_int, 1.5), (c.c_char, b"ab"), (c.c_double, "x")):
        with pytest.raises(TypeError):
            kind(value)
    with pytest.raises(IndexError):
        (c.c_int * 2)(1, 2)[2]


def test_no_memory_but_its_own_is_reached() -> None:
    number = safe.c_int(1)
    for act in (
        lambda: safe.memmove(id(5), id(6), 28),
        lambda: safe.memmove(number, id(6), 4),
        lambda: safe.memset(safe.addressof(number) + 1, 0, 1),
        lambda: safe.memset(safe.addressof(number), 0, 5),
        lambda: safe.string_at(id(5)),
        lambda: safe.cast(id(5), safe.POINTER(safe.c_int)),
        lambda: safe.c_int.from_address(id(5)),
        lambda: safe.CDLL(None),
        lambda: safe.pythonapi.PyObject_Repr,
        lambda: safe.pointer(number)[1],
        lambda: safe.CFUNCTYPE(safe.c_int)(id(5)),
    ):
        with pytest.raises(OSError, match="sandbox"):
            act()
    with pytest.raises(ValueError, match="too small"):
        safe.c_int64.from_buffer(bytearray(4))


@MODULES
def test_references_to_objects(c: Any) -> None:
    objects = (3 * c.py_object)()
    with pytest.raises(ValueError, match="NULL"):
        objects[0]
    objects[0], objects[1] = None, [1]
    assert objects[0] is None and objects[1] == [1]
    assert c.c_char_p(b"abc").value == b"abc" and c.c_wchar_p("ä").value == "ä"
    assert c.c_char_p().value is None and c.c_void_p(0).value is None and c.c_void_p(7).value == 7


@MODULES
def test_pointers_to_structures_and_arrays(c: Any) -> None:
    class Node(c.Structure):
        pass

    Node._fields_ = [("value", c.c_int), ("next", c.POINTER(Node)), ("data", c.c_void_p)]
    first = Node(1)
    second = Node(2, c.pointer(first))
    second.next.contents.value = 5
    assert first.value == 5 and not first.next and c.sizeof(Node) == 24
    second.next = None
    with pytest.raises(ValueError, match="NULL"):
        _ = second.next.contents

    class View(c.Structure):
        _fields_ = (("data", c.POINTER(c.c_int)), ("size", c.c_size_t))

    numbers = (c.c_int * 3)(1, 2, 3)
    view = View(numbers, 3)
    view.data[1] = 9
    assert view.data[:3] == list(numbers) == [1, 9, 3] and view.data.contents.value == 1
    assert c.POINTER(c.c_int) is c.POINTER(c.c_int)


@MODULES
def test_structures_in_the_other_byte_order(c: Any) -> None:
    class Header(c.BigEndianStructure):
        _pack_ = 1
        _fields_ = (("kind", c.c_uint16), ("size", c.c_uint32), ("list", c.c_int16 * 2), ("x", c.c_float))

    header = Header(1, 2, (3, -4), 1.5)
    assert bytes(header) == b"\0\1\0\0\0\2\0\3\xff\xfc\x3f\xc0\0\0"
    assert (Header.from_buffer_copy(bytes(header)).size, header.list[1], header.x) == (2, -4, 1.5)
