"""The dataset card: README.md of a dataset, with the front matter that the Hugging Face hub reads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.dataset.calibration import NEVER
from pipeline.decontamination.decontaminator import LAYERS
from pipeline.sources import licences
from pipeline.text.display import duration, money

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))

CARD = """---
{front}---

# Self-aligned code instructions by {model}

{rows} instructions with responses and tests. The base model `{model}` (sha256 `{sha256}`) wrote all of
them: it named the concepts in functions of real code, made tasks from the concepts, and answered each
task several times with tests. {selected}{several}{compared}{magpie}{repaired}{monologues}
The method is SelfCodeAlign (arXiv 2410.24198); the recipe of this dataset is `{recipe}`.{others}

## What a row holds

| field | content |
|---|---|
| id | id of the response: seed, dash, sample |
| instruction | the task |
| response | prose and Python, as the model wrote it |
| tests | {tests} |
| concepts, category, difficulty | what the instruction was made from |
| seed | the function it started from: id, source, path, name, lines, digest, licence (SPDX; null when unknown), repository and revision (null when there is none) |
| partner | the second seed, where half of the concepts come from one; else null |
| samples | n responses were executed for this instruction, `passed` of them passed |
| attempt | where the response repairs one that failed: its id, and status and detail of its run; else null |
| verification | asserts executed; functions of the response that the tests called; mutants of the response, and how many the tests killed; inputs, the different arguments that were tested; behaviour, argument or constant where the function never returned anything else; compared, the instruction's other responses, how many of their tests the response passes (agree), and how many of these pass its tests as well (agree_both_ways); agreement, 0 to 1, by these three |
| measured_difficulty | easy, medium or hard, by the share of samples that passed (at least 2/3, 1/3, less) |
| shape | {shapes} |
| pooled_tests | the tests of the responses that agree with it both ways, then its own; empty where no other agrees |
| weight | how often to draw the row for an even mix of concepts, categories and difficulties; the mean of all rows is 1 |
| model | name and sha256 of the model that answered |

## How many were dropped, and where

| stage | in | kept | rejected | by rule |
|---|---:|---:|---:|---|
{funnel}

## What a row cost

{cost}

## How many rows are right

{trust}

## Sources and licences

Seeds come from {sources}. Licences of the seeds in force: {licences}. {row_licences}The rows are the text of a model that
was shown these seeds; what the model's own licence asks for is not stated here.

## Secrets and personal data

{private}

## Decontamination

{decontamination}

## Limits

- Passing its own tests does not prove a response right: the model wrote the tests as well. Where the share of right
  rows was measured, it was on other tasks than these.
- Only the benchmarks named above were looked for.
"""

_SEARCHED = """Seeds and rows that hold a key, token, private key or password by {detector}, or an e-mail address
that may be a person's, were rejected. Names, telephone numbers and passwords of plain words were not looked for."""
NOT_SEARCHED = "This dataset was not searched for secrets: detect-secrets was not installed."
NOT_DECONTAMINATED = "This dataset is not decontaminated: no benchmark was compared with it."
_DECONTAMINATED = """Every row, and the function it started from, was compared with the benchmarks below. {removed} responses were
taken out because they hold a task, {removed_by_seed} because their seed does; the numbers are responses found by
each layer (one may be found by several). What each layer compares: `docs/decontamination.md` of the project.

| benchmark | form | tasks | from | revision (sha256) | {layers} |
|---|---|---:|---|---|{rule}|
{packs}{unconfirmed}"""
_NOT_EXECUTED = "\n\nNo row was run with the tasks' tests, so paraphrases with another algorithm were not looked for."


