"""The form `verifiers`: a folder that pip installs, with the tasks of the form `rl` as an environment.

Its module is pipeline/export/environment.py: a taskset of verifiers 0.4, which is named by the package's name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from pipeline.dataset.finished import FinishedDataset
from targets.atomic import jsonl_lines

MODULE = "selfcodealign_tasks"
_MODULE_FILE = Path(__file__).with_name("environment.py")
_REWARD_FILE = Path(__file__).with_name("reward.py")
_PROJECT = f"""[build-system]
requires = ["setuptools>=68"]
build-backend = "setuptools.build_meta"

[project]
name = "{MODULE.replace("_", "-")}"
version = "0.{{revision}}"
description = "Programming tasks with tests, of dataset {{recipe}}"
requires-python = ">=3.11"
# The reward runs programs in the sandbox of selfcodealign-luigi: install that first, from its own tree.
dependencies = ["verifiers>=0.4,<0.5", "selfcodealign-luigi"]

[tool.setuptools]
packages = ["{MODULE}"]

[tool.setuptools.package-data]
{MODULE} = ["tasks.jsonl"]
"""
_README = f"""# Programming tasks with tests

{{rows}} tasks of the dataset {{recipe}}. The reward of an answer is 1 if its code passes the task's tests in a sandbox,
and if these tests fail once what they use is wrong; otherwise it is 0. bubblewrap and selfcodealign-luigi must be
installed.

    pip install .
    python -c 'from {MODULE} import CodeTaskset, CodeTasksetConfig; print(len(list(CodeTaskset(CodeTasksetConfig()))))'
"""

# verifiers takes the one Taskset that `__all__` names.
_FACE = """from .environment import CodeData, CodeTask, CodeTaskset, CodeTasksetConfig

__all__ = ["CodeData", "CodeTask", "CodeTaskset", "CodeTasksetConfig"]
"""

Tasks = Callable[[FinishedDataset], Iterable[dict[str, Any]]]


def environment(tasks: Tasks) -> Callable[[FinishedDataset], Iterator[tuple[str, Iterator[bytes]]]]:
    """The files of the package, with these tasks; none where there is no task."""

    def files(dataset: FinishedDataset) -> Iterator[tuple[str, Iterator[bytes]]]:
        rows = list(tasks(dataset))
        if not rows:
            return
        recipe = dataset.manifest["recipe"]
        # Another dataset has another version, so that pip replaces the installed one.
        project = _PROJECT.format(revision=int(recipe, 16), recipe=recipe)
        content = {
            "pyproject.toml": project.encode(),
            "README.md": _README.format(rows=f"{len(rows):,}", recipe=recipe).encode(),
            f"{MODULE}/__init__.py": _FACE.encode(),
            f"{MODULE}/environment.py": _MODULE_FILE.read_bytes(),
            f"{MODULE}/reward.py": _REWARD_FILE.read_bytes(),
            f"{MODULE}/tasks.jsonl": b"".join(jsonl_lines(rows)),
        }
        for name, part in content.items():
            yield f"verifiers/{name}", iter([part])

    return files
