"""The form `verifiers`: a package that pip can install, whose reward is the sandbox's verdict."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from pathlib import Path

import pytest

from pipeline.dataset.finished import FinishedDataset
from pipeline.export.files import export
from pipeline.export.verifiers import MODULE
from tests.support.datasets import write_dataset

TESTS = "assert double(3) == 6\nassert double(0) == 0\n"
UNDER = {"tests": TESTS, "packages": [], "timeout_s": 10.0, "memory_mb": 512}


@pytest.fixture(scope="module")
def package(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("verifiers")
    (root / "latest").symlink_to(write_dataset(root, range(3)))
    export(FinishedDataset(root), ["verifiers"], root / "out")
    return root / "out" / "verifiers"


@pytest.fixture(scope="module")
def module(package):
    spec = importlib.util.spec_from_file_location(MODULE, package / MODULE / "__init__.py")
    sys.modules[MODULE] = loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    yield loaded
    del sys.modules[MODULE]


def test_the_package_names_its_module_and_its_tasks(package):
    text = (package / "pyproject.toml").read_text()
    assert f'packages = ["{MODULE}"]' in text and '"tasks.jsonl"' in text
    assert len((package / MODULE / "tasks.jsonl").read_bytes().splitlines()) == 3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "expected"),
    [("def double(x):\n    return 2 * x", 1.0), ("def double(x):\n    return 6", 0.0), ("raise SystemExit(0)", 0.0)],
)
def test_the_reward_of_an_answer_is_whether_its_tests_pass(module, code, expected):
    completion = [{"role": "assistant", "content": f"So:\n```python\n{code}\n```\n"}]
    assert asyncio.run(module.environment.passes(completion, UNDER)) == expected


def test_the_library_loads_it(module):
    pytest.importorskip("verifiers")
    environment = module.load_environment()
    assert len(environment.get_dataset()) == 3
