"""llama.cpp is loaded in the engine's process only, never in the caller's."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CHILD = ROOT / "pipeline" / "engine" / "child"
FORBIDDEN = ("llama_cpp", "pipeline.engine.child")
SCRIPT = """
import sys
from pipeline.engine import EngineSettings, LlamaEngine, Request, inspect_model
inspect_model(sys.argv[1])
with LlamaEngine(EngineSettings(sys.argv[1], n_threads=1)) as engine:
    assert len(list(engine.generate(Request(str(i), "", "a", 8) for i in range(40)))) == 40
    assert engine.stats().steps
for name in sys.modules:
    assert not name.startswith(("llama_cpp", "pipeline.engine.child")), name
"""


def imported_modules(path: Path) -> set[str]:
    modules = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return modules


def test_no_module_outside_the_child_imports_the_child_or_llama_cpp():
    imports = {
        (str(path.relative_to(ROOT)), module)
        for package in ("pipeline", "sandbox", "targets")
        for path in (ROOT / package).rglob("*.py")
        if CHILD not in path.parents
        for module in imported_modules(path)
    }
    assert len(imports) > 500
    assert not {(path, module) for path, module in imports if module.startswith(FORBIDDEN)}


def test_inspecting_and_generating_load_neither_llama_cpp_nor_the_child(tiny_model):
    argv = [sys.executable, "-c", SCRIPT, str(tiny_model)]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 0, done.stderr
