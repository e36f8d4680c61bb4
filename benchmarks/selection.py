"""How decontamination and selection grow with the number of candidates: time and peak memory.

    python benchmarks/selection.py            10k, 100k, 1M candidates, as Markdown
    python benchmarks/selection.py --quick    2k, 10k
    python benchmarks/selection.py --compare  our MinHash beside datasketch and rensa (where installed)

Candidates are generated: an instruction of about 40 words, a response of prose and a program of about a
dozen lines, all from a vocabulary with a long tail; no function has the name of another. One in ten is a copy of an earlier one with a word in
forty changed; `found` is how many of those were dropped. All are compared with HumanEval by two processes,
as two Luigi workers would, then judged by the selector in shards of 2,500, each the only response of its
instruction: the worst case, in a run only the best response of an instruction is compared with other rows.
The making of the candidates is taken off the CPU times, not off the wall times.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import resource
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

# Not this folder, which holds a benchmark named sandbox.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from pipeline.config import sections
from pipeline.decontamination.decontaminator import Decontaminator
from pipeline.packs.pack import load_pack
from pipeline.records import Rejection
from pipeline.selection.selector import Selector
from pipeline.text.nearduplicates import NearDuplicates

ROOT = Path(__file__).resolve().parents[1]
PACK = Path(os.environ.get("HUMANEVAL", ROOT.parent / "shared/data/HumanEval.jsonl.gz"))
SIZES = (10_000, 100_000, 1_000_000)
QUICK_SIZES = (2_000, 10_000)
COMPARED = 20_000
PROCESSES = 2
SHARD = 2_500
_COPIES = 10  # one candidate in so many is planted
_CHANGED = 40  # one word in so many is changed in it
_RECENT = 1000

_STATEMENTS = (
    "{a} = {b}({c})", "{a} = [{b} for {b} in {c} if {b} > {n}]", "{a} = {b} + {n}", "{a}.append({b})",
    "{a} = sorted({b}, key={c})", "{a}[{b}] = {c}", "{a} = {b}.{c}()", "{a} = {b} * {n} - {c}",
    "{a} = max({b}, {n})", "{a} = '{d}'.join({b})", "{a} = {{{b}: {c}}}", "{a} = len({b}) % {n}",
)  # fmt: skip

Candidate = tuple[str, str, str]


def candidates(count: int) -> Iterator[tuple[bool, Candidate]]:
    """(whether it is a planted copy, instruction, response and code); the same at every run."""
    chance = random.Random(3407)
    vocabulary = [f"w{number}" for number in range(30_000)]
    weights = list(itertools.accumulate(1 / (rank + 20) for rank in range(len(vocabulary))))
    recent: list[tuple[list[str], list[str], list[str]]] = []
    for number in range(count):
        copied = number % _COPIES == _COPIES - 1
        if copied:
            instruction, prose, code = (_changed(words, chance) for words in recent[chance.randrange(len(recent))])
        else:
            words = chance.choices(vocabulary, cum_weights=weights, k=130)
            instruction, prose = words[: 25 + number % 30], words[55:95]
            code = _program(f"{words[95]}_{number}", words[96:], chance)
            recent.append((instruction, prose, code))
            if len(recent) > _RECENT:
                recent.pop(0)
        source = "\n".join(code) + "\n"
        response = f"{' '.join(prose)}.\n\n```python\n{source}```"
        yield copied, (" ".join(instruction) + ".", response, source)


def _program(name: str, words: list[str], chance: random.Random) -> list[str]:
    lines = [f"def {name}({words[0]}, {words[1]}):", f'    """{" ".join(words[2:7])}."""']
    for number in range(10):
        a, b, c, d = words[7 + number : 11 + number]
        template = _STATEMENTS[chance.randrange(len(_STATEMENTS))]
        lines.append("    " + template.format(a=a, b=b, c=c, d=d, n=chance.randrange(1000)))
    return [*lines, f"    return {words[7]}"]


def _changed(parts: list[str], chance: random.Random) -> list[str]:
    changed = list(parts)
    if " " in parts[0]:  # lines of a program: one gets another number at its end
        place = chance.randrange(2, len(parts) - 1)
        changed[place] += f"  # {chance.randrange(100)}"
        return changed
    for _ in range(max(1, len(parts) // _CHANGED)):
        changed[chance.randrange(len(parts))] = f"x{chance.randrange(10_000)}"
    return changed


def decontaminate(count: int, part: int) -> dict[str, float]:
    """One process's half of the candidates compared with the pack."""
    if not PACK.is_file():
        raise SystemExit(f"{PACK} is missing: fetch HumanEval, or set HUMANEVAL to its file")
    checker = Decontaminator([load_pack(PACK)])
    spent, contaminated = time.process_time(), 0
    for number, (_, texts) in enumerate(candidates(count)):
        if number % PROCESSES == part:
            contaminated += bool(checker.examine(*texts)[0])
    spent = time.process_time() - spent - _generation(count)
    return {"cpu": spent, "peak": _peak_mib(), "contaminated": contaminated}


