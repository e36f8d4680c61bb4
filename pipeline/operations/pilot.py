"""A pilot: a few of the project's seeds through all stages, in `artifacts/pilot`, to learn what the whole costs.

In: the sources, read as a run reads them, so that the number of seeds is known and not guessed. Out: what each
stage did for each of the pilot's seeds (plan.py). The pilot's seeds are those with the lowest ids, which are
hashes: a random sample, the same one at every time.
"""

from __future__ import annotations

import shutil
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson

from pipeline.errors import MissingDataError
from pipeline.operations import scratch_run as aside
from pipeline.operations.estimate import Pilot, StageSample, Vector
from pipeline.project import session
from pipeline.project.session import Session
from pipeline.selection.selector import Selector
from pipeline.stages.base import GenerationTask, ShardTask
from pipeline.stages.seeds import STAGE, Seeds, scan
from pipeline.stages.verifications import read_joined
from targets import ShardPaths, ShardWriter
from targets.journal import read_journal

# Rules of the selection that drop a row for the rows that are there already.
RESEMBLING = frozenset({"duplicate", "near_duplicate", "names_taken", "cap"})
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Piloted:
    """A pilot with what it stands for: all seeds, in so many shards of up to `shard_size`."""

    pilot: Pilot
    seeds: int
    contexts: int
    seed_bytes: int
    recipe: str


def run_pilot(folder: Path, wanted: int, say: Say) -> Piloted:
    """Take `wanted` seeds through all stages. Raises MissingDataError where there is no seed at all."""
    say("reading the sources")
    began = time.monotonic()
    whole = aside.begin(folder / "whole")
    if not Seeds().complete():
        Seeds().run()
    seconds = time.monotonic() - began
    seeds_folder = whole.recipes[STAGE].folder(whole.artifacts)
    in_force = scan().snapshot.occurrences
    if not in_force:
        raise MissingDataError("no source holds a seed", "see `doctor`, and [seeds] in luigi.cfg")
    chosen = sorted(in_force)[:wanted]
    shutil.rmtree(folder / "sample", ignore_errors=True)
    run = aside.begin(folder / "sample")
    _write_seeds(run, seeds_folder, set(chosen))
    say(f"{len(chosen)} of {len(in_force)} seeds go through all stages")
    began = time.monotonic()
    run.engine.start()
    seconds += time.monotonic() - began
    stages = {}
    for task in aside.shard_tasks(0):
        began = time.monotonic()
        task.run()
        stages[task.stage] = _sample(task, chosen, time.monotonic() - began)
        say(f"{task.stage}: {stages[task.stage].seconds:.1f} s")
    sound, rows, row_bytes = _selected(run, chosen)
    per_shard = run.settings.project.shard_size
    return Piloted(
        Pilot(stages, sound, rows, row_bytes, seconds),
        seeds=len(in_force),
        contexts=_contexts(run, len(in_force), per_shard),
        seed_bytes=sum(path.stat().st_size for path in seeds_folder.iterdir()),
        recipe=run.recipes["executions"].digest,
    )


def _write_seeds(run: Session, source: Path, chosen: set[str]) -> None:
    run.recipes[STAGE].write(run.artifacts)
    with ShardWriter(run.shard(STAGE, 0)) as writer:
        for shard in ShardPaths.published(source):
            for seed in shard.read():
                if seed["id"] in chosen:
                    writer.keep(seed["id"], seed)
        writer.publish()


def _sample(task: ShardTask, chosen: list[str], seconds: float) -> StageSample:
    """What the stage's files say that it did, unit by unit."""
    paths = task.paths
    contexts = _context_texts(task)
    lengths = session.current().engine_of(task.stage).token_counts(contexts) if contexts else []
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    kept = {record["id"] for record in paths.read()}
    for unit in read_journal(paths.units):
        seed, spent = unit["id"].partition("-")[0], unit["spent"]
        computed = spent.get("computed_prompt_tokens", 0)
        if lengths and computed > min(lengths):
            computed -= round(sum(lengths) / len(lengths))
        counted[seed].update(
            units=1,
            kept=int(unit["id"] in kept),
            tail_tokens=max(computed, 0),
            new_tokens=spent.get("new_tokens", 0),
        )
    return StageSample(
        units=_vector(chosen, counted, "units"),
        kept=_vector(chosen, counted, "kept"),
        tail_tokens=_vector(chosen, counted, "tail_tokens"),
        new_tokens=_vector(chosen, counted, "new_tokens"),
        seconds=seconds,
        contexts=len(contexts),
        context_tokens=sum(lengths) / len(lengths) if lengths else 0.0,
        bytes=sum(path.stat().st_size for path in paths.folder.glob(f"shard-{paths.number:06d}*")),
    )


def _context_texts(task: ShardTask) -> list[str]:
    if not isinstance(task, GenerationTask):
        return []
    return sorted({task.prompt(unit)[0] for unit in task.units()})


def _selected(run: Session, chosen: list[str]) -> tuple[Vector, Vector, int]:
    """For each seed whether a sound response came of it, and whether that became a row; the rows' bytes."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    size = 0
    selector = Selector(scan().snapshot.occurrences, run.settings.selection)
    for found, rule, _ in selector.judge(read_joined(run, 0)):
        seed = found["id"].partition("-")[0]
        if not rule:
            counted[seed].update(rows=1)
            size += len(orjson.dumps(found))
        if not rule or rule in RESEMBLING:
            counted[seed]["sound"] = 1
    return _vector(chosen, counted, "sound"), _vector(chosen, counted, "rows"), size


def _contexts(run: Session, seeds: int, per_shard: int) -> int:
    """Few-shot contexts that each stage computes over all shards."""
    contexts = run.settings.prompts.fewshot_contexts
    if contexts == "per_record":
        return seeds
    full, rest = divmod(seeds, per_shard)
    return full * min(int(contexts), per_shard) + min(int(contexts), rest)


def _vector(chosen: Iterable[str], counted: dict[str, Counter[str]], what: str) -> Vector:
    return np.array([counted[seed][what] for seed in chosen], float)
