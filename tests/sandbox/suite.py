"""Run every program of hostile/ and benign/ together in one pool, and print one JSON object for each.

The programs are no .py files, so that no tool ever imports one. A script of its own so that the tests can run it as root, as an ordinary user, and with other interpreters:
    python tests/sandbox/suite.py [--workers N] [--no-cgroup] [--cache FOLDER] [NAME ...]
"""

from __future__ import annotations

import argparse
import json
import random
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent))

from sandbox import Limits, Pool, Program  # noqa: E402

MIB = 1 << 20
LIMITS = Limits(wall_seconds=6.0, cpu_seconds=2, memory_bytes=256 * MIB)
CANARY = "\0sandbox-canary"  # a listener of the host, in the abstract namespace


@dataclass(frozen=True, slots=True)
class Case:
    """A program of the suite and the statuses it may end with."""

    name: str
    source: str
    expected: tuple[str, ...]


def cases() -> list[Case]:
    """All programs, in a mixed but fixed order; a hostile one names its statuses in its first line."""
    found = [Case(path.stem, path.read_text(), ("passed",)) for path in HERE.glob("benign/*.program")]
    for path in HERE.glob("hostile/*.program"):
        source = path.read_text()
        first = source.partition("\n")[0]
        found.append(Case(path.stem, source, tuple(first.removeprefix("# expect: ").split("|"))))
    found.sort(key=lambda case: case.name)
    random.Random(0).shuffle(found)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--no-cgroup", action="store_true")
    parser.add_argument("--cache")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    chosen = [case for case in cases() if not options.names or case.name in options.names]
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(CANARY)
    listener.listen()
    with Pool(
        options.workers,
        LIMITS,
        root_cache=options.cache,
        memory_control=not options.no_cgroup,
    ) as pool:
        for result in pool.run_many(Program(case.name, case.source) for case in chosen):
            print(json.dumps(result.to_dict()), flush=True)


if __name__ == "__main__":
    main()