def select(count: int) -> dict[str, float]:
    """All candidates through the selector."""
    settings = SimpleNamespace(**{key: parameter._default for key, parameter in sections.selection.get_params()})
    selector = Selector(_Everything(), settings)
    spent = time.process_time()
    figures = {"planted": 0, "found": 0, "wrong": 0}
    numbered = enumerate(candidates(count))
    while shard := list(itertools.islice(numbered, SHARD)):
        copies = {f"{number:07d}" for number, (copied, _) in shard if copied}
        figures["planted"] += len(copies)
        for fate in selector.judge(_candidate(number, texts) for number, (_, texts) in shard):
            rule = fate.outcome.rule if isinstance(fate.outcome, Rejection) else None
            if fate.id in copies:
                figures["found"] += rule == "near_duplicate"
            else:
                figures["wrong"] += rule is not None
    return {"cpu": time.process_time() - spent - _generation(count), "peak": _peak_mib(), **figures}


class _Everything(dict[str, dict[str, Any]]):
    """Every seed is in force."""

    def __contains__(self, _: object) -> bool:
        return True

    def __missing__(self, _: str) -> dict[str, Any]:
        return defaultdict(str)


def _candidate(number: int, texts: Candidate) -> dict[str, Any]:
    id, (instruction, response, code) = f"{number:07d}", texts
    return {
        "id": id,
        "seed": {"id": id, "digest": id},
        "instruction": {
            "id": id, "instruction": instruction, "concepts": [], "category": "", "difficulty": "",
        },
        "response": {"response": response, "code": code, "tests": "assert True"},
        "verdict": {"passed": True, "status": "passed"},
        "samples": {"n": 1, "passed": 1},
        "verification": {"asserts": 1, "functions": [], "mutants": 1, "killed": 1, "agreement": 1.0,
                         "agrees": [], "supports": [], "asked": 0, "inputs": 1, "behaviour": ""},
    }  # fmt: skip


def _generation(count: int) -> float:
    """CPU seconds that making the candidates alone takes."""
    some = min(count, 20_000)
    began = time.process_time()
    for _ in candidates(some):
        pass
    return (time.process_time() - began) / some * count


def grow(count: int) -> str:
    """One row of the growth table."""
    began = time.perf_counter()
    halves = [_start("--part", str(part), "--one", str(count)) for part in range(PROCESSES)]
    checked = [json.loads(process.communicate()[0]) for process in halves]
    middle = time.perf_counter()
    selected = json.loads(_start("--part", "select", "--one", str(count)).communicate()[0])
    end = time.perf_counter()
    peak = max(sum(half["peak"] for half in checked), selected["peak"])
    return (
        f"| {count:,} | {(end - began) / 60:.1f} | {(middle - began) / 60:.1f} | {(end - middle) / 60:.1f} "
        f"| {sum(half['cpu'] for half in checked) / 60:.1f} | {selected['cpu'] / 60:.1f} | {peak:,.0f} "
        f"| {selected['found']:,} of {selected['planted']:,} | {selected['wrong']} "
        f"| {sum(half['contaminated'] for half in checked):.0f} |"
    )


