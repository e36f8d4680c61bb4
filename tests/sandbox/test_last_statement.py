"""Programs that end by leaving: success at the very end counts, and nothing before it does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandbox import Result

Verdict = Callable[[str], Result]
SUCCESS = [
    "import sys\nassert True\nsys.exit()",
    "import sys\nsys.exit(0)",
    "import sys\nsys.exit(None)",
    "import sys\nsys.exit(False)",
    "exit()",
    "quit(0)",
    "raise SystemExit",
    "raise SystemExit(0)",
    "import sys\ndef main():\n    return 0\nif __name__ == '__main__':\n    sys.exit(main())",
    "import sys\nif '__main__' == __name__:\n    x = 1\n    sys.exit(x - 1)\n",
    "from sys import exit\nexit(0)  # a comment",
    "import sys\nif True:\n    sys.exit(0)\n",
    "def main():\n    import sys\n    sys.exit(0)\nmain()",
    "def f():\n    raise SystemExit\nimport sys\nsys.exit(f())",
    "def exit(code):\n    raise SystemExit(code)\nexit(0)",
    "import sys\nsys.exit = print\nsys.exit(0)",
]
FAILURE = {
    "import sys\nsys.exit(1)": "failed",
    "import sys\nsys.exit('message')": "failed",
    "import sys\nsys.exit(True)": "failed",
    "import sys\nsys.exit(256)": "exited_early",
    "exit(3)": "failed",
    "raise SystemExit(2)": "failed",
    "import sys\nsys.exit(0)\nassert False": "exited_early",
    "import sys\nsys.exit(sys.exit(0))": "exited_early",
    "import sys\nif True:\n    sys.exit(0)\nassert False": "exited_early",
    "import sys\nif True:\n    sys.exit(0)\nprint(1 / 0)\nsys.exit(abs(1))": "exited_early",
    "import sys\ndef f():\n    sys.exit(0)\ndef main():\n    assert f() == 1\n    sys.exit(0)\nmain()": "exited_early",
    "import sys\ndef f():\n    sys.exit(0)\nf()\nf()": "exited_early",
    "import sys\ntry:\n    sys.exit(0)\nexcept Exception:\n    pass\nelse:\n    assert False": "exited_early",
    "import sys\ndef f():\n    sys.exit(0)\nassert f() == 1": "exited_early",
    "import sys\nsys.exit = print\nsys.exit(1)": "failed",
    "import sys\nsys.exit('')": "failed",
    "import sys\nsys.exit(0.0)": "failed",
    "import sys\nsys.exit([])": "failed",
    "import sys\nclass Zero:\n    __class__ = int\nsys.exit(Zero())": "failed",
    "import sys\nclass Zero(int):\n    __bool__ = lambda self: False\nsys.exit(Zero(1))": "failed",
    "import sys\nfor _ in 'ab':\n    sys.exit(0)": "exited_early",
    "import sys\nsys = type('s', (), {'exit': lambda *a: (_ for _ in ()).throw(SystemExit(0))})\nsys.exit(0)": "exited_early",
}


@pytest.mark.parametrize("source", SUCCESS)
def test_leaving_with_success_at_the_very_end_passes(verdict: Verdict, source: str) -> None:
    result = verdict(source)
    assert result.status == "passed", result


@pytest.mark.parametrize(("source", "status"), FAILURE.items())
def test_leaving_otherwise_does_not(verdict: Verdict, source: str, status: str) -> None:
    result = verdict(source)
    assert result.status == status, result


def test_the_exit_code_and_message_are_those_of_python(verdict: Verdict) -> None:
    result = verdict("import sys\nsys.exit('no good')")
    assert (result.exit_code, result.stderr) == (1, "no good\n")
    assert verdict("import sys\nsys.exit(70000)").exit_code == 70000 & 0xFF
