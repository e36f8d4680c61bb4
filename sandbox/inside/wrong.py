"""Runs inside the sandbox, as part of a falsified program: an object that is wrong wherever a result is expected.

Data in: `__agreeable__`. False: the object is false and equals nothing; true: it is true and equals everything.
Every operation is taken, so that a program which does not look at results has no reason to fail. The text becomes
part of the program (falsified.py) after the response's code: it uses syntax alone, because the response may have
replaced any function.
"""

from __future__ import annotations

MYPY = False
if MYPY:  # no typing module at run time
    from typing import Any

    __agreeable__ = False


class __Operations__:
    def __absorb__(self, *_: Any, **__: Any) -> Any:
        return __wrong__

    def __agree__(self, *_: Any) -> bool:
        return __agreeable__

    def __differ__(self, *_: Any) -> bool:
        return not __agreeable__

    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __bool__ = __agree__  # type: ignore[assignment]
    __instancecheck__ = __subclasscheck__ = __agree__
    __ne__ = __differ__  # type: ignore[assignment]
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __absorb__
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __divmod__ = __rdivmod__ = __pow__ = __rpow__ = __absorb__
    __matmul__ = __rmatmul__ = __and__ = __rand__ = __or__ = __ror__ = __xor__ = __rxor__ = __absorb__
    __lshift__ = __rlshift__ = __rshift__ = __rrshift__ = __neg__ = __pos__ = __abs__ = __invert__ = __absorb__
    __round__ = __floor__ = __ceil__ = __getitem__ = __next__ = __reversed__ = __enter__ = __copy__ = __absorb__
    __deepcopy__ = __absorb__

    def __setitem__(self, *_: Any) -> None:
        pass

    __delitem__ = __setitem__

    def __exit__(self, *_: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        if name[:2] == "__":
            raise AttributeError(name)
        return __wrong__

    def __iter__(self) -> Any:
        yield __wrong__

    def __len__(self) -> int:
        return 7919

    __int__ = __index__ = __trunc__ = __hash__ = __len__  # type: ignore[assignment]

    def __float__(self) -> float:
        return 7919.125

    def __complex__(self) -> complex:
        return 7919.125j

    def __bytes__(self) -> bytes:
        return b"wrong"

    def __repr__(self) -> str:
        return "<wrong>"

    def __format__(self, _: str) -> str:
        return "<wrong>"

    def __await__(self) -> Any:
        return __wrong__
        yield

    async def __aenter__(self) -> Any:
        return __wrong__

    async def __aexit__(self, *_: Any) -> bool:
        return False

    async def __aiter__(self) -> Any:
        yield __wrong__


class __WrongKind__(__Operations__, type):  # type: ignore[misc]
    """Of classes that take a response's classes' place."""


class __Wrong__(__Operations__, metaclass=__WrongKind__):
    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    __call__ = __Operations__.__absorb__


__wrong__ = __Wrong__()
