"""How near-duplicate search and decontamination grow with the number of candidates: time and peak memory.

    python benchmarks/selection.py            10k, 100k, 1M candidates, as Markdown
    python benchmarks/selection.py --quick    2k, 10k
    python benchmarks/selection.py --compare  our MinHash beside datasketch and rensa (where installed)

Candidates are generated: an instruction of about 40 words, a response of prose and a program of about a
dozen lines, all from a vocabulary with a long tail. One in ten is a copy of an earlier one with a word in
forty changed; `found` is how many of those were dropped. Every candidate is searched and every survivor
added and checked against the benchmark packs, the worst case: in a run, only the best response of an
instruction gets that far. Each size runs in a process of its own, on one core.
"""

from __future__ import annotations

import argparse
import itertools
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from pipeline.text.decontamination import Decontaminator
from pipeline.text.nearduplicates import NearDuplicateRows, NearDuplicates
from pipeline.text.packs import load_pack

ROOT = Path(__file__).resolve().parents[1]
PACK = ROOT.parent / "shared" / "data" / "HumanEval.jsonl.gz"
SIZES = (10_000, 100_000, 1_000_000)
QUICK_SIZES = (2_000, 10_000)
COMPARED = 20_000
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
            instruction, prose, code = (
                _changed(words, chance) for words in recent[chance.randrange(len(recent))]
            )
        else:
            words = chance.choices(vocabulary, cum_weights=weights, k=130)
            instruction, prose = words[: 25 + number % 30], words[55:95]
            code = _program(words[95:], chance)
            recent.append((instruction, prose, code))
            if len(recent) > _RECENT:
                recent.pop(0)
        source = "\n".join(code) + "\n"
        response = f"{' '.join(prose)}.\n\n```python\n{source}```"
        yield copied, (" ".join(instruction) + ".", response, source)


def _program(words: list[str], chance: random.Random) -> list[str]:
    lines = [f"def {words[0]}({words[1]}, {words[2]}):", f'    """{" ".join(words[3:8])}."""']
    for number in range(10):
        a, b, c, d = words[8 + number : 12 + number]
        template = _STATEMENTS[chance.randrange(len(_STATEMENTS))]
        lines.append("    " + template.format(a=a, b=b, c=c, d=d, n=chance.randrange(1000)))
    return [*lines, f"    return {words[8]}"]


def _changed(parts: list[str], chance: random.Random) -> list[str]:
    changed = list(parts)
    if " " in parts[0]:  # lines of a program: one gets another number at its end
        place = chance.randrange(2, len(parts) - 1)
        changed[place] += f"  # {chance.randrange(100)}"
        return changed
    for _ in range(max(1, len(parts) // _CHANGED)):
        changed[chance.randrange(len(parts))] = f"x{chance.randrange(10_000)}"
    return changed


def grow(count: int) -> str:
    """One row of the growth table."""
    rows = NearDuplicateRows()
    checker = Decontaminator([load_pack(PACK)]) if PACK.exists() else None
    generating = time.process_time()
    for _ in itertools.islice(candidates(count), min(count, 20_000)):
        pass
    generation = (time.process_time() - generating) / min(count, 20_000) * count
    began, cpu = time.perf_counter(), time.process_time()
    checking = 0.0
    planted = found = wrong = contaminated = 0
    for number, (copied, (instruction, response, code)) in enumerate(candidates(count)):
        planted += copied
        if rows.find(instruction, response, code):
            found += copied
            wrong += not copied
            continue
        rows.add(str(number), instruction, response, code)
        if checker is not None:
            before = time.process_time()
            contaminated += bool(checker.check(instruction, response, code))
            checking += time.process_time() - before
    wall, spent = time.perf_counter() - began, time.process_time() - cpu - generation
    return (
        f"| {count:,} | {wall / 60:.1f} | {(spent - checking) / 60:.1f} | {checking / 60:.1f} "
        f"| {_peak_mib():,.0f} | {found:,} of {planted:,} | {wrong} | {contaminated} |"
    )


HEADER = (
    "| candidates | minutes in all | CPU: near-duplicates | CPU: decontamination | peak MiB "
    "| copies found | others dropped | contaminated |\n|---:|---:|---:|---:|---:|---:|---:|---:|"
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
    return (
        f"| {library} | {spent / len(texts) * 1e6:.0f} | {_peak_mib() - before:,.0f} "
        f"| {found / planted:.1%} |"
    )


COMPARE_HEADER = (
    "| library | CPU, microseconds a text | memory, MiB | copies found |\n|---|---:|---:|---:|"
)
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
    parser.add_argument("--one", help=argparse.SUPPRESS)  # the child's part
    arguments = parser.parse_args()
    if arguments.one:
        print(compare(arguments.one) if arguments.compare else grow(int(arguments.one)))
        return
    sizes = arguments.sizes or (QUICK_SIZES if arguments.quick else SIZES)
    parts = list(_LIBRARIES) if arguments.compare else [str(size) for size in sizes]
    print(COMPARE_HEADER if arguments.compare else HEADER, flush=True)
    for part in parts:
        command = [sys.executable, __file__, "--one", part]
        subprocess.run(command + ["--compare"] * arguments.compare, check=False)


if __name__ == "__main__":
    main()
