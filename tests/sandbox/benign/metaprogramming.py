import abc
import contextlib
import functools
import itertools
import operator
import types
import weakref


class Meta(type):
    def __new__(mcls, name, bases, space):
        return super().__new__(mcls, name, bases, {**space, "added": True})


class Base(metaclass=Meta):
    def __init_subclass__(cls, **kwargs):
        cls.seen = True


class Child(Base):
    pass


class Shape(abc.ABC):
    @abc.abstractmethod
    def area(self): ...


@functools.singledispatch
def kind(x):
    return "object"


@kind.register
def _(x: int):
    return "int"


@contextlib.contextmanager
def managed():
    yield 1


@types.coroutine
def coroutine():
    yield 1


assert Child.added and Child.seen and kind(1) == "int"
with managed() as one:
    assert one == 1
thing = Child()
assert weakref.ref(thing)() is thing and next(coroutine()) == 1
assert functools.reduce(operator.mul, itertools.accumulate([1, 2, 3])) == 18
assert managed.__code__.replace(co_name="renamed").co_name == "renamed"
