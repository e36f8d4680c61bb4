"""The seed funnel of sources that are not on this machine by default, and what the keys of [seeds] add.

    python benchmarks/sources.py --wheels FOLDER --history REPOSITORY ... > benchmarks/results/sources.md

FOLDER holds wheels of the distributions in PACKAGES (`pip download --no-deps --dest FOLDER ...`), each REPOSITORY is a git
repository with a long history. Measured: seeds of the standard library and of the packages, with and without
`generators`, `helpers` and methods, and the share of them that passes the type check; the funnel of the history, and
how many messages held what tools add; the same packages as one file in the nested form of The Stack v2.
"""

from __future__ import annotations

import argparse
import platform
import re
import resource
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pipeline import sources
from pipeline.config import sections
from pipeline.seeds import typecheck
from pipeline.seeds.criteria import SeedCriteria
from pipeline.seeds.scan import Scan

PACKAGES = (
    "anyio", "attrs", "boltons", "chardet", "click", "colorama", "decorator", "distlib", "docutils", "filelock",
    "flask", "fsspec", "h11", "httpcore", "httpx", "idna", "itsdangerous", "jinja2", "jsonschema", "mako",
    "more_itertools", "mpmath", "networkx", "packaging", "pluggy", "pyparsing", "requests", "rich", "toolz", "werkzeug",
)  # fmt: skip
KEYS: dict[str, dict[str, Any]] = {
    "as shipped": {},
    "generators": {"generators": True},
    "helpers": {"helpers": True},
    "generators, helpers": {"generators": True, "helpers": True},
    "methods": {"kinds": "functions, methods"},
    "methods, helpers": {"kinds": "functions, methods", "helpers": True},
}
# What tools add to a message: converters of histories, reviewers' trailers, continuous integration, issue trackers.
TOOLS = re.compile(
    r"--HG--|convert_revision|git-svn-id|^[A-Z][a-z]+-(?:by|id): |\[(?:ci skip|skip ci)\]|^-{3,}$"
    r"|^(?:fixes|closes|addresses|resolves|see)?:? ?#\d+\.?$",
    re.MULTILINE | re.IGNORECASE,
)


def scanned(root: Path, folder: Path, labels: Iterable[str], **changes: Any) -> tuple[Scan, float]:
    """A scan of sources below `root` from nothing, and its seconds."""
    section = sections.seeds()
    values = {key: getattr(section, key) for key, _ in section.get_params()}
    settings = SimpleNamespace(**{**values, **changes})
    began = time.monotonic()
    found = [sources.resolve(label, root, settings) for label in labels]
    scan = Scan(folder, found, SeedCriteria.of(settings, root))
    scan.update(256, lambda: None)
    return scan, time.monotonic() - began


def unpacked(wheels: Path, root: Path) -> list[Path]:
    """The folders of PACKAGES, from their wheels."""
    folders = []
    for name in PACKAGES:
        [wheel] = [path for path in wheels.glob("*.whl") if path.name.lower().startswith(f"{name}-")]
        folder = root / name
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder, [file for file in archive.namelist() if not file.startswith("_vendor")])
        folders.append(folder)
    return folders


def keys_table(title: str, root: Path, labels: list[str]) -> None:
    print(f"\n## {title}\n\n| keys | seeds | more | pass the type check | seconds |\n|---|---:|---:|---:|---:|")
    first = 0
    for keys, changes in KEYS.items():
        with tempfile.TemporaryDirectory() as folder:
            scan, seconds = scanned(root, Path(folder), labels, licences="any", **changes)
            kept, rules = len(scan.snapshot.occurrences), scan.snapshot.rules
        first = first or kept
        # Of the definitions that all rules before the type check let through.
        checked = kept + sum(rules.get(rule, 0) for rule in ("duplicate", "near_duplicate", "type_error"))
        share = 1 - rules.get("type_error", 0) / checked
        print(f"| {keys} | {kept} | {kept / first - 1:+.0%} | {share:.0%} of {checked} | {seconds:.0f} |", flush=True)


def funnel(title: str, root: Path, label: str) -> Scan:
    with tempfile.TemporaryDirectory() as folder:
        scan, seconds = scanned(root, Path(folder), [label], licences="any")
        snapshot = scan.snapshot
        rejected = sum(snapshot.rules.values())
        print(f"\n## {title}\n\n| | count |\n|---|---:|\n| looked at | {rejected + len(snapshot.occurrences)} |")
        for rule, count in Counter(snapshot.rules).most_common():
            print(f"| {rule} | -{count} |")
        print(f"| **seeds** | **{len(snapshot.occurrences)}** |\n\n{seconds:.0f} s.", flush=True)
    return scan


def messages(repository: Path) -> None:
    """How many messages of commits that qualify held what tools add, before and after cleaning."""
    source = sources.resolve(f"commits:{repository}", Path("/"), SimpleNamespace(include=""))
    kept = {part.path for part in source.parts() if part.left_out is None}
    log = source._repository.git("log", "-z", "--format=%H%n%B", source._repository.commit, "--", "*.py")
    raw = dict(entry.split("\n", 1) for entry in log.split("\0") if "\n" in entry)
    before = sum(bool(TOOLS.search(raw[commit])) for commit in kept)
    after = sum(bool(TOOLS.search(source._messages[commit])) for commit in kept)
    print(
        f"\nOf {len(kept)} messages that qualify, {before} held lines of tools; {after} do after cleaning.", flush=True
    )


def stack_file(folders: list[Path], path: Path) -> None:
    """The packages as rows of The Stack v2: a repository each, with its files nested."""
    rows = []
    for folder in folders:
        files = [
            {
                "blob_id": str(number), "path": f"/{file.relative_to(folder)}", "language": "Python",
                "content": file.read_text(encoding="utf-8", errors="replace"), "detected_licenses": ["MIT"],
                "is_vendor": False, "is_generated": False,
            }
            for number, file in enumerate(sorted(folder.rglob("*.py")))
        ]  # fmt: skip
        rows.append({"repo_name": folder.name, "revision_id": "0", "files": files})
    pq.write_table(pa.Table.from_pylist(rows), path)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--wheels", type=Path, required=True)
    parser.add_argument("--history", type=Path, nargs="+", required=True)
    arguments = parser.parse_args()
    print("# Sources\n\n`python benchmarks/sources.py`, shipped settings but for the keys named and `licences = any`,")
    print(f"Python {platform.python_version()}, {typecheck.version()}.")
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        folders = unpacked(arguments.wheels, root)
        keys_table("The standard library", root, ["python-stdlib"])
        keys_table("30 packages", root, [folder.name for folder in folders])
        stack_file(folders, root / "v2.parquet")
        funnel("The same packages as one file in the form of The Stack v2", root, "v2.parquet")
    for repository in arguments.history:
        funnel(f"A history: {repository.name}", Path("/"), f"commits:{repository.resolve()}")
        messages(repository.resolve())
    print(f"\nLargest resident memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MiB.")


if __name__ == "__main__":
    main()
