"""Figures of a comparison with their intervals, as a JSON document, a Markdown table and an SVG plot.

In: each arm's scores by seed and task, and its selection. Nothing is read or written but the selection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from math import log2
from typing import Any

from pipeline.loop.arms import BASE
from pipeline.loop.statistics import bootstrap
from pipeline.text.code_concepts import tree_concepts
from pipeline.text.hashing import rank
from pipeline.text.markdown import code_blocks
from pipeline.text.normalise import fingerprint
from targets import ShardPaths

Runs = Sequence[Sequence[float]]  # by seed and task: the share of samples that passed
_SOLVED = 0.5


def figures(runs: Mapping[str, Runs], about: Mapping[str, dict[str, Any]], setting: dict[str, Any]) -> dict[str, Any]:
    """`setting`, and one entry for the base and each arm. Scores are shares between 0 and 1.

    - `mean`, `low`, `high`: pass@1 with its 95 % interval
    - `seeds`: pass@1 of each seed
    - `kept`: pass@1 on the tasks that the base solves in all other seeds; None when there is no such task

    An arm's entry also has what `about` holds of it, and:

    - `gain`: pass@1 minus the base's mean, task by task
    - `lost`: the base's `kept` minus the arm's, on the same tasks
    - `kept_of_most`: pass@1 on the tasks that the base solves on average over its seeds
    """
    base = runs[BASE]
    steady = _steady(base)
    document: dict[str, Any] = dict(setting)
    for name, scores in runs.items():
        document[name] = {
            **asdict(bootstrap(scores)),
            "seeds": [round(sum(run) / len(run), 4) for run in scores],
            "kept": asdict(bootstrap(scores, steady)) if steady else None,
        }
        if name != BASE:
            document[name] |= {**_against_base(scores, base, steady), **about.get(name, {})}
    return document


def _against_base(scores: Runs, base: Runs, steady: Runs | None) -> dict[str, Any]:
    """`gain`, `lost` and `kept_of_most` of an arm."""
    means = _means(base)
    gains = [[score - mean for score, mean in zip(run, means, strict=True)] for run in scores]
    losses = [
        [before - score for score, before in zip(run, base_run, strict=True)]
        for run, base_run in zip(scores, base, strict=True)
    ]
    solved = [task for task, mean in enumerate(means) if mean > _SOLVED]
    kept = [run[task] for run in scores for task in solved]
    return {
        "gain": asdict(bootstrap(gains)),
        "lost": asdict(bootstrap(losses, steady)) if steady else None,
        "kept_of_most": round(sum(kept) / len(kept), 4) if kept else None,
    }


def _means(runs: Runs) -> list[float]:
    return [sum(scores) / len(scores) for scores in zip(*runs, strict=True)]


def _steady(base: Runs) -> list[list[float]] | None:
    """For each run 1 at the tasks that all other runs solve, else 0; None when there is no such task.

    A run that solves a task is left out of choosing it: where a task is chosen because a run solved it, that run's
    score is partly luck, and neither it nor an arm's difference from it would be a fair estimate.
    """
    weights = []
    for number in range(len(base)):
        others = zip(*base[:number], *base[number + 1 :], strict=True)
        weights.append([float(all(score > _SOLVED for score in scores)) for scores in others])
    return weights if any(map(any, weights)) else None


def diversity(selected: ShardPaths, size: int, rows: int) -> dict[str, Any]:
    """The diversity of an arm's selection of `size` rows.

    - `selected`: its rows
    - `distinct_instructions`: instructions that differ after normalisation
    - `concept_entropy`: entropy in bits of the concepts that the seeds came with
    - `code_entropy`: entropy in bits of the concepts in the syntax of `rows` responses, as many in every arm
    - `near_duplicate_rate`: the share of candidates that were rejected as near-duplicates of a row

    Of the two entropies only the second compares instructions that were made in different ways: a seed's concepts
    are with its rows however their instructions were made.
    """
    near = selected.read_meta()["rules"].get("near_duplicate", 0)
    return diversity_of(selected.read(), rows) | {
        "near_duplicate_rate": round(near / (near + size), 4) if size else 0.0
    }


def diversity_of(selected: Iterable[Mapping[str, Any]], rows: int) -> dict[str, Any]:
    """The same of any rows: those of others come without concepts, and nothing is known of what was left out."""
    instructions: set[str] = set()
    concepts: Counter[str] = Counter()
    in_code: Counter[str] = Counter()
    shuffled = sorted(selected, key=lambda row: rank(str(row["id"])))
    for position, row in enumerate(shuffled):
        instructions.add(fingerprint(row["instruction"]))
        concepts.update(row.get("concepts", ()))
        if position < rows:
            in_code.update(_concepts_in_code(row["response"]))
    return {
        "selected": len(shuffled),
        "distinct_instructions": len(instructions),
        "concept_entropy": _entropy(concepts) if concepts else None,
        "code_entropy": _entropy(in_code),
        "near_duplicate_rate": None,
    }


def _concepts_in_code(response: str) -> set[str]:
    """The concepts in the syntax of a response's code."""
    try:
        return set(tree_concepts("\n".join(code_blocks(response))))
    except (SyntaxError, ValueError):
        return set()  # a failing response may be no program


