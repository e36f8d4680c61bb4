"""Datasets for the report, written as a run writes them: shards under their recipes, rows and manifest."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from targets import Recipe, ShardPaths, ShardWriter
from targets.atomic import json_bytes, jsonl_lines, publish

STAGES = ("seeds", "concepts", "instructions", "responses", "executions", "selection")
SAMPLES = 2
Texts = Callable[[int, str], str]


def plain(number: int, field: str) -> str:
    """The text of a field of row `number`."""
    return f"{field} {number % 7}"


def write_dataset(artifacts: Path, rows: Iterable[int], texts: Texts = plain, name: str = "1") -> Path:
    """A dataset of these rows: two programs each, of which one passes; return its folder."""
    rows = list(rows)
    recipes: dict[str, Recipe] = {}
    parent = None
    for stage in STAGES:
        parent = recipes[stage] = Recipe(stage, {"version": 1, "name": name}, parent)
    recipe = Recipe("dataset", {"version": 1}, parent)
    folders = {stage: recipes[stage].write(artifacts) for stage in STAGES}
    examples = [example(number, texts) for number in rows]
    metas = {}
    for stage in STAGES:
        with ShardWriter(ShardPaths(folders[stage], 0)) as writer:
            for number, row in zip(rows, examples, strict=True):
                _outcomes(writer, stage, row, texts, number)
            metas[stage] = writer.publish({"seconds": 1.5, "shards": [0]})
    folder = recipe.folder(artifacts)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    publish(folder / "train.jsonl", jsonl_lines(examples))
    publish(folder / "manifest.json", [json_bytes(manifest(recipe, metas, texts))])
    return folder


def example(number: int, texts: Texts) -> dict[str, Any]:
    """Row `number` of a dataset."""
    seed = f"{number:016x}"
    return {
        "id": f"{seed}-000",
        "instruction": texts(number, "instruction"),
        "response": texts(number, "response"),
        "tests": texts(number, "tests"),
        "concepts": [texts(number, "concept"), texts(number + 1, "concept")],
        "category": texts(number, "category"),
        "difficulty": texts(number, "difficulty"),
        "seed": {
            "id": seed, "source": texts(number, "source"), "path": texts(number, "path"),
            "name": texts(number, "name"), "lines": [1, 9], "digest": seed,
            "licence": texts(number, "licence"),
        },
        "model": {"name": texts(0, "model"), "sha256": "0" * 64},
        "samples": {"n": SAMPLES, "passed": 1},
    }  # fmt: skip


def _outcomes(writer: ShardWriter, stage: str, row: dict[str, Any], texts: Texts, number: int) -> None:
    seed, spent = (
        row["seed"]["id"],
        {"prompt_tokens": 90, "computed_prompt_tokens": 9, "new_tokens": 5},
    )
    if stage == "seeds":
        writer.keep(seed, row["seed"])
        writer.reject(f"{seed} place", texts(number, "rule"), texts(number, "evidence"))
    elif stage in ("concepts", "instructions"):
        record = {"id": seed, **{key: row[key] for key in ("concepts", "category", "difficulty")}}
        writer.keep(seed, record, spent)
    elif stage == "responses":
        for sample in range(SAMPLES):
            writer.keep(f"{seed}-{sample:03d}", {"id": f"{seed}-{sample:03d}"}, spent)
    elif stage == "executions":
        for sample in range(SAMPLES):
            unit, passed = f"{seed}-{sample:03d}", sample == 0
            verdict = {"id": unit, "passed": passed, "status": "passed" if passed else "failed",
                       "detail": texts(number, "detail"), "stderr": texts(number, "stderr")}  # fmt: skip
            writer.keep(unit, verdict)
    else:
        writer.keep(row["id"], row)
        writer.reject(f"{seed}-001", "not_passed", "failed")


def manifest(recipe: Recipe, metas: dict[str, dict[str, Any]], texts: Texts) -> dict[str, Any]:
    """The manifest of a dataset with these shards."""
    funnel = {
        stage: {"in": meta["units"], **{key: meta[key] for key in ("kept", "rejected", "rules")}}
        for stage, meta in metas.items()
    }
    funnel["responses"]["samples_per_instruction"] = SAMPLES
    rows = metas["selection"]["kept"]
    return {
        "rows": rows,
        "created": "2026-01-02T03:04:05+0000",
        "recipe": recipe.digest,
        "funnel": {**funnel, "dataset": {"in": rows, "kept": rows, "rejected": 0, "rules": {}}},
        "spent": {stage: metas[stage]["spent"] for stage in STAGES[1:]},
        "seconds": {stage: metas[stage]["seconds"] for stage in STAGES[1:]},
        "model": {"name": texts(0, "model"), "sha256": "0" * 64, "architecture": "llama", "window": 1024},
        "sources": [texts(0, "source")],
        "licences": {texts(0, "licence"): rows},
        "decontamination": {
            "packs": [{"name": texts(0, "pack"), "source": texts(1, "pack"), "revision": None,
                       "tasks": 164, "found": {"exact": 2, "minhash": 1}}],
            "removed": 3,
            "removed_by_seed": 0,
        },
        "versions": {"python": "3.11.0"},
        "recipes": recipe.in_words(),
    }  # fmt: skip
