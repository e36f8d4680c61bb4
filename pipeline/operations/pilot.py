"""Runs a pilot: takes a few of the project's seeds through all stages, to measure the cost of the whole run.

In: the sources, read as a run reads them, so that the number of seeds is counted and not guessed. Out: the work of
each stage for each of the pilot's seeds (estimate.py), in `artifacts/pilot`. The pilot's seeds are those with the
lowest ids, which are hashes: a random sample, and always the same one.
"""

from __future__ import annotations

import shutil
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import orjson

from pipeline.dataset.cost import spent, with_rows
from pipeline.errors import MissingDataError
from pipeline.operations.estimate import Pilot, StageSample, Vector
from pipeline.operations.scratch_run import scratch_project
from pipeline.project.project import Project
from pipeline.records import Rejection, seed_of
from pipeline.seeds import scan
from pipeline.selection.candidates import read_joined
from pipeline.selection.selector import Selector
from pipeline.stages.chain import shard_tasks
from pipeline.stages.generation import GenerationTask
from pipeline.stages.seeds import Seeds
from pipeline.stages.selection import Selection, selector_of
from pipeline.stages.stage import ShardTask
from targets import Artifacts, ShardPaths, ShardWriter
from targets.journal import read_journal

# Rules of the selection that reject a row because of rows that were selected before.
RESEMBLING = frozenset({"duplicate", "near_duplicate", "names_taken", "cap"})
Log = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Piloted:
    """A pilot, and the size of the whole run.

    `seeds` and `seed_bytes` are of all seeds, `contexts` the few-shot contexts of a stage over all shards, `recipe`
    the digest of the executions.
    """

    pilot: Pilot
    seeds: int
    contexts: int
    seed_bytes: int
    recipe: str


def run_pilot(project: Project, folder: Path, count: int, log: Log) -> Piloted:
    """Take `count` seeds through all stages. Raises MissingDataError where the sources hold no seed."""
    log("reading the sources")
    began = time.monotonic()
    whole = scratch_project(project, folder / "whole")
    seeds = Seeds(project=whole)
    if not seeds.is_made():
        seeds.run()
    seconds = time.monotonic() - began
    current = whole.scan.snapshot.occurrences
    if not current:
        raise MissingDataError("no source holds a seed", "see `doctor`, and [seeds] in luigi.cfg")
    chosen = sorted(current)[:count]
    shutil.rmtree(folder / "sample", ignore_errors=True)
    sample = scratch_project(project, folder / "sample")
    write_seeds(sample, whole.scan.folder, set(chosen))
    log(f"{len(chosen)} of {len(current)} seeds go through all stages")
    began = time.monotonic()
    sample.base.engine.start()
    seconds += time.monotonic() - began
    stages = {}
    for task in shard_tasks(sample):
        began = time.monotonic()
        task.run()
        stages[task.stage] = _sample(task, chosen, time.monotonic() - began)
        log(f"{task.stage}: {stages[task.stage].seconds:.1f} s")
    selector = selector_of(sample, current)
    candidates = Selection.shard_task(sample, 0).artifacts
    sound, rows, row_bytes, rules, ends = _selected(candidates, selector, chosen)
    stages = _with_fates(stages, candidates, ends, chosen)
    per_shard = sample.settings.project.shard_size
    return Piloted(
        Pilot(stages, sound, rows, row_bytes, seconds, rules),
        seeds=len(current),
        contexts=_contexts(sample, len(current), per_shard),
        seed_bytes=sum(path.stat().st_size for path in whole.scan.folder.iterdir()),
        recipe=sample.recipes["executions"].digest,
    )


def write_seeds(sample: Project, source: Path, chosen: set[str]) -> None:
    """Publish the chosen seeds of a folder of shards as the only shard of another project."""
    folder = scan.recipe().write(sample.artifacts)
    with ShardWriter(ShardPaths(folder, 0)) as writer:
        for shard in ShardPaths.published(source):
            for seed in shard.read():
                if seed["id"] in chosen:
                    writer.keep(seed["id"], seed)
        writer.publish()


