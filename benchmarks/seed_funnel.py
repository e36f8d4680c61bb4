"""The seed funnel of real code: what each rule drops of the standard library and the installed packages.

    python benchmarks/seed_funnel.py > benchmarks/results/seed_funnel.md

The sources are taken in twice, each time from nothing, with the shipped [seeds] settings: both must give the
same ids. A third look changes nothing and says what a run costs when nothing is new.
"""

from __future__ import annotations

import platform
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pipeline import sources
from pipeline.config import sections
from pipeline.seeds import typecheck
from pipeline.seeds.criteria import SeedCriteria
from pipeline.seeds.scan import Scan

LABELS = ("python-stdlib", "python-packages")


def look(folder: Path) -> Scan:
    section = sections.seeds()
    settings = SimpleNamespace(**{key: getattr(section, key) for key, _ in section.get_params()})
    found = [sources.resolve(label, Path.cwd(), settings) for label in LABELS]
    return Scan(folder, found, SeedCriteria.of(settings, Path()))


def cpu_seconds() -> float:
    """Of this process and the checkers that it called."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    usages = [resource.getrusage(kind) for kind in kinds]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def timed(folder: Path) -> tuple[Scan, int, float, float]:
    """A scan brought up to date: the parts that were read, wall seconds, CPU seconds."""
    began, before = time.monotonic(), cpu_seconds()
    scan = look(folder)
    read = scan.update(256, lambda: None)
    return scan, read, time.monotonic() - began, cpu_seconds() - before


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        runs = [timed(Path(name) / folder) for folder in ("one", "two", "one")]
    (first, second, _) = (scan.snapshot for scan, *_ in runs)
    places, rules = first.occurrences, first.rules
    dropped = sum(rules.values())
    print("# Seed funnel\n")
    print(f"`python benchmarks/seed_funnel.py`, sources {', '.join(LABELS)}, shipped settings,")
    print(f"Python {platform.python_version()}, {typecheck.version()}.\n")
    print("| | count |\n|---|---:|")
    print(f"| looked at: definitions, and files that give none | {dropped + len(places)} |")
    for rule, count in Counter(rules).most_common():
        print(f"| {rule} | -{count} |")
    print(f"| **seeds in force** | **{len(places)}** |\n")
    print("| licence | seeds |\n|---|---:|")
    licences = Counter(place["licence"] or "unknown" for place in places.values())
    for licence, count in licences.most_common():
        print(f"| {licence} | {count} |")
    print("\n| run | files read | wall s | CPU s |\n|---|---:|---:|---:|")
    for title, (_, read, wall, cpu) in zip(("from nothing", "again", "nothing new"), runs, strict=True):
        print(f"| {title} | {read} | {wall:.0f} | {cpu:.1f} |")
    same = "yes" if first.occurrences.keys() == second.occurrences.keys() else "NO"
    print(f"\nThe same ids from nothing, twice: {same} (snapshot {first.digest}, {second.digest}).")


if __name__ == "__main__":
    main()
