"""`why`: what the next run would do, and for what reason, without doing it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import orjson

from pipeline.commands import open_session, print_json
from pipeline.operations import carryover as carry
from pipeline.project.session import Session
from pipeline.seeds.ingest import count_new
from pipeline.stages import recipes
from pipeline.stages.seeds import Scan, scan_of
from targets import Recipe
from targets.journal import read_journal

HELP = "say what the next run would do, and for what reason"

SHOWN = 5  # files of a kind that are named; the rest is counted
READ = 1000  # new and changed Python files that are read to count their functions


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    findings = reasons(open_session())
    if arguments.json:
        print_json(findings)
        return 0
    if not findings:
        print("nothing to do: the dataset is there and everything it was made from is unchanged")
    for finding in findings:
        print(f"{finding['stage']}: {finding['what']}")
        for line in finding["because"]:
            print(f"  {line}")
    return 0


def reasons(run: Session) -> list[dict[str, Any]]:
    """What there is to do, stage by stage: {stage, what, because: [line, ...]}."""
    found = scan_of(run)
    result = [*_seeds(run, found)]
    shards = found.shards_in_force
    for stage in run.sharded:
        result += _sharded(run, stage, shards)
    selected = recipes.selection(run.settings, run.recipes, found.snapshot.digest)
    made = recipes.dataset(selected)
    if not made.folder(run.artifacts).exists():
        because = _changes(run.artifacts, selected) or ["an earlier stage has something to do"]
        result.append(
            {"stage": "selection", "what": "is made anew, and the dataset", "because": because}
        )
    elif (run.artifacts / "latest").resolve() != made.folder(run.artifacts).resolve():
        result.append(
            {"stage": "dataset", "what": f"latest is pointed back at {made.digest}", "because": []}
        )
    return result


def _seeds(run: Session, found: Scan) -> list[dict[str, Any]]:
    changed, gone = found.changed, found.gone
    if not changed and not gone:
        return []
    known = [part.key for part in changed if part.key in found.ledger]
    # The last of a part's state is what is asked of its seeds.
    asked = [key for key in known if _state(found, key)[:-1] == found.parts[key][2][:-1]]
    because = [
        *_some("new", [_place(part.key) for part in changed if part.key not in found.ledger]),
        *_some("changed", [_place(key) for key in known if key not in set(asked)]),
        *_some("gone", [_place(key) for key in gone]),
    ]
    if asked:
        because.append(f"[seeds] asks for something else: {len(asked)} files are read again")
    files = [part for part in changed if part.path.endswith(".py")][:READ]
    parts = ((found.parts[part.key][0], part) for part in files)
    new = count_new(parts, run.wanted, found.snapshot.occurrences)
    of = "" if len(files) == len(changed) else f" in {len(files)} of them"
    because.append(
        f"{new} functions{of} are new, unless they resemble others or fail the type check"
    )
    if not found.ledger.path.exists():
        because += _changes(run.artifacts, run.recipes["seeds"])
    return [
        {
            "stage": "seeds",
            "what": f"{len(changed)} files to read, {len(gone)} gone",
            "because": because,
        }
    ]


def _state(found: Scan, key: str) -> list[Any]:
    entry = found.ledger.get(key)
    assert entry is not None
    state: list[Any] = entry["signature"]
    return state


def _place(key: str) -> str:
    return key.replace("\t", "/")


def _some(what: str, places: list[str]) -> list[str]:
    """The first few of many."""
    lines = [f"{what}: {place}" for place in places[:SHOWN]]
    if len(places) > SHOWN:
        lines.append(f"{what}: {len(places) - SHOWN} more")
    return lines


def _sharded(run: Session, stage: str, shards: list[int]) -> list[dict[str, Any]]:
    missing = [number for number in shards if not run.shard(stage, number).records.exists()]
    if not missing:
        return []
    recipe = run.recipes[stage]
    begun = recipe.folder(run.artifacts).exists()
    because = [] if begun else _changes(run.artifacts, recipe)
    lacking = [_lacking(run, stage, number) for number in missing]
    known = [count for count, _ in lacking if count is not None]
    because += [
        f"shard {number:06d}: {told}" for number, (_, told) in zip(missing, lacking, strict=True)
    ][:SHOWN]
    if len(missing) > SHOWN:
        because.append(f"{len(missing) - SHOWN} more shards")
    if (earlier := carry.donor(run, stage)) is not None:
        because.append(
            f"{recipe.stage}/{earlier.digest} differs in limits alone: `python -m pipeline retry --only "
            "RULE` keeps its good records"
        )
    at_least = "at least " if len(known) < len(missing) else ""
    what = f"{len(missing)} of {len(shards)} shards to make"
    if known:
        what += f", {at_least}{sum(known)} records"
    return [{"stage": stage, "what": what, "because": because}]


def _lacking(run: Session, stage: str, number: int) -> tuple[int | None, str]:
    """How many records a shard lacks; not known before the shard that it is made from is there."""
    journal = run.shard(stage, number).journal
    journaled = sum(1 for _ in read_journal(journal)) if journal.exists() else 0
    parent = run.recipes[stage].parent
    assert parent is not None
    before = run.shard(parent.stage, number)
    if not before.records.exists():
        return (
            None,
            f"{journaled} records are journaled already" if journaled else "not begun",
        )
    units = before.read_meta()["kept"]
    if stage == "responses":
        units *= run.settings.responses.samples
    return units - journaled, f"{units - journaled} of {units} records are missing"


def _changes(artifacts: Path, recipe: Recipe) -> list[str]:
    """How a recipe differs from the newest one of its stage that is on disk, key by key."""
    documents = sorted(
        (artifacts / recipe.stage).glob("*/recipe.json"),
        key=lambda path: path.stat().st_mtime,
        reverse=True,
    )
    for path in documents:
        earlier = orjson.loads(path.read_bytes())
        if earlier["recipe"] != recipe.digest:
            before = _flat({**earlier["ingredients"], **earlier["limits"]})
            now = _flat({**recipe.ingredients, **recipe.limits})
            lines = [
                f"{key}: {before.get(key, 'unset')} -> {now.get(key, 'unset')}"
                for key in sorted(before.keys() | now.keys())
                if before.get(key) != now.get(key)
            ]
            return lines or ["a stage before it has another recipe"]
    return ["no earlier recipe is there"]


def _flat(value: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(value, dict):
        return {prefix: value}
    flat: dict[str, Any] = {}
    for key, inner in value.items():
        flat.update(_flat(inner, f"{prefix}.{key}" if prefix else key))
    return flat
