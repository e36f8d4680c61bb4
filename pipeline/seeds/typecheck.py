"""Type-checks seeds: a seed must be valid on its own, with every name defined and every call possible.

pyrefly checks hundreds of seeds in one call, each as a separate module with access to the standard library's types
and nothing else: a verdict depends on the seed's code and on pyrefly's version, not on the installed packages.
An import that cannot be resolved is not an error. Why pyrefly: docs/decisions/0004-type-checker.md.

A seed that makes the checker fail or hang is rejected alone, not the others in its call. A checker that fails on one
valid line rejects no seed: it is broken, and the run ends.
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
BASE_SECONDS, SECONDS_EACH = 60.0, 0.5  # far more than needed; on a timeout the call is split

_CONFIG = """
project-includes = ["*.py"]
python-version = "3.14"
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
    """The checker's name and version: verdicts depend on it and on the code alone."""
    return f"pyrefly {importlib.metadata.version('pyrefly')}"


def faults(codes: dict[str, str]) -> dict[str, str]:
    """The first type error of each code that has one, by the codes' keys.

    Raises MachineError when the checker does not work on this machine.
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
            "install pyrefly again, or set [seeds] type_check = false",
        ) from None


class _Failed(Exception):
    """The checker ended without a verdict."""


def _check(codes: dict[str, str], seconds: float) -> dict[str, str]:
    with tempfile.TemporaryDirectory(prefix="selfcodealign-") as name:
        folder = Path(name)
        (folder / "pyrefly.toml").write_text(_CONFIG)
        # Names that no import statement can match.
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
            errors = orjson.loads(ended.stdout)["errors"]
        except (orjson.JSONDecodeError, KeyError):
            lines = ended.stderr.decode(errors="replace").strip().splitlines() or [""]
            raise _Failed(f"exit code {ended.returncode}: {lines[-1]}") from None
    verdicts: dict[str, str] = {}
    for error in errors:
        seed = by_file.get(Path(error["path"]).name)
        if seed is not None and error["severity"] == "error":
            text = f"line {error['line']}: {error['name']}: {error['concise_description']}"
            verdicts.setdefault(seed, text[:300])
    return verdicts
