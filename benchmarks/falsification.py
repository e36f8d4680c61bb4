"""Falsification: which fakes pass the sandbox alone and which survive, which honest programs are lost, and what it costs.

    python benchmarks/falsification.py [--humaneval FILE] [--mbpp FILE] [--artifacts FOLDER] [--workers N]

In: tests/sandbox (fakes, claims, corpus); HumanEval as its authors publish it (.jsonl.gz) and MBPP (.json), where they are
given; an artifacts folder with responses and executions. Out: a table, a line a collection. Programs alone and with
falsification run in the same pool, one after the other, so that their seconds can be compared.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from sandbox import Limits, Pool, Program
from sandbox.falsification import Claim, run_and_falsify
from sandbox.falsified import together
from tests.sandbox import corpus

SANDBOX_TESTS = ROOT / "tests" / "sandbox"


def of_folder(folder: str) -> Iterator[Claim]:
    for path in sorted(SANDBOX_TESTS.glob(f"{folder}/*.program")):
        code, _, tests = path.read_text().partition("# --- tests\n")
        yield Claim(path.stem, code, tests)


def of_humaneval(path: str) -> Iterator[Claim]:
    with gzip.open(path, "rt") as file:
        for line in file:
            task = json.loads(line)
            code = task["prompt"] + task["canonical_solution"]
            yield Claim(task["task_id"], code, f"{task['test']}\ncheck({task['entry_point']})\n")


def of_mbpp(path: str) -> Iterator[Claim]:
    for task in json.loads(Path(path).read_text()):
        yield Claim(f"MBPP/{task['task_id']}", task["code"], "\n".join([*task["test_imports"], *task["test_list"]]))


def of_artifacts(folder: str) -> Iterator[Claim]:
    """Responses that passed in the executions of all recipes in the folder."""
    passed = set()
    for path in Path(folder).glob("executions/*/shard-*.jsonl"):
        passed |= {record["id"] for record in _records(path) if record.get("passed")}
    for path in Path(folder).glob("responses/*/shard-*.jsonl"):
        for record in _records(path):
            if record["id"] in passed and "code" in record:
                yield Claim(record["id"], record["code"], record["tests"])


def _records(path: Path) -> Iterator[dict[str, str]]:
    with path.open() as file:
        yield from map(json.loads, file)


def measure(pool: Pool, name: str, claims: Iterable[Claim]) -> None:
    """Print a line of the table, and below it each response that passed alone and was lost."""
    claims = [*claims]
    began = time.monotonic()
    programs = (Program(claim.id, together(claim.code, claim.tests)) for claim in claims)
    alone = {result.id for result in pool.run_many(programs) if result.passed}
    middle = time.monotonic()
    results = [*run_and_falsify(pool, (claim for claim in claims if claim.id in alone))]
    ended = time.monotonic()
    held = sum(result.passed for result in results)
    cost = (ended - middle) / (middle - began) * len(claims) / max(1, len(alone))
    print(f"| {name} | {len(claims)} | {len(alone)} | {held} | {cost:.1f} |", flush=True)
    if name != "fakes":
        for result in results:
            if not result.passed:
                print(f"    {result.id}: {result.status}, {result.detail}")
    else:
        reasons = Counter(result.detail for result in results if not result.passed)
        for reason, number in reasons.most_common():
            print(f"    {number}: {reason}")
        print("    held:", ", ".join(sorted(result.id for result in results if result.passed)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--humaneval")
    parser.add_argument("--mbpp")
    parser.add_argument("--artifacts")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    print("| collection | programs | pass alone | survive | time of a pass with falsification / alone |")
    print("|---|---|---|---|---|")
    with Pool(options.workers, Limits(), packages=("numpy", "pytest")) as pool:
        measure(pool, "fakes", of_folder("fakes"))
        measure(pool, "claims", of_folder("claims"))
        measure(pool, "corpus", corpus.claims())
        if options.humaneval:
            measure(pool, "HumanEval", of_humaneval(options.humaneval))
        if options.mbpp:
            measure(pool, "MBPP", of_mbpp(options.mbpp))
        if options.artifacts:
            measure(pool, "passing responses", of_artifacts(options.artifacts))


if __name__ == "__main__":
    main()
