"""Lineage of a record: all stored records derived from one seed, stage by stage, with prompts and rejections.

In: the folders of the current recipes. Out: events, stage by stage: the prompt, and the record, or the rule under
which it was rejected. A rejected completion is stored whole. A prompt is not stored: the stage's task makes it
again, identical to the prompt that was sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pipeline.project.project import Project
from pipeline.seeds.scan import STAGE as SEEDS
from pipeline.stages.chain import shard_tasks
from pipeline.stages.generation import GenerationTask, Unit
from pipeline.stages.selection import Selection
from targets import read_jsonl

_RESPONSE = re.compile(r"(?P<seed>[0-9a-f]+)-(?P<sample>\d+)")


def lineage(project: Project, record: str) -> list[dict[str, Any]]:
    """Every record of a seed: {stage, id, fate, file, record, prompt}, in the order of stages.

    `record` is an id, the beginning of an id, or the path of a source file, optionally with :line.
    """
    response = _RESPONSE.fullmatch(record)
    return list(_events(project, response["seed"] if response else record))


def siblings(events: list[dict[str, Any]], record: str) -> list[dict[str, Any]]:
    """The other responses to the same instruction, when `record` is the id of a response.

    Each as {id, status of its verdict, fate at the last stage that it reached, evidence}.
    """
    response = _RESPONSE.fullmatch(record)
    if not response:
        return []
    others: dict[str, dict[str, Any]] = {}
    for event in events:
        match = _RESPONSE.fullmatch(event["id"])
        if match and int(match["sample"]) != int(response["sample"]):
            other = others.setdefault(event["id"], {"id": event["id"], "status": None})
            other["status"] = event["record"].get("status", other["status"])
            other["fate"] = f"{event['fate']} in {event['stage']}"
            other["evidence"] = event["record"].get("evidence", "")
    return list(others.values())


def _events(project: Project, searched: str) -> Iterator[dict[str, Any]]:
    current = project.scan.snapshot.occurrences
    artifacts, prompts = Selection.of(project).artifacts, _Prompts(project)
    beginnings: tuple[str, ...] = (searched,)
    for stage in artifacts.stages:
        for paths in artifacts.published(stage):
            for path, kept in ((paths.records, True), (paths.rejected, False)):
                for record in read_jsonl(path):
                    id = record["id"]
                    if stage == SEEDS and _stands_at(record, searched):
                        beginnings += (id,)
                    elif not id.startswith(beginnings):
                        continue
                    fate = "kept" if kept else f"rejected by {record['rule']}"
                    if stage == SEEDS and kept and id not in current:
                        fate = "not current: its source file is gone, or no longer holds it"
                    yield {
                        "stage": stage,
                        "id": id,
                        "fate": fate,
                        "file": str(path),
                        "record": record,
                        "prompt": prompts.of(stage, paths.number, id),
                    }


def _stands_at(record: dict[str, Any], searched: str) -> bool:
    """Whether a definition has the name or stands at the place: a path or the end of one, with a line or a name."""
    place, first, last, name = _place(record)
    if searched in (name, record["id"]):
        return True
    path, _, detail = searched.rpartition(":")
    if not path:
        path, detail = searched, ""
    if f"/{path}" not in f"/{place}":
        return False
    if detail.isdigit():
        return first <= int(detail) <= last
    return detail in ("", name, name.rpartition(".")[2])


def _place(record: dict[str, Any]) -> tuple[str, int, int, str]:
    """Path, first and last line, and name of a definition; a rejected one has the first line only, in its id."""
    if "path" in record:
        first, last = record["lines"]
        return f"{record['source']}/{record['path']}", first, last, record["name"]
    match = re.fullmatch(r"(?P<path>.+):(?P<line>\d+):(?P<name>.*)", record["id"])
    if match is None:
        return record["id"], 0, 0, ""
    return match["path"], int(match["line"]), int(match["line"]), match["name"]


class _Prompts:
    """Makes the prompts of units again with the tasks of the generating stages."""

    def __init__(self, project: Project) -> None:
        tasks = shard_tasks(project)
        self._tasks = {task.stage: task for task in tasks if isinstance(task, GenerationTask)}
        self._units: dict[tuple[str, int], dict[str, Unit]] = {}

    def of(self, stage: str, shard: int, unit: str) -> dict[str, str] | None:
        """The prompt of a unit: {context, tail}; None in a stage that generates nothing."""
        if stage not in self._tasks:
            return None
        task = self._tasks[stage].clone(shard=shard)
        if (stage, shard) not in self._units:
            self._units[stage, shard] = {item.id: item for item in task.units()}
        context, tail = task.prompt(self._units[stage, shard][unit])
        return {"context": context, "tail": tail}
