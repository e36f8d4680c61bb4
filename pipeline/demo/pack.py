"""The demo pack: held-out tasks of the micro-world with hidden tests, in MBPP's layout.

    python -m pipeline.demo.pack [FILE]

Every task combines two operations in a way that the corpus of the demo model never does
(`world.held_out`); the model has seen every single operation. The tasks are the same on every machine;
the file that ships is `micro-world.jsonl.gz`.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections import Counter
from pathlib import Path

from pipeline.demo import PACK
from pipeline.demo.world import combination, hidden_tests, make_task

TASKS = 600
SEED = "micro-world pack 1"
MOST_OF_A_COMBINATION = 3


def tasks() -> list[dict[str, object]]:
    """The rows of the pack; no instruction occurs twice."""
    rng = random.Random(SEED)
    rows: list[dict[str, object]] = []
    texts: set[str] = set()
    combinations: Counter[str] = Counter()
    while len(rows) < TASKS:
        task = make_task(rng, from_held_out=True, noisy=False)
        name = combination(task.chain)
        if task.instruction in texts or combinations[name] == MOST_OF_A_COMBINATION:
            continue
        texts.add(task.instruction)
        combinations[name] += 1
        rows.append(
            {
                "task_id": f"{len(rows):03d} {name}",
                "text": task.instruction,
                "code": task.clean,
                "test_list": hidden_tests(rng, task.chain, task.name).splitlines(),
            }
        )
    return rows


def content() -> str:
    """The pack as JSON Lines."""
    return "".join(json.dumps(row) + "\n" for row in tasks())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m pipeline.demo.pack", description="Write the demo pack.")
    parser.add_argument("file", type=Path, nargs="?", default=PACK, help=f"default: {PACK.name}")
    path = parser.parse_args().file
    path.write_bytes(gzip.compress(content().encode(), mtime=0))
    print(f"{path}: {TASKS} tasks, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
