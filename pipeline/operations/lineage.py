"""The life of a record: everything that is on file about one seed and all that was made of it.

In: the folders of the recipes in force. Out: events, stage by stage: what was asked of the model, what came of
it, under which rule it was dropped. A rejected completion is on file as a whole. The prompt is not: it is
made again by the stage's own task, and is the same as it was sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pipeline.operations import scratch_run as aside
from pipeline.project import session
from pipeline.project.session import Session
from pipeline.stages import selection
from pipeline.stages.base import GenerationTask, Unit
from pipeline.stages.seeds import scan
from targets import ShardPaths, read_jsonl

_ANSWER = re.compile(r"(?P<seed>[0-9a-f]+)-(?P<sample>\d+)")


def life(run: Session, wanted: str) -> list[dict[str, Any]]:
    """Every record of a seed: {stage, id, fate, rule, evidence, file, record, prompt}, in the order of stages.

    `wanted` is an id, the beginning of one, or the path of a source file, with :line if wanted.
    """
    session.use(run)
    answer = _ANSWER.fullmatch(wanted)
    return list(_events(run, answer["seed"] if answer else wanted))


def siblings(events: list[dict[str, Any]], wanted: str) -> list[dict[str, Any]]:
    """The other answers to the same instruction as `wanted`, when that is the id of one answer.

    Each as {id, status of its verdict, fate at the last stage that it reached, evidence}.
    """
    answer = _ANSWER.fullmatch(wanted)
    if not answer:
        return []
    others: dict[str, dict[str, Any]] = {}
    for event in events:
        sample = _ANSWER.fullmatch(event["id"])
        if sample and int(sample["sample"]) != int(answer["sample"]):
            other = others.setdefault(event["id"], {"id": event["id"], "status": None})
            other["status"] = event["record"].get("status", other["status"])
            other["fate"] = f"{event['fate']} in {event['stage']}"
            other["evidence"] = event["record"].get("evidence", "")
    return list(others.values())


def _events(run: Session, wanted: str) -> Iterator[dict[str, Any]]:
    in_force = scan().snapshot.occurrences
    prompts = _Prompts()
    beginnings: tuple[str, ...] = (wanted,)
    for stage, recipe in {**run.recipes, "selection": selection.recipe()}.items():
        for paths in ShardPaths.published(recipe.folder(run.artifacts)):
            for path, kept in ((paths.records, True), (paths.rejected, False)):
                for record in read_jsonl(path):
                    id = record["id"]
                    if stage == "seeds" and _stands_at(record, wanted):
                        beginnings += (id,)
                    elif not id.startswith(beginnings):
                        continue
                    fate = "kept" if kept else f"rejected by {record['rule']}"
                    if stage == "seeds" and kept and id not in in_force:
                        fate = "not in force: its place is gone, or holds it no more"
                    yield {
                        "stage": stage,
                        "id": id,
                        "fate": fate,
                        "file": str(path),
                        "record": record,
                        "prompt": prompts.of(stage, paths.number, id),
                    }


def _stands_at(record: dict[str, Any], wanted: str) -> bool:
    """Whether a kept or rejected definition's place is this path, begins so, or ends in it."""
    place = record["id"]
    if "path" in record:
        place = f"{record['source']}/{record['path']}:{record['lines'][0]}:{record['name']}"
    return f"/{wanted}" in f"/{place}"


class _Prompts:
    """Makes the prompts of units again, by the tasks of the stages that ask the model."""

    def __init__(self) -> None:
        shards = scan().shards_in_force
        tasks = aside.shard_tasks(shards[0]) if shards else []
        self._tasks = {task.stage: task for task in tasks if isinstance(task, GenerationTask)}
        self._units: dict[tuple[str, int], dict[str, Unit]] = {}

    def of(self, stage: str, shard: int, unit: str) -> dict[str, str] | None:
        if stage not in self._tasks:
            return None
        task = self._tasks[stage].clone(shard=shard)
        if (stage, shard) not in self._units:
            self._units[stage, shard] = {each.id: each for each in task.units()}
        context, tail = task.prompt(self._units[stage, shard][unit])
        return {"context": context, "tail": tail}