def _entropy(counts: Counter[str]) -> float:
    total = sum(counts.values())
    return round(-sum(n / total * log2(n / total) for n in counts.values()), 2) if total else 0.0


def by_pack(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The documents of the packs of a comparison: of one, the document itself."""
    return list(document.get("packs", [document]))


def table(document: Mapping[str, Any]) -> str:
    """The figures as Markdown, pack by pack."""
    return "\n".join(map(_table, by_pack(document)))


def _table(document: Mapping[str, Any]) -> str:
    lines = [
        f"pass@1 on {document['pack']} ({document['tasks']} tasks), tuned on {document['rows']} rows each; "
        "95 % intervals",
        "",
        "| | score | interval | seeds | gain on base | kept | lost | rows selected |"
        " concept entropy | code entropy | near-duplicates |",
        "|---|---:|---|---|---|---:|---|---:|---:|---:|---:|",
    ]
    for name, arm in _entries(document).items():
        seeds = ", ".join(f"{score:.3f}" for score in arm["seeds"])
        kept = f"{arm['kept']['mean']:.3f}" if arm["kept"] else ""
        cells = [name, f"{arm['mean']:.3f}", f"{arm['low']:.3f} to {arm['high']:.3f}", seeds]
        if name == BASE:
            cells += ["", kept, "", "", "", "", ""]
        else:
            cells += [
                signed(arm["gain"]),
                kept,
                signed(arm["lost"]) if arm["lost"] else "",
                str(arm["selected"]),
                "" if arm["concept_entropy"] is None else f"{arm['concept_entropy']:.2f} bits",
                f"{arm['code_entropy']:.2f} bits",
                "" if arm["near_duplicate_rate"] is None else f"{arm['near_duplicate_rate']:.1%}",
            ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def signed(estimate: Mapping[str, float]) -> str:
    """A difference with its interval, as text."""
    return f"{estimate['mean']:+.3f} ({estimate['low']:+.3f} to {estimate['high']:+.3f})"


def plot(document: Mapping[str, Any]) -> str:
    """Means and intervals, one line an arm, as SVG; of several packs each line with its pack."""
    import vl_convert

    packs = by_pack(document)
    lines = [
        (name if len(packs) == 1 else f"{pack['pack']}: {name}", arm)
        for pack in packs
        for name, arm in _entries(pack).items()
    ]
    values = [{"arm": name, **{key: arm[key] for key in ("mean", "low", "high")}} for name, arm in lines]
    points = [{"arm": name, "score": score} for name, arm in lines for score in arm["seeds"]]
    y = {"field": "arm", "type": "nominal", "sort": None, "title": None}
    x = {"type": "quantitative", "title": "pass@1", "scale": {"zero": False}}
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": 560,
        "height": {"step": 34},
        "layer": [
            {"data": {"values": values}, "mark": {"type": "rule", "strokeWidth": 3, "color": "#4c78a8"},
             "encoding": {"y": y, "x": {**x, "field": "low"}, "x2": {"field": "high"}}},
            {"data": {"values": values}, "mark": {"type": "tick", "thickness": 3, "color": "#1b3a5c"},
             "encoding": {"y": y, "x": {**x, "field": "mean"}}},
            {"data": {"values": points}, "mark": {"type": "point", "color": "#e45756"},
             "encoding": {"y": y, "x": {**x, "field": "score"}}},
        ],
    }  # fmt: skip
    return str(vl_convert.vegalite_to_svg(spec))


def _entries(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The entries of the base and the arms."""
    return {name: value for name, value in document.items() if isinstance(value, dict)}
