"""Incremental runs over many seeds: what a night costs when nothing, or little, is new.

    python benchmarks/incremental.py [FILES ...]      # default 40 200 400 1000, of 250 functions each

For each size, in a project of its own: scan all files; a first dataset; a run with nothing to do; one file
added, one removed, one function edited. Real are the sources, the scan, all files and folders, the selection
and the dataset, each run being the user's own command in a process of its own. Not real are the records of
the generating stages: nobody generates a million completions on a CPU, so this program writes those shards
as a model would have (one sample each, all passed). Prints seconds, CPU seconds and peak memory (MiB) of each run,
and how time and memory grew from the smallest size to the largest. That a night made only what it had to is
asserted: one new file is one new shard, an edited function a shard of one seed, and rows leave with their file.
"""

from __future__ import annotations

import argparse
import configparser
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import orjson

FUNCTIONS = 250
LUIGI = Path(sys.executable).with_name("luigi")


@dataclass(frozen=True)
class Cost:
    """What one run took: seconds of wall time and of CPU, and its peak memory in MiB."""

    seconds: float
    cpu: float
    memory: float


def write_file(folder: Path, number: int, edited: bool = False) -> None:
    """A source file of 250 functions that are in no other."""
    functions = []
    for index in range(FUNCTIONS):
        extra = 7 if edited and index == 0 else 0
        functions.append(
            f'def step_{number}_{index}(items):\n    """Add {index} to each of the items of {number}."""\n'
            f"    moved = [item + {index + extra} for item in items]\n    return sorted(moved)[{number}:]\n"
        )
    (folder / f"part_{number:05d}.py").write_text("\n\n".join(functions))


