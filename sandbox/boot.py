"""Compiles the byte code that the interpreter inside starts with.

Data in: tripwires.py, importer.py and runner.py of `inside/`, which become one module, and endings.py. Data out:
a command for `python -c`, and the bytes that it reads from the runner's descriptor.
"""

from __future__ import annotations
import __future__

import marshal
from pathlib import Path
from types import CodeType
from typing import Any

_FIRST = ("tripwires.py", "importer.py", "runner.py")
_SECOND = "endings.py"
_ANNOTATIONS = __future__.annotations.compiler_flag


def compile_runner(config: dict[str, Any]) -> tuple[str, bytes]:
    """The command that starts the interpreter inside, and the file that it reads: two pieces of byte code.

    The first calls the runner's `main`; the second is loaded for the programs that need it.
    """
    second = _byte_code(_text(_SECOND))
    texts = "\n".join(map(_text, _FIRST))
    first = _byte_code(f"{texts}\nmain({ {**config, 'endings': (0, len(second))}!r})\n")
    boot = f"import posix,marshal;exec(marshal.loads(posix.pread(4,{len(first)},{len(second)})))"
    return boot, second + first


def _text(name: str) -> str:
    """A file of `inside/`, its future statement left out: inside, that would import a module's file."""
    text = (Path(__file__).parent / "inside" / name).read_text()
    return text.replace("from __future__ import annotations\n", "\n")


def _byte_code(text: str) -> bytes:
    code = compile(text, "<runner>", "exec", _ANNOTATIONS, dont_inherit=True, optimize=2)
    return marshal.dumps(_without_flag(code))


def _without_flag(code: CodeType) -> CodeType:
    """The same code without the future flag, which the program that it compiles would inherit."""
    parts = (_without_flag(c) if isinstance(c, CodeType) else c for c in code.co_consts)
    return code.replace(co_flags=code.co_flags & ~_ANNOTATIONS, co_consts=tuple(parts))
