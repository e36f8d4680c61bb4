def add(a, b):
    """Add two numbers."""
    return a + b


assert add(1, 2) == 3
assert add(-1, 1) == 0