_SELECTED = {
    "passing": "A row is here because its response passed its tests in a sandbox.",
    "failing": "A row is here because its response **failed** its tests in a sandbox (`[selection] among = failing`): "
    "the\ndataset serves comparisons.",
    "all": "Rows were chosen **whether or not** their responses passed their tests in a sandbox (`[selection] among = "
    "all`).",
}
_SHAPES = (
    "forms that the row was given after its response was chosen: tests shown in the instruction (tests), the head of the "
    "function in it (stub), comments, prose before or after the code or the names of parts left out (no_comments, "
    "no_reasoning, no_explanation, no_tags), tests in the response (own_tests); rows by form: {forms}"
)
_SEVERAL = " An instruction has up to {most} rows, whose\ncode differs in more than names."
# Where the seed is the oracle: pipeline/stages/oracle.py.
_COMPARED = (
    "\nThe instructions are signatures and docstrings of functions that people wrote, and each response answered as the\n"
    "function itself on all calls that were compared; {unlike} others passed their own tests and did not."
)
# Where an instruct model wrote the instructions: pipeline/stages/magpie.py.
_MAGPIE = (
    "\nIt is no base model: it wrote the instructions in the place of a user, behind its own chat template (Magpie, arXiv\n"
    "2406.08464), each with the concepts in the system message."
)
# Where failed attempts got another try: pipeline/stages/repairs.py.
_REPAIRED = (
    "\nOf {count} rows the response is a second one: no first response to the instruction passed its tests, so the model was\n"
    "shown one of them with its error (`attempt`), and the tests are those of that attempt."
)
# Where calls of the rows' tests were traced: pipeline/stages/monologues.py.
_MONOLOGUES = (
    "\n`monologues.jsonl` holds {count} answers to questions on what the rows' code does in a call of their tests: no model\n"
    "wrote them, but templates, from a trace of the call."
)
_TESTS = {
    "passing": "the asserts that the response passed",
    "failing": "the asserts that the response did not pass",
    "all": "the asserts that were written with the response, which it need not pass",
}
# Licences that the hub knows, by its own names (hub documentation, "Licenses"); it calls others `other`, with a name.
_HUB_LICENCES = frozenset(
    {
        "mit", "apache-2.0", "bsd-2-clause", "bsd-3-clause", "bsd-3-clause-clear", "isc", "unlicense", "cc0-1.0",
        "zlib", "mpl-2.0", "postgresql", "ncsa", "wtfpl", "bsl-1.0", "artistic-2.0", "epl-2.0", "osl-3.0",
        "cc-by-4.0", "cc-by-sa-4.0",
    }
)  # fmt: skip


def dataset_card(manifest: dict[str, Any], configs: Mapping[str, Mapping[str, str]] | None = None) -> str:
    """The card's Markdown text for a manifest; `configs` are the files of the hub's configs, by name and split."""
    named = configs or {"default": {"train": "train.parquet"}}
    by_rows = manifest.get("row_licences")
    among = manifest.get("among", "passing")
    return CARD.format(
        front=_front_matter(manifest, named),
        model=manifest["model"]["name"],
        sha256=manifest["model"]["sha256"],
        recipe=manifest["recipe"],
        rows=manifest["rows"],
        selected=_SELECTED[among],
        several=_SEVERAL.format(most=most) if (most := manifest.get("per_instruction", 1)) > 1 else "",
        tests=_TESTS[among],
        shapes=_SHAPES.format(forms=_counted(manifest.get("shapes", {}))),
        compared=_compared(manifest["funnel"]),
        magpie=_MAGPIE if manifest.get("instructions") == "magpie" else "",
        repaired=_REPAIRED.format(count=manifest["repaired"]) if manifest.get("repaired") else "",
        monologues=_MONOLOGUES.format(count=manifest["monologues"]) if "monologues" in manifest else "",
        others=_others(manifest.get("other_models", {})),
        funnel="\n".join(_funnel_row(stage, counts) for stage, counts in manifest["funnel"].items()),
        sources=", ".join(f"`{source}`" for source in manifest["sources"]),
        cost=_cost(manifest.get("cost")),
        trust=manifest.get("trust", NEVER),
        licences=_counted(manifest["licences"]),
        row_licences=f"Rows by the licence of\ntheir seed: {_counted(by_rows)}. " if by_rows else "",
        private=_SEARCHED.format(detector=manifest["secrets"]) if manifest.get("secrets") else NOT_SEARCHED,
        decontamination=_decontamination(manifest["decontamination"]),
    )


