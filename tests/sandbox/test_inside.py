"""Code that runs in a program's own process imports the standard library alone."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from pipeline.verification import inside as verification_inside
from sandbox import inside as sandbox_inside

FOLDERS = (sandbox_inside, verification_inside)
FILES = [
    (package.__name__, path) for package in FOLDERS for path in sorted(Path(str(package.__file__)).parent.glob("*.py"))
]


@pytest.mark.parametrize(("package", "path"), FILES, ids=lambda value: getattr(value, "stem", ""))
def test_inside_imports_the_standard_library_and_its_neighbours(package: str, path: Path) -> None:
    modules: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            modules.add(str(node.module))
    others = {
        module
        for module in modules
        if module.partition(".")[0] not in sys.stdlib_module_names and not module.startswith(f"{package}.")
    }
    assert not others
