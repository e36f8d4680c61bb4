"""Makes programs for the sandbox of the modules in inside/: nothing of this project is installed there.

In: the module whose function is to run, a job of plain values. Out: Python source, which prints the function's report;
then the report, read from what the program printed.
"""

from __future__ import annotations

import base64
import hashlib
import marshal
import zlib
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.behaviour.inside import wire

_INSIDE = Path(__file__).parent / "inside"
# What each function's program holds: its module, after those that it imports.
_MODULES = {
    "observe": ("outcomes", "forks", "programs", "variants", "observe"),
    "compare": ("outcomes", "forks", "programs", "compare"),
    "oracle": ("exact", "forks", "programs", "variants", "oracle"),
    "trace": ("forks", "programs", "trace"),
    "passing": ("forks", "programs", "passing"),
}
_LARGEST = 1 << 26  # bytes of a report's text


def program(id: str, function: str, job: dict[str, Any]) -> str:
    """Source that prints the report of inside.FUNCTION.FUNCTION(job)."""
    packed = _text(zlib.compress(marshal.dumps(job), 1))
    return f"""{_modules(function)}
import binascii, marshal, zlib
job = marshal.loads(zlib.decompress(binascii.a2b_base64({packed!r})))
report = sys.modules["{_NAME}.{function}"].{function}(job)
text = sys.modules["{_NAME}.wire"].dumps(report).encode()
print({_mark(id)!r} + binascii.b2a_base64(zlib.compress(text), newline=False).decode())
"""


def read_report(id: str, stdout: str) -> Any:
    """The report that a program printed; None without one. It is data from outside: its shape is not checked here."""
    _, mark, line = stdout.rpartition(_mark(id))
    if not mark:
        return None
    try:
        unpacked = zlib.decompressobj()
        text = unpacked.decompress(base64.b64decode(line.strip()), _LARGEST)
        return wire.loads(text) if unpacked.eof else None
    except (ValueError, zlib.error):
        return None


@cache
def sources_digest() -> str:
    """Twelve hex digits over what `observe` does: a kept report depends on it."""
    texts = "".join((_INSIDE / f"{name}.py").read_text("utf-8") for name in _MODULES["observe"])
    return hashlib.sha256(texts.encode()).hexdigest()[:12]


_NAME = "pipeline.behaviour.inside"


@cache
def _modules(function: str) -> str:
    texts = {name: (_INSIDE / f"{name}.py").read_text("utf-8") for name in (*_MODULES[function], "wire")}
    return f"""import sys
for name in ("pipeline", "pipeline.behaviour", "{_NAME}"):
    sys.modules[name] = type(sys)(name)
for name, text in {texts!r}.items():
    module = sys.modules["{_NAME}." + name] = type(sys)("{_NAME}." + name)
    exec(compile(text, name, "exec"), module.__dict__)
"""


def _mark(id: str) -> str:
    return f"report {hashlib.sha256(id.encode()).hexdigest()} "


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