_COST = """{tokens:,.0f} new tokens and {time}{money}, all that became no row included; seconds of a stage are shared out by
new tokens. By what became of a completion (`no_row`: kept, and nothing that was made of it became a row):

| fate | new tokens | share |{head}
|---|---:|---:|{rule}
{lines}"""
COST_UNKNOWN = "Not known: the dataset was made by a version that did not count it, or has no row."


def _cost(cost: Mapping[str, Any] | None) -> str:
    """What a row cost, and what became of all tokens."""
    if not cost or not cost["a_row"]:
        return COST_UNKNOWN
    a_row, prices = cost["a_row"], cost["prices"]
    written = sum(line["new_tokens"] for line in cost["by_fate"]) or 1
    lines = [
        f"| {line['fate']} | {line['new_tokens']:,} | {line['new_tokens'] / written:.1%} |"
        + (f" {money(line['money'], prices['currency'])} |" if prices else "")
        for line in cost["by_fate"]
        if line["new_tokens"]
    ]
    return _COST.format(
        tokens=a_row["new_tokens"],
        time=duration(a_row["seconds"]),
        money=f", which cost {money(a_row['money'], prices['currency'])}" if prices else "",
        head=" money |" if prices else "",
        rule="---:|" if prices else "",
        lines="\n".join(lines),
    )


def _compared(funnel: Mapping[str, Any]) -> str:
    """The sentence on responses that were compared with the code of their seeds."""
    counts = funnel.get("oracle")
    return "" if counts is None else _COMPARED.format(unlike=counts["rules"].get("unlike_seed", 0))


def _front_matter(manifest: Mapping[str, Any], configs: Mapping[str, Mapping[str, str]]) -> str:
    """The card's metadata as YAML."""
    import yaml  # a run with nothing to do writes no card

    rows = manifest["rows"]
    metadata = {
        "pretty_name": f"Self-aligned code instructions ({manifest['model']['name']})",
        **_licence(manifest.get("row_licences") or manifest["licences"]),
        "language": ["en"],
        "task_categories": ["text-generation"],
        "tags": ["code", "instruction-tuning", "self-alignment", "synthetic"],
        "size_categories": [next((name for limit, name in _SIZES if rows < limit), "n>1M")],
        "configs": [
            {
                "config_name": name,
                # Of several, the one that `load_dataset(FOLDER)` takes.
                **({"default": True} if len(configs) > 1 and not at else {}),
                "data_files": [{"split": split, "path": path} for split, path in files.items()],
            }
            for at, (name, files) in enumerate(configs.items())
        ],
    }
    text: str = yaml.safe_dump(metadata, sort_keys=False, allow_unicode=True, width=1000)
    return text


def _licence(counted: Mapping[str, int]) -> dict[str, str]:
    """The licence that all seeds together are under, as the hub's metadata states one."""
    together = licences.all_of(counted)
    if licences.UNKNOWN in counted or not counted:
        return {"license": "unknown"}
    if together is None:  # more licences than an expression may name
        return {"license": "other"}
    if together.lower() in _HUB_LICENCES:
        return {"license": together.lower()}
    return {"license": "other", "license_name": re.sub(r"[^a-z0-9.]+", "-", together.lower()).strip("-")}


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} ({count})" for name, count in counts.items()) or "none"


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
    if (passed := counts.get("passed")) is not None:
        rules = ", ".join(filter(None, (f"{passed} passed, {counts['kept'] - passed} failed", rules)))
    return f"| {stage} | {counts['in']} | {counts['kept']} | {counts['rejected']} | {rules} |"
