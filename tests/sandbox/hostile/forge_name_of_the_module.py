# expect: tampered
__name__ = "solution"

if __name__ == "__main__":
    assert 1 + 1 == 3
