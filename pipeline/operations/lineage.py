"""Lineage of a record: all stored records derived from one seed, stage by stage, with prompts and rejections.

In: the folders of the current recipes. Out: events, stage by stage: the prompt, and the record, or the rule under
which it was rejected. A rejected completion is stored whole. A prompt is not stored: the stage's task makes it
again, identical to the prompt that was sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

from pipeline.project.project import Project
from pipeline.seeds.scan import STAGE as SEEDS
from pipeline.stages.chain import shard_tasks
from pipeline.stages.generation import GenerationTask, Unit
from pipeline.stages.selection import Selection
from targets import Artifacts, read_jsonl

_BEGINNING = re.compile(r"[0-9a-f]+")
_RESPONSE = re.compile(r"(?P<seed>[0-9a-f]+)-(?P<sample>\d+)")


def lineage(project: Project, record: str) -> list[dict[str, Any]]:
    """Every record of a seed: {stage, id, fate, file, record, prompt}, in the order of stages.

    `record` is an id, the beginning of an id, or the path of a source file, optionally with :line or :name. Of several
    definitions, one comes after the other, in the order of their places.
    """
    response = _RESPONSE.fullmatch(record)
    artifacts = Selection.of(project).artifacts
    searched = response["seed"] if response else record
    there = _seeds_at(artifacts, searched)
    beginnings = (*there, searched) if _BEGINNING.fullmatch(searched) else tuple(there)
    events = list(_events(project, artifacts, beginnings))
    order = {origin: at for at, origin in enumerate(dict.fromkeys([*there, *(origin_of(e["id"]) for e in events)]))}
    return sorted(events, key=lambda event: order[origin_of(event["id"])])


def origin_of(id: str) -> str:
    """The id of the seed that a record was derived from."""
    response = _RESPONSE.fullmatch(id)
    return response["seed"] if response else id


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


def _events(project: Project, artifacts: Artifacts, beginnings: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    current, prompts = project.scan.snapshot.occurrences, _Prompts(project)
    for stage in artifacts.stages:
        for paths in artifacts.published(stage):
            for path, kept in ((paths.records, True), (paths.rejected, False)):
                for record in read_jsonl(path):
                    id = record["id"]
                    if not id.startswith(beginnings):
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


def _seeds_at(artifacts: Artifacts, searched: str) -> list[str]:
    """The ids of the definitions that a place or a name stands for, in the order of their places."""
    files = (path for paths in artifacts.published(SEEDS) for path in (paths.records, paths.rejected))
    return [record["id"] for record in standing_at(chain.from_iterable(map(read_jsonl, files)), searched)]


def standing_at(definitions: Iterable[dict[str, Any]], searched: str) -> list[dict[str, Any]]:
    """Those that have the name, or stand at the place: a path or the end of one, alone or with a line or a name.

    Of a rejected definition only the first line is known: where no other one holds a line, the last one that begins
    above it does, if that is a rejected one.
    """
    path, _, detail = searched.rpartition(":")
    if not path:
        path, detail = searched, ""
    named, in_file = [], []
    for record in definitions:
        place = _place(record)
        if f"/{path}" in f"/{place.path}":
            in_file.append((place, record))
        if searched in (place.name, record["id"]) or (
            f"/{path}" in f"/{place.path}" and detail in ("", place.name, place.name.rpartition(".")[2])
        ):
            named.append((place, record))
    if detail.isdigit() and not named:
        line = int(detail)
        above = sorted((item for item in in_file if item[0].first <= line), key=lambda item: item[0])
        named = [item for item in above if line <= item[0].last] or [
            item for item in above[-1:] if not item[0].is_whole
        ]
    return [record for _, record in sorted(named, key=lambda item: item[0])]


class _Place(NamedTuple):
    """Where a definition stands. `is_whole`: its last line is known."""

    path: str
    first: int
    last: int
    name: str
    is_whole: bool = True


def _place(record: dict[str, Any]) -> _Place:
    if "path" in record:
        first, last = record["lines"]
        return _Place(f"{record['source']}/{record['path']}", first, last, record["name"])
    match = re.fullmatch(r"(?P<path>.+):(?P<line>\d+):(?P<name>.*)", record["id"])
    if match is None:
        return _Place(record["id"], 0, 0, "")
    return _Place(match["path"], int(match["line"]), int(match["line"]), match["name"], is_whole=False)


class _Prompts:
    """Makes the prompts of units again with the tasks of the generating stages."""

    def __init__(self, project: Project) -> None:
        tasks = shard_tasks(project)
        self._tasks = {task.stage: task for task in tasks if isinstance(task, GenerationTask)}
        self._units: dict[tuple[str, int], dict[str, Unit]] = {}

    def of(self, stage: str, shard: int, unit: str) -> dict[str, str] | None:
        """The prompt of a unit: {context, tail}; None for one for which nothing is generated."""
        if stage not in self._tasks:
            return None
        task = self._tasks[stage].clone(shard=shard)
        if (stage, shard) not in self._units:
            self._units[stage, shard] = {item.id: item for item in task.units()}
        if unit not in self._units[stage, shard]:
            return None
        context, tail = task.prompt(self._units[stage, shard][unit])
        return {"context": context, "tail": tail}
