"""The dataset card: README.md of a dataset, with the front matter that the Hugging Face hub reads."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.decontamination.decontaminator import LAYERS

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))

CARD = """---
pretty_name: {pretty_name}
language:
- en
task_categories:
- text-generation
tags:
- code
- instruction-tuning
- self-alignment
- synthetic
size_categories:
- {size}
configs:
{configs}
---

# Self-aligned code instructions by {model}

{rows} instructions with responses and tests. The base model `{model}` (sha256 `{sha256}`) wrote all of
them: it named the concepts in functions of real code, made tasks from the concepts, and answered each
task several times with tests. A row is here because its response passed its tests in a sandbox.
The method is SelfCodeAlign (arXiv 2410.24198); the recipe of this dataset is `{recipe}`.{others}

## What a row holds

| field | content |
|---|---|
| id | id of the response: seed, dash, sample |
| instruction | the task |
| response | prose and Python, as the model wrote it |
| tests | the asserts that the response passed |
| concepts, category, difficulty | what the instruction was made from |
| seed | the function it started from: id, source, path, name, lines, digest, licence (SPDX; null when unknown), repository and revision (null when there is none) |
| samples | n responses were executed for this instruction, `passed` of them passed |
| verification | asserts executed; functions of the response that the tests called; mutants of the response, and how many the tests killed; agreement with the instruction's other responses, 0 to 1 (all null when not verified) |
| measured_difficulty | easy, medium or hard, by the share of samples that passed (at least 2/3, 1/3, less) |
| weight | how often to draw the row for an even mix of concepts, categories and difficulties; 1 is average |
| model | name and sha256 of the model that answered |

## How many were dropped, and where

| stage | in | kept | rejected | by rule |
|---|---:|---:|---:|---|
{funnel}

## Sources and licences

Seeds come from {sources}. Licences of the seeds in force: {licences}.

## Decontamination

{decontamination}

## Limits

- Passing its own tests does not prove a response right: the model wrote the tests as well.
- Only the benchmarks named above were looked for.
"""

NOT_DECONTAMINATED = "This dataset is not decontaminated: no benchmark was compared with it."
_DECONTAMINATED = """Every row, and the function it started from, was compared with the benchmarks below. {removed} responses were
taken out because they hold a task, {removed_by_seed} because their seed does; the numbers are responses found by
each layer (one may be found by several). What each layer compares: `docs/decontamination.md` of the project.

| benchmark | form | tasks | from | revision (sha256) | {layers} |
|---|---|---:|---|---|{rule}|
{packs}{unconfirmed}"""
_NOT_EXECUTED = "\n\nNo row was run with the tasks' tests, so paraphrases with another algorithm were not looked for."


_CONFIG = """- config_name: {name}
  data_files:
  - split: train
    path: {path}"""


def dataset_card(manifest: dict[str, Any], configs: Mapping[str, str] | None = None) -> str:
    """The card's Markdown text for a manifest; `configs` are the files of the hub's configs by name."""
    named = configs or {"default": "train.jsonl"}
    rows = manifest["rows"]
    size = next((name for limit, name in _SIZES if rows < limit), "n>1M")
    return CARD.format(
        pretty_name=_yaml(f"Self-aligned code instructions ({manifest['model']['name']})"),
        model=manifest["model"]["name"],
        sha256=manifest["model"]["sha256"],
        recipe=manifest["recipe"],
        rows=rows,
        size=size,
        others=_others(manifest.get("other_models", {})),
        configs="\n".join(_CONFIG.format(name=name, path=path) for name, path in named.items()),
        funnel="\n".join(_funnel_row(stage, counts) for stage, counts in manifest["funnel"].items()),
        sources=", ".join(f"`{source}`" for source in manifest["sources"]),
        licences=", ".join(f"{name} ({count})" for name, count in manifest["licences"].items()) or "none",
        decontamination=_decontamination(manifest["decontamination"]),
    )


def _yaml(text: str) -> str:
    """A text as a YAML scalar: as it is where no character of it means anything to YAML, else quoted."""
    return text if re.fullmatch(r"[A-Za-z][\w ()./+-]*", text, re.ASCII) else json.dumps(text, ensure_ascii=False)


def _others(models: Mapping[str, Mapping[str, str]]) -> str:
    """The sentence on stages with another model than the base model."""
    others = "; ".join(f"{stage}: `{model['name']}`" for stage, model in models.items())
    return f"\nNot all of it is the base model's own: another model was asked for {others}." if others else ""


def _decontamination(checked: dict[str, Any]) -> str:
    if not checked["packs"]:
        return NOT_DECONTAMINATED
    return _DECONTAMINATED.format(
        removed=checked["removed"],
        removed_by_seed=checked["removed_by_seed"],
        layers=" | ".join(LAYERS),
        rule="|".join("---:" for _ in LAYERS),
        packs="\n".join(
            f"| {pack['name']} | {pack['layout']} | {pack['tasks']} | {pack['source']} | `{pack['revision']}` | "
            + " | ".join(str(pack["found"][layer]) for layer in LAYERS)
            + " |"
            for pack in checked["packs"]
        ),
        unconfirmed=_unconfirmed(checked["packs"]),
    )


def _unconfirmed(packs: Sequence[Mapping[str, Any]]) -> str:
    """Which tasks execution could not confirm, and why."""
    if all(pack["not_confirmable"] is None for pack in packs):
        return _NOT_EXECUTED
    lines = [
        f"- {pack['name']}: {sum(pack['not_confirmable'].values())} of {pack['tasks']} ("
        + "; ".join(f"{count}: {reason}" for reason, count in pack["not_confirmable"].items())
        + ")"
        for pack in packs
        if pack["not_confirmable"]
    ]
    return "\n\nTasks that execution cannot confirm:\n\n" + "\n".join(lines) if lines else ""


def _funnel_row(stage: str, counts: dict[str, Any]) -> str:
    rules = ", ".join(f"{rule} {count}" for rule, count in counts["rules"].items())
    return f"| {stage} | {counts['in']} | {counts['kept']} | {counts['rejected']} | {rules} |"
