"""What a comparison says: figures with intervals, a table, a plot.

In: each arm's scores by seed and task, and its selection. Out: a JSON document, Markdown, SVG.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import log2
from typing import Any

from pipeline.loop.arms import BASE
from pipeline.loop.statistics import bootstrap
from pipeline.text.code_concepts import tree_concepts
from pipeline.text.markdown import code_blocks
from pipeline.text.normalise import fingerprint
from targets import ShardPaths

Runs = Sequence[Sequence[float]]
_SOLVED = 0.5


def figures(
    runs: Mapping[str, Runs], about: Mapping[str, dict[str, Any]], setting: dict[str, Any]
) -> dict[str, Any]:
    """For the base and each arm mean, low, high and each seed's score, and what is `kept` of the tasks that the
    base solves in all other seeds; for an arm also its `gain` on the base in the same tasks, what is
    `lost` (how much less it keeps than the base itself), and `kept_of_most`: the share that it still solves of
    what the base solves in most of its seeds."""
    base, means = runs[BASE], _means(runs[BASE])
    steady = _steady(base)
    solved = [task for task, score in enumerate(means) if score > _SOLVED]
    found: dict[str, Any] = dict(setting)
    for name, scores in runs.items():
        found[name] = {
            **asdict(bootstrap(scores)),
            "seeds": [round(sum(run) / len(run), 4) for run in scores],
            "kept": asdict(bootstrap(scores, steady)) if steady else None,
        }
        if name != BASE:
            gains = [[a - b for a, b in zip(run, means, strict=True)] for run in scores]
            losses = [
                [b - a for a, b in zip(run, others, strict=True)]
                for run, others in zip(scores, base, strict=True)
            ]
            kept = [run[task] for run in scores for task in solved]
            found[name] |= {
                "gain": asdict(bootstrap(gains)),
                "lost": asdict(bootstrap(losses, steady)) if steady else None,
                "kept_of_most": round(sum(kept) / len(kept), 4) if kept else None,
                **about.get(name, {}),
            }
    return found


def _means(runs: Runs) -> list[float]:
    return [sum(scores) / len(scores) for scores in zip(*runs, strict=True)]


def _steady(base: Runs) -> list[list[float]] | None:
    """For each run 1 at the tasks that all other runs solve, else 0; None when there is no such task.

    Tasks that were chosen because a run solved them are partly solved by luck: that run must not be judged by
    them, nor an arm be compared with it.
    """
    weights = []
    for number in range(len(base)):
        others = zip(*base[:number], *base[number + 1 :], strict=True)
        weights.append([float(all(score > _SOLVED for score in scores)) for scores in others])
    return weights if any(map(any, weights)) else None


def diversity(selected: ShardPaths, size: int, rows: int) -> dict[str, Any]:
    """How varied an arm's selection is: distinct instructions; the entropy, in bits, of the concepts that the
    seeds came with, and of those that the syntax of the answers shows; and the share of candidates that resembled
    a row too much.

    Only the second entropy compares instructions that were made in different ways: the seeds' concepts are with
    the rows however their instructions were made. It is taken over `rows` rows, as many in every arm.
    """
    texts: set[str] = set()
    concepts: Counter[str] = Counter()
    shown: Counter[str] = Counter()
    for rank, row in enumerate(sorted(selected.read(), key=_shuffled)):
        texts.add(fingerprint(row["instruction"]))
        concepts.update(row["concepts"])
        if rank < rows:
            shown.update(_shown(row["response"]))
    near = selected.read_meta()["rules"].get("near_duplicate", 0)
    return {
        "selected": size,
        "distinct_instructions": len(texts),
        "concept_entropy": _entropy(concepts),
        "code_entropy": _entropy(shown),
        "near_duplicate_rate": round(near / (near + size), 4) if size else 0.0,
    }


def _shuffled(row: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(str(row["id"]).encode()).digest()


def _shown(response: str) -> set[str]:
    """The concepts that the syntax of a response's code shows."""
    try:
        return set(tree_concepts("\n".join(code_blocks(response))))
    except (SyntaxError, ValueError):
        return set()  # a failing response may be no program


def _entropy(counts: Counter[str]) -> float:
    total = sum(counts.values())
    return round(-sum(n / total * log2(n / total) for n in counts.values()), 2) if total else 0.0


def table(found: Mapping[str, Any]) -> str:
    """The figures as Markdown."""
    lines = [
        f"pass@1 on {found['pack']} ({found['tasks']} tasks), tuned on {found['rows']} rows each; 95 % intervals",
        "",
        "| | score | interval | seeds | gain on base | kept | lost | rows selected |"
        " concept entropy | code entropy | near-duplicates |",
        "|---|---:|---|---|---|---:|---|---:|---:|---:|---:|",
    ]
    for name, of in _arms(found).items():
        seeds = ", ".join(f"{score:.3f}" for score in of["seeds"])
        kept = f"{of['kept']['mean']:.3f}" if of["kept"] else ""
        cells = [name, f"{of['mean']:.3f}", f"{of['low']:.3f} to {of['high']:.3f}", seeds]
        if name == BASE:
            cells += ["", kept, "", "", "", "", ""]
        else:
            cells += [
                _signed(of["gain"]),
                kept,
                _signed(of["lost"]) if of["lost"] else "",
                str(of["selected"]),
                f"{of['concept_entropy']:.2f} bits",
                f"{of['code_entropy']:.2f} bits",
                f"{of['near_duplicate_rate']:.1%}",
            ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _signed(estimate: Mapping[str, float]) -> str:
    return f"{estimate['mean']:+.3f} ({estimate['low']:+.3f} to {estimate['high']:+.3f})"


def plot(found: Mapping[str, Any]) -> str:
    """Means and intervals, one line an arm, as SVG."""
    import vl_convert

    values = [
        {"arm": name, **{k: of[k] for k in ("mean", "low", "high")}}
        for name, of in _arms(found).items()
    ]
    points = [
        {"arm": name, "score": score} for name, of in _arms(found).items() for score in of["seeds"]
    ]
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


def _arms(found: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: value for name, value in found.items() if isinstance(value, dict)}
