"""A module.

>>> double(4)
8
"""


def double(x):
    """
    >>> double(2)
    4
    >>> double("a")
    'aa'
    """
    return 2 * x


if __name__ == "__main__":
    import doctest

    results = doctest.testmod()
    assert results.failed == 0 and results.attempted == 3, results
