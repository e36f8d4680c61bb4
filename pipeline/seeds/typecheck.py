"""Does a seed stand on its own? A type checker says: every name defined, every call possible.

pyrefly checks hundreds of seeds in one call, each as a module of its own that sees the standard library's
types and nothing else: a verdict depends on the seed's code and on pyrefly's version, not on what happens to
be installed here. An import that cannot be resolved is no fault. Why pyrefly: docs/decisions/0004-type-checker.md.

Whatever makes the checker fail or hang costs the seed that does it, and none of the others in its call. A
checker that fails on one line that nothing is wrong with costs no seed: it is broken, and the run ends.
"""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import orjson

from pipeline.errors import MachineError

BATCH = 512
BASE_SECONDS, SECONDS_EACH = 60.0, 0.5  # far more than it takes; then the call is split

_CONFIG = """
project-includes = ["*.py"]
python-version = "3.13"
python-platform = "linux"
skip-interpreter-query = true
site-package-path = []

[errors]
missing-import = false
missing-source = false
missing-source-for-stubs = false
untyped-import = false
"""


def version() -> str:
    """What decides verdicts besides the code."""
    return f"pyrefly {importlib.metadata.version('pyrefly')}"


def faults(codes: dict[str, str]) -> dict[str, str]:
    """The first type error of each code that has one, by the codes' keys.

    Raises MachineError when the checker does not work here.
    """
    if not codes:
        return {}
    try:
        return _check(codes, BASE_SECONDS + SECONDS_EACH * len(codes))
    except (subprocess.TimeoutExpired, _Failed) as error:
        if len(codes) == 1:
            _require_working()
            return dict.fromkeys(codes, f"the type checker fails: {error}"[:300])
    keys = list(codes)
    half = len(keys) // 2
    return {
        **faults({key: codes[key] for key in keys[:half]}),
        **faults({key: codes[key] for key in keys[half:]}),
    }


def _require_working() -> None:
    try:
        _check({"": "x = 1\n"}, seconds=300)
    except (subprocess.TimeoutExpired, _Failed) as error:
        raise MachineError(
            f"the type checker does not work: {error}",
            "install pyrefly anew, or set [seeds] type_check = false",
        ) from None


class _Failed(Exception):
    """The checker ended without a verdict."""


def _check(codes: dict[str, str], seconds: float) -> dict[str, str]:
    with tempfile.TemporaryDirectory(prefix="selfcodealign-") as name:
        folder = Path(name)
        (folder / "pyrefly.toml").write_text(_CONFIG)
        # Names that no import can mean.
        by_file = {f"seed_{number:06d}_.py": key for number, key in enumerate(codes)}
        for file, key in by_file.items():
            (folder / file).write_text(codes[key], encoding="utf-8")
        ended = subprocess.run(
            [
                sys.executable,
                "-m",
                "pyrefly",
                "check",
                "-c",
                "pyrefly.toml",
                "--output-format",
                "json",
            ],
            cwd=folder,
            capture_output=True,
            timeout=seconds,
            env={key: value for key, value in os.environ.items() if not key.startswith("PYREFLY_")},
        )
        try:
            found = orjson.loads(ended.stdout)["errors"]
        except (orjson.JSONDecodeError, KeyError):
            said = ended.stderr.decode(errors="replace").strip().splitlines()
            raise _Failed(f"exit code {ended.returncode}: {said[-1] if said else ''}") from None
    verdicts: dict[str, str] = {}
    for error in found:
        seed = by_file.get(Path(error["path"]).name)
        if seed is not None and error["severity"] == "error":
            text = f"line {error['line']}: {error['name']}: {error['concise_description']}"
            verdicts.setdefault(seed, text[:300])
    return verdicts