def _sample(task: ShardTask, chosen: list[str], seconds: float) -> StageSample:
    """The work of a stage by its files, summed by seed."""
    paths = task.paths
    contexts = _context_texts(task)
    lengths: list[int] = []
    if contexts and isinstance(task, GenerationTask):
        lengths = task.project.backend(task.section).engine.token_counts(contexts)
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    kept = {record["id"] for record in paths.read()}
    for unit in read_journal(paths.units):
        seed, took = seed_of(unit["id"]), unit["spent"]
        computed = took.get("computed_prompt_tokens", 0)
        if lengths and computed > min(lengths):
            computed -= round(sum(lengths) / len(lengths))
        counted[seed].update(
            units=1,
            kept=int(unit["id"] in kept),
            tail_tokens=max(computed, 0),
            new_tokens=took.get("new_tokens", 0),
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
        rules=paths.read_meta()["rules"],
    )


def _with_fates(
    stages: Mapping[str, StageSample], artifacts: Artifacts, ends: Mapping[str, str], chosen: list[str]
) -> dict[str, StageSample]:
    """The stages with what they sent and what became of what they wrote; `ends` are the fates at the selection."""
    sent: dict[str, Counter[str]] = defaultdict(Counter)
    written: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for one in spent(artifacts, list(stages), 0, ends):
        sent[one.stage][seed_of(one.unit)] += one.prompt_tokens
        if one.new_tokens:
            written[one.stage][one.fate][seed_of(one.unit)] += one.new_tokens
    return {
        stage: replace(
            sample,
            prompt_tokens=np.array([sent[stage][seed] for seed in chosen], float),
            fates={
                fate: np.array([by_seed[seed] for seed in chosen], float) for fate, by_seed in written[stage].items()
            },
        )
        for stage, sample in stages.items()
    }


def _context_texts(task: ShardTask) -> list[str]:
    if not isinstance(task, GenerationTask):
        return []
    return sorted({task.prompt(unit)[0] for unit in task.units()})


def _selected(
    candidates: Artifacts, selector: Selector, chosen: list[str]
) -> tuple[Vector, Vector, int, Counter[str], dict[str, str]]:
    """For each seed whether it has a sound response, and whether it has a row; the rows' bytes; what rules dropped.

    The last is the fate of each response and of each instruction with a row: pipeline/dataset/cost.py.
    """
    dropped: dict[str, str] = {}
    kept: list[str] = []
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    rules: Counter[str] = Counter()
    row_bytes = 0
    for fate in selector.judge(read_joined(candidates, 0)):
        seed, result = seed_of(fate.id), fate.outcome
        if not isinstance(result, Rejection):
            counted[seed].update(rows=1)
            kept.append(fate.id)
            row_bytes += len(orjson.dumps(result))
        else:
            rules[result.rule] += 1
            dropped[fate.id] = f"{Selection.stage}/{result.rule}"
        if not isinstance(result, Rejection) or result.rule in RESEMBLING:
            counted[seed]["sound"] = 1
    sound, rows = (_vector(chosen, counted, what) for what in ("sound", "rows"))
    return sound, rows, row_bytes, rules, with_rows(dropped, kept)


def _contexts(project: Project, seeds: int, per_shard: int) -> int:
    """Few-shot contexts that each stage computes over all shards."""
    contexts = project.settings.prompts.fewshot_contexts
    if contexts == "per_record":
        return seeds
    full, rest = divmod(seeds, per_shard)
    return full * min(int(contexts), per_shard) + min(int(contexts), rest)


def _vector(chosen: Iterable[str], counted: dict[str, Counter[str]], what: str) -> Vector:
    return np.array([counted[seed][what] for seed in chosen], float)
