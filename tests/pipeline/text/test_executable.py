"""What of a response runs before its tests: definitions and what they need, nothing that wants a user."""

from __future__ import annotations

import pytest

from pipeline.text.executable import executable

ADD = "def add(a, b):\n    return a + b\n"


@pytest.mark.parametrize(
    "tail",
    [
        'if __name__ == "__main__":\n    print(add(1, int(input())))\n',
        "if '__main__' == __name__:\n    import sys\n    sys.exit(0)\n",
        'if __name__ == "__main__" and True: add(1, 2)\n',
        "print(add(int(input()), 1))\n",
        "name = input()\nprint(name)\nlength = len(name)\nprint(length)\n",
        "while True:\n    line = input()\n    if not line:\n        break\n",
        "try:\n    n = int(input())\nexcept ValueError:\n    n = 0\n",
    ],
)
def test_what_wants_a_user_is_cut(tail: str) -> None:
    assert executable(ADD + tail).strip() == ADD.strip()


@pytest.mark.parametrize(
    "code",
    [
        ADD,
        "LIMIT = 3\n\n\ndef f(x):\n    return x < LIMIT\n",
        "def ask():\n    return input()\n",
        "def input():\n    return '3'\n\n\nN = input()\n",
        "n = 3\nif n == 3:\n    n = 4\n",
        "print('no user')\n",
        "def broken(:\n",
        "ask = lambda: input()\n",
    ],
)
def test_everything_else_stays_as_it_is(code: str) -> None:
    assert executable(code) == code


def test_a_call_of_a_function_that_reads_the_keyboard_is_cut_and_the_function_stays() -> None:
    code = "def ask():\n    return input()\n\n\ndef main():\n    print(ask())\n\n\nmain()\n"
    assert executable(code) == code.replace("\n\n\nmain()", "\n\n")


def test_the_other_branch_of_a_guard_stays() -> None:
    code = f'{ADD}if __name__ == "__main__":\n    add(1)\nelse:\n    N = 1\n'
    assert executable(code) == f"{ADD}N = 1\n"


def test_a_name_that_is_set_again_is_not_lost() -> None:
    code = "n = int(input())\nn = 3\nm = n + 1\n"
    assert executable(code) == "n = 3\nm = n + 1\n"
