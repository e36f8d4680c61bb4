"""The form `verifiers`: a package that pip can install, with a taskset whose reward is the sandbox's verdict."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace

import orjson
import pytest

from pipeline.dataset.finished import FinishedDataset
from pipeline.export.files import export
from pipeline.export.verifiers import MODULE
from tests.support.datasets import plain, write_dataset

TESTS = "assert double(3) == 6\nassert double(0) == 0\n"


def texts(number: int, field: str) -> str:
    return TESTS if field == "tests" else f"{plain(number, field)} {number}"


@pytest.fixture(scope="module")
def package(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("verifiers")
    (root / "latest").symlink_to(write_dataset(root, range(3), texts))
    export(FinishedDataset(root), ["verifiers"], root / "out")
    return root / "out" / "verifiers"


@pytest.fixture(scope="module")
def module(package):
    pytest.importorskip("verifiers.v1")
    spec = importlib.util.spec_from_file_location(MODULE, package / MODULE / "__init__.py")
    sys.modules[MODULE] = loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    yield loaded
    del sys.modules[MODULE]


def test_the_package_names_its_module_and_holds_the_tasks_of_rl(package):
    text = (package / "pyproject.toml").read_text()
    assert f'packages = ["{MODULE}"]' in text and '"tasks.jsonl"' in text
    assert {path.name for path in (package / MODULE).iterdir()} == {
        "__init__.py", "environment.py", "reward.py", "tasks.jsonl",
    }  # fmt: skip
    tasks = [orjson.loads(line) for line in (package / MODULE / "tasks.jsonl").read_bytes().splitlines()]
    assert [task["prompt"][-1]["content"] for task in tasks] == [texts(number, "instruction") for number in range(3)]
    assert {task["tests"] for task in tasks} == {TESTS}


def test_a_dataset_without_rows_has_no_package(tmp_path):
    (tmp_path / "latest").symlink_to(write_dataset(tmp_path, range(0)))
    assert [str(path) for path in export(FinishedDataset(tmp_path), ["verifiers"], tmp_path / "out")] == [
        "manifest.json"
    ]


def test_the_library_finds_one_taskset_with_every_task(module):
    from verifiers.v1.utils.loaders import taskset_class

    taskset = taskset_class(MODULE)(module.CodeTasksetConfig(id=MODULE))
    assert [task.data.prompt for task in taskset] == [texts(number, "instruction") for number in range(3)]
    chosen = taskset_class(MODULE)(module.CodeTasksetConfig(id=MODULE, difficulty=texts(1, "difficulty")))
    assert len(list(chosen)) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "expected"),
    [("def double(x):\n    return 2 * x", 1.0), ("def double(x):\n    return 6", 0.0), ("raise SystemExit(0)", 0.0)],
)
def test_the_reward_of_an_answer_is_whether_its_tests_pass(module, code, expected):
    task = next(iter(module.CodeTaskset(module.CodeTasksetConfig())))
    trace = SimpleNamespace(last_reply=f"So:\n```python\n{code}\n```\n")
    assert asyncio.run(task.tests_pass(trace)) == expected
