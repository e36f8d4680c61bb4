"""The sources that determine what a stage writes, and a digest of them that ignores comments and layout.

A stage's bytes are determined by its own module and by all that it imports from the rooms below, but for what only
decides where, when and how fast the work is done (configuration, project, run, engine, targets). What runs inside the
sandbox counts where a stage reads its sources (_READ_AS_TEXTS) or their protocol (sandbox/).

    python -m tests.support.stage_sources    write the digests of today beside the versions of today
"""

from __future__ import annotations

import ast
import hashlib
import io
import json
import re
import tokenize
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.operations.rules import stages
from pipeline.seeds import scan
from pipeline.seeds.rules import RULES_VERSION
from pipeline.stages.dataset import FinalDataset
from sandbox import PROTOCOL

ROOT = Path(__file__).parents[2]
RECORD = ROOT / "tests" / "pipeline" / "stages" / "versions.json"

_ROOMS = (
    "records", "joined", "text", "prompts", "verification", "packs", "sources", "seeds", "behaviour", "decontamination",
    "selection", "dataset",
)  # fmt: skip
_SHARED_BY_STAGES = tuple(
    f"pipeline.stages.{name}" for name in ("generation", "mixing", "shaped", "verdicts", "verified", "waves")
)
# What runs in the sandbox, by the module that reads it.
_READ_AS_TEXTS = {
    "pipeline.verification.job": "pipeline.verification.inside",
    "pipeline.packs.programs": "pipeline.packs.inside",
    "pipeline.behaviour.embedded": "pipeline.behaviour.inside",
}
_IN_THE_SANDBOX = (
    "sandbox.evidence", "sandbox.expectations", "sandbox.falsification", "sandbox.falsified", "sandbox.inside",
    "sandbox.staging.files",
)  # fmt: skip


def recorded_versions() -> dict[str, Any]:
    """The versions and digests that were recorded last, by stage."""
    return dict(json.loads(RECORD.read_text()))


def current_versions() -> dict[str, Any]:
    """By stage, the version that its recipe names and the digest of the sources that determine its bytes."""
    current = {}
    # Where several classes make a stage, it is the one of its name; the others are named as well.
    for stage in sorted([*stages(), FinalDataset], key=lambda stage: stage.__name__.lower() != stage.stage):
        if stage.__module__.startswith("pipeline."):
            name = f"{stage.stage}: {stage.__name__}" if stage.stage in current else stage.stage
            current[name] = {
                "version": stage.version,
                "sources": digest(reached_from([stage.__module__])),
            }
    current[scan.STAGE] = {
        "version": [scan.VERSION, RULES_VERSION],
        "sources": digest(reached_from([scan.__name__])),
    }
    current["sandbox"] = {"version": PROTOCOL, "sources": digest(modules_of(_IN_THE_SANDBOX))}
    return dict(sorted(current.items()))


def modules_of(names: Iterable[str]) -> set[str]:
    """The modules with these names, and those in packages with these names."""
    modules = set()
    for name in names:
        path = ROOT / name.replace(".", "/")
        files = sorted(path.glob("*.py")) if path.is_dir() else [path.with_suffix(".py")]
        modules |= {_name(file) for file in files}
    return modules


def reached_from(names: Iterable[str]) -> set[str]:
    """These modules and all that they import, directly or not, from the rooms that determine bytes."""
    reached: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name in reached:
            continue
        reached.add(name)
        pending += [module for module in _imported(name) if _determines_bytes(module)]
        if inside := _READ_AS_TEXTS.get(name):
            pending += modules_of([inside])
    return reached


def _determines_bytes(module: str) -> bool:
    room = module.split(".")[1:2]
    return module in _SHARED_BY_STAGES or (module.startswith("pipeline.") and room[0] in _ROOMS)


@cache
def _imported(name: str) -> list[str]:
    return list(_imports_in(name))


def _imports_in(name: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(_file(name).read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                member = f"{node.module}.{alias.name}"
                yield member if _file(member).exists() else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def digest(modules: Iterable[str]) -> str:
    """Twelve hex digits over the code of modules, without comments, docstrings and layout."""
    total = hashlib.sha256()
    for name in sorted(modules):
        total.update(f"{name}\n{module_code(name)}\n".encode())
    return total.hexdigest()[:12]


@cache
def module_code(name: str) -> str:
    """`code_of` a module."""
    return code_of(_file(name).read_text())


def code_of(text: str) -> str:
    """Python source without comments, docstrings, white space, and commas before a closing bracket."""
    lines = text.splitlines(keepends=True)
    spans = [*_docstrings(ast.parse(text)), *_comments(text)]
    for (row, column), (last_row, last_column) in sorted(spans, reverse=True):
        before, after = lines[row - 1][:column], lines[last_row - 1][last_column:]
        lines[row - 1 : last_row] = [before + after]
    return re.sub(r",(?=[)\]}])", "", re.sub(r"\s+", "", "".join(lines)))


_Span = tuple[tuple[int, int], tuple[int, int]]


def _comments(text: str) -> Iterator[_Span]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start, token.end


def _docstrings(tree: ast.Module) -> Iterator[_Span]:
    """Strings that stand alone as statements; columns are those of ASCII sources."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            assert node.end_lineno is not None and node.end_col_offset is not None
            yield (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)


def _file(module: str) -> Path:
    path = ROOT / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


if __name__ == "__main__":
    RECORD.write_text(json.dumps(current_versions(), indent=1) + "\n")
