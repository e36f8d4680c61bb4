# -*- coding: latin-1 -*-
def f(x: int) -> int:
    return x  # é


if __name__ != "__main__":
    raise ImportError