def _start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, __file__, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


HEADER = (
    "| candidates | minutes in all | decontamination | selection | CPU min: decontamination "
    "| CPU min: selection | peak MiB | copies found | others dropped | contaminated |\n"
    "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
)


def compare(library: str) -> str:
    """One row of the comparison: instructions and responses of 20,000 candidates through one library."""
    find_or_add = _LIBRARIES[library]()
    texts = [(copied, text) for copied, candidate in candidates(COMPARED) for text in candidate[:2]]
    planted = sum(copied for copied, _ in texts)
    before = _peak_mib()
    began = time.process_time()
    found = sum(find_or_add(str(n), text) and copied for n, (copied, text) in enumerate(texts))
    spent = time.process_time() - began
    return f"| {library} | {spent / len(texts) * 1e6:.0f} | {_peak_mib() - before:,.0f} | {found / planted:.1%} |"


COMPARE_HEADER = "| library | CPU, microseconds a text | memory, MiB | copies found |\n|---|---:|---:|---:|"
FindOrAdd = Callable[[str, str], bool]


def _ours() -> FindOrAdd:
    index = NearDuplicates(0.7, 250)

    def find_or_add(id: str, text: str) -> bool:
        if index.find(text):
            return True
        index.add(id, text)
        return False

    return find_or_add


def _datasketch() -> FindOrAdd:
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=0.7, num_perm=250)

    def find_or_add(id: str, text: str) -> bool:
        sketch = MinHash(num_perm=250)
        sketch.update_batch([gram.encode() for gram in _grams(text)])
        if index.query(sketch):
            return True
        index.insert(id, sketch)
        return False

    return find_or_add


def _rensa() -> FindOrAdd:
    from rensa import RMinHash, RMinHashDeduplicator

    # Without bands of its own choosing: 35 bands of 7, as ours.
    index = RMinHashDeduplicator(threshold=0.7, num_perm=245, use_lsh=True, num_bands=35)

    def find_or_add(id: str, text: str) -> bool:
        sketch = RMinHash(num_perm=245, seed=42)
        sketch.update(_grams(text))
        if index.is_duplicate(id, sketch):
            return True
        index.add(id, sketch)
        return False

    return find_or_add


def _grams(text: str) -> list[str]:
    words = text.lower().split()
    return [" ".join(words[place : place + 5]) for place in range(max(1, len(words) - 4))]


_LIBRARIES: dict[str, Callable[[], FindOrAdd]] = {
    "ours": _ours,
    "datasketch": _datasketch,
    "rensa": _rensa,
}


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes only")
    parser.add_argument("--compare", action="store_true", help="compare MinHash libraries instead")
    parser.add_argument("--sizes", type=int, nargs="+", help="numbers of candidates")
    parser.add_argument("--one", help=argparse.SUPPRESS)  # the child's work
    parser.add_argument("--part", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part:
        count, part = int(arguments.one), arguments.part
        print(json.dumps(select(count) if part == "select" else decontaminate(count, int(part))))
    elif arguments.one:
        print(compare(arguments.one))
    elif arguments.compare:
        print(COMPARE_HEADER, flush=True)
        for library in _LIBRARIES:
            print(_start("--compare", "--one", library).communicate()[0], end="", flush=True)
    else:
        print(HEADER, flush=True)
        for size in arguments.sizes or (QUICK_SIZES if arguments.quick else SIZES):
            print(grow(size), flush=True)


if __name__ == "__main__":
    main()
