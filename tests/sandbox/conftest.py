"""Shared by the tests of the sandbox: a pool, a way to run one program, and the suites as a script."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from sandbox import Limits, Pool, Program, Result

HERE = Path(__file__).parent
MIB = 1 << 20

# The whole size of what is scaled down by default: 10,000 programs, every program in every mode.
FULL = os.environ.get("SANDBOX_FULL") == "1"


@pytest.fixture(scope="session")
def full() -> bool:
    return FULL


@pytest.fixture(scope="session")
def pool() -> Iterator[Pool]:
    limits = Limits(wall_seconds=20.0, cpu_seconds=5, memory_bytes=512 * MIB)
    with Pool(2, limits) as opened:
        yield opened


@pytest.fixture
def verdict(pool: Pool) -> Callable[[str], Result]:
    """Run one program in the shared pool."""

    def run_one(source: str) -> Result:
        (result,) = pool.run_many([Program("one", source)])
        return result

    return run_one


@pytest.fixture(scope="session")
def suite() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sandbox_suite", HERE / "suite.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
