"""Type checkers on seeds: agreement with Pyright's verdicts, and speed.

    python -m venv checkers && checkers/bin/pip install pyright basedpyright ty pyrefly
    python benchmarks/type_checkers.py --bin checkers/bin --count 1000 --sources python-stdlib

Candidates are functions of the sources that all rules before the type check keep, each a file of its own, and every checker sees the same files, the standard library's types and
nothing else. A file passes when it has no error; an import that cannot be resolved is none. Pyright is the
reference's checker.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pipeline import sources
from pipeline.config import sections
from pipeline.seeds.criteria import SeedCriteria
from pipeline.seeds.definitions import Definition, decode, definitions
from pipeline.seeds.rules import rejected
from pipeline.seeds.typecheck import _CONFIG as PYREFLY
from pipeline.sources import Document

PYRIGHT = {
    "include": ["."],
    "pythonVersion": "3.13",
    "pythonPlatform": "Linux",
    "typeCheckingMode": "standard",
    "reportMissingImports": False,
    "reportMissingModuleSource": False,
    "venvPath": ".",
    "venv": "nothing",
}
TY = """
[environment]
python-version = "3.13"
python-platform = "linux"

[rules]
unresolved-import = "ignore"
"""


def candidates(labels: list[str]) -> Iterator[str]:
    """Codes of functions that reach the type check."""
    section = sections.seeds()
    values = {key: getattr(section, key) for key, _ in section.get_params()}
    settings = SimpleNamespace(**{**values, "type_check": False})
    limits = SeedCriteria.of(settings, Path()).limits
    for label in labels:
        source = sources.resolve(label, Path.cwd(), settings)
        for part in source.parts():
            for document in () if part.left_out else source.documents(part):
                text = decode(document.content) if isinstance(document, Document) else None
                if isinstance(text, str):
                    for item in definitions(text, frozenset({"functions"})):
                        if isinstance(item, Definition) and not rejected(item, limits):
                            yield item.code


def pyright(found: str) -> set[str]:
    errors = json.loads(found)["generalDiagnostics"]
    return {Path(error["file"]).name for error in errors if error["severity"] == "error"}


def ty(found: str) -> set[str]:
    return {
        Path(error["location"]["path"]).name
        for error in json.loads(found)
        if error["severity"] in ("major", "critical", "blocker")
    }


def pyrefly(found: str) -> set[str]:
    errors = json.loads(found)["errors"]
    return {Path(error["path"]).name for error in errors if error["severity"] == "error"}


CHECKERS: dict[str, tuple[list[str], Callable[[str], set[str]]]] = {
    "pyright": (["pyright", "--outputjson", "-p", "pyrightconfig.json"], pyright),
    "basedpyright": (["basedpyright", "--outputjson", "-p", "pyrightconfig.json"], pyright),
    "ty": (["ty", "check", "--config-file", "ty.toml", "--output-format", "gitlab", "."], ty),
    "pyrefly": (["pyrefly", "check", "-c", "pyrefly.toml", "--output-format", "json"], pyrefly),
}


def timed(command: list[str], folder: Path) -> tuple[str, float, float]:
    """Output, wall seconds and CPU seconds of a command."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return ended.stdout, time.monotonic() - began, cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=Path, required=True, help="folder of the checkers' programs")
    parser.add_argument("--count", type=int, default=1500)
    parser.add_argument("--sources", nargs="+", default=["python-stdlib", "python-packages"])
    arguments = parser.parse_args()
    every = sorted(set(candidates(arguments.sources)))
    step = max(1, len(every) // arguments.count)
    codes = every[::step][: arguments.count]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, code in enumerate(codes):
            (folder / f"seed_{number:06d}_.py").write_text(code)
        (folder / "nothing").mkdir()
        (folder / "pyrightconfig.json").write_text(json.dumps(PYRIGHT))
        (folder / "ty.toml").write_text(TY)
        (folder / "pyrefly.toml").write_text(PYREFLY)
        print(f"{len(codes)} functions\n")
        print("| checker | agrees | drops too much | keeps too much | CPU s | times pyright's |")
        print("|---|---:|---:|---:|---:|---:|")
        reference: set[str] = set()
        pace = 0.0
        for checker, (command, read) in CHECKERS.items():
            version = timed([str(arguments.bin / command[0]), "--version"], folder)[0].split()[1]
            output, _, cpu = timed([str(arguments.bin / command[0]), *command[1:]], folder)
            dropped = read(output)
            if checker == "pyright":
                reference, pace = dropped, cpu
            apart = len(dropped ^ reference)
            print(
                f"| {checker} {version} | {1 - apart / len(codes):.1%} | {len(dropped - reference)} "
                f"| {len(reference - dropped)} | {cpu:.1f} | {cpu / pace:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
