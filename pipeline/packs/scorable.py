"""Whether a pack can be scored here: checked before anything is generated, with what is missing."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterator
from importlib import metadata

from pipeline.errors import ConfigError
from pipeline.packs.layouts import Task
from pipeline.packs.pack import Pack
from pipeline.packs.programs import tests_of
from pipeline.packs.variants import SCORED
from pipeline.text.normalise import parse


def require_scorable(pack: Pack, packages: Collection[str]) -> None:
    """Raise ConfigError, which names the task, for a pack that cannot be scored.

    `packages` are the distributions of [sandbox] packages: what the tests import must be among them.
    """
    if pack.layout not in SCORED:
        raise ConfigError(
            f"{pack.path} cannot be evaluated: its layout is {pack.layout}",
            f"packs in these layouts can: {', '.join(SCORED)}",
        )
    for task in pack.tasks:
        cases = task.asked and task.asked.cases
        if task.inputs is None and not cases and not tests_of(task).strip():
            raise ConfigError(f"{pack.path} cannot be evaluated: task {task.id} has no tests", "use a pack with tests")
        if task.inputs is not None and not task.inputs.count():
            raise ConfigError(f"{pack.path} cannot be evaluated: task {task.id} has no inputs", "fetch it again")
    missing: dict[str, str] = {}
    for task in pack.tasks:
        for module in _imports(task):
            missing.setdefault(module, task.id)
    known = metadata.packages_distributions()
    available = {name.lower() for name in packages}
    for module, first in sorted(missing.items()):
        distributions = known.get(module, [])
        if not any(name.lower() in available for name in distributions):
            distribution = distributions[0] if distributions else module
            raise ConfigError(
                f"{pack.path} cannot be evaluated: the tests of task {first} import {module}",
                f"install {distribution} and add it to [sandbox] packages",
            )


def _imports(task: Task) -> Iterator[str]:
    """The modules outside the standard library that a task's setup and tests import."""
    for text in (task.setup, tests_of(task) if task.inputs is None else ""):
        tree = parse(text) if "import" in text else None
        for node in ast.walk(tree) if tree else ():
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for name in names:
                module = name.partition(".")[0]
                if module not in sys.stdlib_module_names:
                    yield module
