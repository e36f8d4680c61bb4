import sys


def main():
    assert sorted([3, 1, 2]) == [1, 2, 3]
    return 0


if __name__ == "__main__":
    sys.exit(main())