def run(project: Path, *task: str) -> Cost:
    """The user's own command, to its end."""
    began = time.monotonic()
    process = subprocess.Popen(
        [str(LUIGI), "--module", "pipeline", *task],
        cwd=project,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    said = process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(said)
    cpu = usage.ru_utime + usage.ru_stime
    return Cost(time.monotonic() - began, cpu, usage.ru_maxrss / 1024)


def generate(project: Path) -> None:
    """Write the shards of the generating stages that are missing, in a process that ends before the next."""
    subprocess.run([sys.executable, __file__, "--as-a-model", str(project)], cwd=project, check=True)


def as_a_model() -> None:
    """In a process of its own, with the project as its working directory."""
    sys.path.pop(0)  # this folder has a sandbox.py too
    from pipeline.commands import begin_run
    from pipeline.stages.selection import Selection
    from pipeline.stages.verifications import UNVERIFIED
    from targets import ShardWriter

    project = begin_run()
    artifacts = Selection.of(project).candidates
    for stage in ("concepts", "instructions", "responses", "executions", "verifications"):
        artifacts.recipe_of(stage).write(project.artifacts)
    for shard in artifacts.published("seeds"):
        if artifacts.shard("verifications", shard.number).records.exists():
            continue
        seeds = [(seed["id"], seed["name"]) for seed in shard.read()]
        made = {
            "concepts": [{"id": id, "concepts": ["lists"]} for id, _ in seeds],
            "instructions": [
                {
                    "id": id, "instruction": f"Write {name} for a list. It is item {id}.",
                    "category": "lists", "difficulty": "easy", "language": "Python", "concepts": ["lists"],
                }
                for id, name in seeds
            ],
            "responses": [
                {
                    "id": f"{id}-000", "instruction_id": id, "sample": 0,
                    "response": f"Here is {name}.\n\n```python\ndef {name}(x):\n    return x\n```",
                    "code": f"def {name}(x):\n    return x", "tests": f"assert {name}(1) == 1",
                }
                for id, name in seeds
            ],
            "executions": [
                {
                    "id": f"{id}-000", "passed": True, "status": "passed", "detail": "", "exit_code": 0,
                    "signal": None, "wall_s": 0.1, "cpu_s": 0.1, "max_rss": 1, "stderr": "",
                }
                for id, _ in seeds
            ],
            "verifications": [{"id": f"{id}-000", **UNVERIFIED} for id, _ in seeds],
        }  # fmt: skip
        for stage, records in made.items():
            with ShardWriter(artifacts.shard(stage, shard.number)) as writer:
                for record in records:
                    writer.keep(record["id"], record)
                writer.publish({"seconds": 0.0, "resumed": 0})


def shards(project: Path) -> dict[Path, int]:
    """All seed shards, with the number of their seeds."""
    metas = (project / "artifacts" / "seeds").glob("*/shard-*.meta.json")
    return {path: orjson.loads(path.read_bytes())["kept"] for path in metas}


def rows(project: Path) -> int:
    manifest = project / "artifacts" / "latest" / "manifest.json"
    return int(orjson.loads(manifest.read_bytes())["rows"])


def measure(files: int) -> dict[str, Cost]:
    """All runs over so many files; checks what each of them did."""
    with tempfile.TemporaryDirectory(prefix="incremental-") as name:
        project = Path(name)
        code = project / "code"
        code.mkdir()
        for number in range(files):
            write_file(code, number)
        configure(project)
        costs = {"scan all": run(project, "Seeds")}
        generate(project)
        costs["first dataset"] = run(project, "FinalDataset")
        costs["nothing new"] = run(project, "FinalDataset")
        before, made = shards(project), rows(project)
        write_file(code, files)
        costs["a file added: scan"] = run(project, "Seeds")
        new = [count for path, count in shards(project).items() if path not in before]
        assert new == [FUNCTIONS], new
        generate(project)
        costs["a file added: dataset"] = run(project, "FinalDataset")
        assert rows(project) == made + FUNCTIONS
        (code / f"part_{files:05d}.py").unlink()
        costs["a file removed"] = run(project, "FinalDataset")
        assert rows(project) == made
        before = shards(project)
        write_file(code, 0, edited=True)
        costs["a function edited: scan"] = run(project, "Seeds")
        new = [count for path, count in shards(project).items() if path not in before]
        assert new == [1], new
        generate(project)
        costs["a function edited: dataset"] = run(project, "FinalDataset")
        assert rows(project) == made
        return costs


def configure(project: Path) -> None:
    """What is measured is the files: judging 250,000 near-copies of one function is another benchmark's."""
    parser = configparser.ConfigParser()
    parser["project"] = {"shard_size": "250"}
    parser["seeds"] = {"sources": "code", "type_check": "false", "near_duplicates": "0"}
    parser["responses"] = {"samples": "1"}
    parser["verification"] = {"enabled": "false"}
    parser["selection"] = {"near_duplicates": "1", "max_same_names": "0"}
    with open(project / "luigi.cfg", "w") as file:
        parser.write(file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="*", type=int, default=[40, 200, 400, 1000])
    parser.add_argument("--as-a-model", metavar="PROJECT", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.as_a_model:
        as_a_model()
        return
    found = {}
    for files in arguments.files:
        found[files] = measure(files)
        print(f"\n{files * FUNCTIONS} seeds in {files} files")
        for what, cost in found[files].items():
            print(
                f"  {what:26} {cost.seconds:8.2f} s {cost.cpu:8.2f} s CPU {cost.memory:8.0f} MiB",
                flush=True,
            )
    smallest, largest = min(found), max(found)
    if smallest < largest:
        seeds = (largest - smallest) * FUNCTIONS
        print(f"\neach seed beyond {smallest * FUNCTIONS} costs")
        for what, cost in found[largest].items():
            first = found[smallest][what]
            print(
                f"  {what:26} {(cost.cpu - first.cpu) / seeds * 1e6:8.1f} us CPU"
                f" {(cost.memory - first.memory) / seeds * 2**20:8.0f} bytes"
            )


if __name__ == "__main__":
    main()
