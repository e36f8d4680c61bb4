"""Compares a dataset with the one before: rows gained, lost and changed, and the yield of every stage.

In: the manifests and train.jsonl of both. A row is the same when its id and its texts are the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from targets import read_jsonl

_EXAMPLES = 8


@dataclass(frozen=True, slots=True)
class Yield:
    """A figure of both datasets as text; empty where a dataset does not have it."""

    name: str
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """`lost` and `gained` hold the first line of each row's instruction by id."""

    recipe: str
    created: str
    rows: int
    same: int
    changed: int
    gained: dict[str, str]
    lost: dict[str, str]
    yields: list[Yield]
    recipe_changes: list[tuple[str, str, str]]

    def examples(self, rows: dict[str, str]) -> list[tuple[str, str]]:
        return sorted(rows.items())[:_EXAMPLES]


def compare(manifest: dict[str, Any], train: Path, previous: Path) -> Comparison:
    """Compare a dataset with the one in the folder `previous`."""
    before = orjson.loads((previous / "manifest.json").read_bytes())
    old = {row["id"]: (_digest(row), _title(row)) for row in read_jsonl(previous / "train.jsonl")}
    same = changed = 0
    gained: dict[str, str] = {}
    for row in read_jsonl(train):
        earlier = old.pop(row["id"], None)
        if earlier is None:
            gained[row["id"]] = _title(row)
        elif earlier[0] == _digest(row):
            same += 1
        else:
            changed += 1
    return Comparison(
        recipe=before["recipe"],
        created=before["created"],
        rows=before["rows"],
        same=same,
        changed=changed,
        gained=gained,
        lost={name: title for name, (_, title) in old.items()},
        yields=_yields(before, manifest),
        recipe_changes=list(_recipe_changes(before["recipes"], manifest["recipes"])),
    )


def _digest(row: dict[str, Any]) -> bytes:
    text = "\0".join((row["instruction"], row["response"], row["tests"]))
    return hashlib.sha256(text.encode()).digest()[:8]


def _title(row: dict[str, Any]) -> str:
    return str(row["instruction"]).split("\n", 1)[0][:160]


def _yields(before: dict[str, Any], now: dict[str, Any]) -> list[Yield]:
    yields = [
        Yield(f"kept by {stage}", _kept(before, stage), _kept(now, stage))
        for stage in now["funnel"]
        if stage != "dataset"
    ]
    yields.append(Yield("rows for each 100 seeds", _for_100_seeds(before), _for_100_seeds(now)))
    yields.append(Yield("tokens written for each row", _tokens_a_row(before), _tokens_a_row(now)))
    return yields


def _kept(manifest: dict[str, Any], stage: str) -> str:
    counts = manifest["funnel"].get(stage)
    return f"{counts['kept'] / counts['in']:.1%}" if counts and counts["in"] else ""


def _for_100_seeds(manifest: dict[str, Any]) -> str:
    return f"{100 * manifest['rows'] / manifest['funnel']['seeds']['kept']:.1f}"


def _tokens_a_row(manifest: dict[str, Any]) -> str:
    written = sum(spent.get("new_tokens", 0) for spent in manifest["spent"].values())
    return f"{written / manifest['rows']:,.0f}"


def _recipe_changes(before: dict[str, Any] | None, now: dict[str, Any] | None) -> list[tuple[str, str, str]]:
    """(stage and key, value before, value now) of all ingredients that differ."""
    old, new = _ingredients(before), _ingredients(now)
    return [
        (key, str(old.get(key, "not there")), str(new.get(key, "not there")))
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    ]


def _ingredients(recipe: dict[str, Any] | None) -> dict[str, Any]:
    ingredients: dict[str, Any] = {}
    while recipe:
        for key, value in recipe["ingredients"].items():
            inner = value if isinstance(value, dict) else {"": value}
            for name, item in inner.items():
                ingredients[" ".join(filter(None, (recipe["stage"], key, name)))] = item
        recipe = recipe.get("made_from")
    return ingredients
