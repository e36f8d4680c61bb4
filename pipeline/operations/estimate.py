"""Estimates a whole run from a pilot's counts and times. Arithmetic only: nothing is run here.

Units and tokens grow with the number of seeds. Time is so much for each computed prompt token and for each new
token, both fitted to the pilot's stages, times a factor of each stage for what these two do not explain; so a
few-shot context, which a shard computes once however many seeds it has, is counted once a shard. Rows grow more
slowly than seeds where rows resemble each other: each pair of rows is assumed to do so with the pilot's frequency.
Intervals are of a bootstrap over the pilot's seeds and hold 90% of the draws.
Not covered: a load of the machine other than the pilot's, and events that are too rare for the pilot.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.dataset.cost import Prices

DRAWS = 1000
WITHIN = (5.0, 50.0, 95.0)
Vector = NDArray[np.float64]
_MEASURED = ("units", "kept", "computed_prompt_tokens", "new_tokens", "seconds")


@dataclass(frozen=True, slots=True)
class StageSample:
    """The work of a stage of the pilot; vectors have a number for each seed.

    `tail_tokens` are computed prompt tokens without those of few-shot contexts, of which the pilot computed
    `contexts`, `context_tokens` each on average. `bytes` is the size of the stage's files, `rules` how many units each
    rule dropped. `prompt_tokens` are those sent, `fates` the new tokens by what became of them
    (pipeline/dataset/cost.py).
    """

    units: Vector
    kept: Vector
    tail_tokens: Vector
    new_tokens: Vector
    seconds: float
    contexts: int
    context_tokens: float
    bytes: int
    rules: Mapping[str, int] = field(default_factory=dict)
    prompt_tokens: Vector = field(default_factory=lambda: np.zeros(0))
    fates: Mapping[str, Vector] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pilot:
    """The pilot's stages by name in their order, and the rows of each of its seeds.

    `sound` counts, at most one a seed, the responses that no rule but resemblance to other rows rejects.
    """

    stages: Mapping[str, StageSample]
    sound: Vector
    rows: Vector
    row_bytes: int
    fixed_seconds: float  # loading the model, and reading all sources
    rules: Mapping[str, int] = field(default_factory=dict)  # of the selection: how many responses each dropped


def estimate(
    pilot: Pilot,
    seeds: int,
    contexts: int,
    wanted_rows: int = 0,
    shard_size: int = 1,
    prices: Prices | None = None,
) -> dict[str, Any]:
    """The whole run over `seeds` seeds whose shards compute `contexts` few-shot contexts in each stage.

    Numbers with an interval are [low, middle, high], or None where the pilot says nothing: of the rows when it had
    none, of a stage when no unit of the pilot came to it; the time is then that of the stages before it. With
    `wanted_rows` there is a `goal`: what it takes to reach them by whole shards of `shard_size` seeds (see `_goal`).
    With `prices` the run and a row have their `money`. `fates` has the new tokens by what became of them.
    """
    size = len(pilot.rows)
    random = np.random.default_rng(0)
    draws = random.integers(0, size, (DRAWS, size))
    factor = seeds / size
    per_token = _seconds_per_token(pilot)
    stages: dict[str, dict[str, Any]] = {}
    total_seconds: Vector = np.full(DRAWS, pilot.fixed_seconds)
    tokens, sent = np.zeros(DRAWS), np.zeros(DRAWS)
    fates: dict[str, Vector] = {}
    for name, stage in pilot.stages.items():
        units, kept, tail, new = (
            numbers[draws].sum(axis=1) * factor
            for numbers in (stage.units, stage.kept, stage.tail_tokens, stage.new_tokens)
        )
        computed = tail + contexts * stage.context_tokens
        if stage.new_tokens.sum():
            seconds = _explained(per_token, computed, new) * _unexplained(stage, per_token)
        else:
            seconds = units * stage.seconds / max(stage.units.sum(), 1)
        total_seconds = total_seconds + seconds
        tokens = tokens + new
        if stage.prompt_tokens.size:
            sent = sent + stage.prompt_tokens[draws].sum(axis=1) * factor
        for fate, by_seed in stage.fates.items():
            fates[fate] = fates.get(fate, np.zeros(DRAWS)) + by_seed[draws].sum(axis=1) * factor
        if not stage.units.sum():
            stages[name] = dict.fromkeys(_MEASURED) | {"bytes": 0, "lost": {}, "fates": {}}
            continue
        stages[name] = {
            "units": _interval(units),
            "kept": _interval(kept),
            "computed_prompt_tokens": _interval(computed),
            "new_tokens": _interval(new),
            "fates": {fate: _interval(by_seed[draws].sum(axis=1) * factor) for fate, by_seed in stage.fates.items()},
            "seconds": _interval(seconds),
            "bytes": round(stage.bytes * factor),
            "lost": dict(stage.rules),
        }
    rows = _rows(pilot, draws, factor, random)
    row_bytes = pilot.row_bytes / max(pilot.rows.sum(), 1)
    money: Vector | None = prices.money(sent, tokens, total_seconds) if prices else None
    goal = {}
    if wanted_rows:
        needed = _needed(pilot, draws, factor, random, wanted_rows)
        goal = {"goal": _goal(pilot, wanted_rows, needed, seeds, shard_size, tokens, total_seconds)}
    return {
        "seeds": seeds,
        **goal,
        "stages": stages,
        "rows": _interval(rows) if pilot.rows.sum() else None,
        "a_row": _a_row(rows, tokens, total_seconds, money) if pilot.rows.sum() else None,
        "lost": dict(pilot.rules),
        "prompt_tokens": _interval(sent),
        "new_tokens": _interval(tokens),
        "fates": {fate: _interval(values) for fate, values in sorted(fates.items(), key=lambda item: -item[1].sum())},
        "prices": asdict(prices) if prices else None,
        **({"money": _amounts(money)} if money is not None else {}),
        "hours": [round(float(value) / 3600, 4) for value in np.percentile(total_seconds, WITHIN)],
        "fixed_seconds": round(pilot.fixed_seconds, 1),
        # The selection keeps the rows, the dataset has them as JSON Lines and as Parquet.
        "disk_bytes": round(
            sum(stage["bytes"] for stage in stages.values()) + 2.5 * row_bytes * float(np.median(rows))
        ),
    }


def _a_row(rows: Vector, tokens: Vector, seconds: Vector, money: Vector | None) -> dict[str, Any]:
    """What a row costs, all that becomes none included; of draws without a row, what the first one costs at least."""
    divisor = np.maximum(rows, 1)
    return {
        "new_tokens": _interval(tokens / divisor),
        "seconds": [round(float(value), 3) for value in np.percentile(seconds / divisor, WITHIN)],
        **({"money": _amounts(money / divisor)} if money is not None else {}),
    }


def seeds_in(plan: Mapping[str, Any], hours: float) -> int:
    """The number of the plan's seeds that fit into `hours`, by the middle of the estimate."""
    seeds: int = plan["seeds"]
    fixed = plan["fixed_seconds"] / 3600
    hours_per_seed = (plan["hours"][1] - fixed) / seeds
    return max(0, min(seeds, int((hours - fixed) / hours_per_seed)))


def compare(plan: Mapping[str, Any], manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The estimate against the dataset's counts: {what, estimate: [low, middle, high], happened, off}.

    Money is that of the plan's prices.
    """
    # The manifest has the time of the stages only, without reading the sources and loading the model.
    in_stages = [round(hours - plan["fixed_seconds"] / 3600, 4) for hours in plan["hours"]]
    tokens = sum(spent.get("new_tokens", 0) for spent in manifest["spent"].values())
    a_row = plan.get("a_row")  # a plan of an earlier version has none
    compared = [
        *([("rows", plan["rows"], manifest["rows"])] if plan["rows"] else []),
        ("new tokens", plan["new_tokens"], tokens),
        *([("new tokens a row", a_row["new_tokens"], tokens / manifest["rows"])] if a_row and manifest["rows"] else []),
        ("hours", in_stages, sum(manifest["seconds"].values()) / 3600),
    ]
    if plan.get("prices"):
        sent = sum(spent.get("prompt_tokens", 0) for spent in manifest["spent"].values())
        money = Prices(**plan["prices"]).money(sent, tokens, sum(manifest["seconds"].values()) + plan["fixed_seconds"])
        compared.append(("money", plan["money"], money))
        if a_row and manifest["rows"]:
            compared.append(("money a row", a_row["money"], money / manifest["rows"]))
    happened_to = {line["fate"]: line["new_tokens"] for line in manifest.get("cost", {}).get("by_fate", ())}
    for fate, expected in plan.get("fates", {}).items():
        if happened_to and expected[1]:
            compared.append((f"new tokens: {fate}", expected, happened_to.get(fate, 0)))
    for stage, expected in plan["stages"].items():
        if expected["units"] is None:
            continue
        counts = manifest["funnel"][stage]
        compared.append((f"{stage} kept", expected["kept"], counts["kept"]))
        compared.append((f"{stage} seconds", expected["seconds"], manifest["seconds"][stage]))
    return [
        {
            "what": what,
            "estimate": expected,
            "happened": round(happened, 4),
            "off": round(expected[1] / happened - 1, 3) if happened else None,
        }
        for what, expected, happened in compared
    ]


def _seconds_per_token(pilot: Pilot) -> tuple[float, float]:
    """Seconds for a computed prompt token and for a new token: least squares, none below 0."""
    generating = [stage for stage in pilot.stages.values() if stage.new_tokens.sum()]
    if not generating:  # every record was lost before one was generated from it
        return 0.0, 0.0
    tokens = np.array([[_computed(stage), stage.new_tokens.sum()] for stage in generating], float)
    seconds = np.array([stage.seconds for stage in generating])
    both = np.linalg.lstsq(tokens, seconds, rcond=None)[0]
    if both.min() >= 0:
        return float(both[0]), float(both[1])
    alone = [float(column @ seconds / (column @ column)) for column in tokens.T]
    left = [np.square(tokens.T[i] * alone[i] - seconds).sum() for i in (0, 1)]
    return (alone[0], 0.0) if left[0] < left[1] else (0.0, alone[1])


def _explained(per_token: tuple[float, float], computed: Vector, new: Vector) -> Vector:
    return per_token[0] * computed + per_token[1] * new


def _unexplained(stage: StageSample, per_token: tuple[float, float]) -> float:
    explained = per_token[0] * _computed(stage) + per_token[1] * float(stage.new_tokens.sum())
    return stage.seconds / explained if explained else 1.0


def _computed(stage: StageSample) -> float:
    return float(stage.tail_tokens.sum()) + stage.contexts * stage.context_tokens


def _rows(pilot: Pilot, draws: NDArray[np.int64], factor: float, random: np.random.Generator) -> Vector:
    """Sound responses become rows unless they resemble an earlier row, each pair with the same probability."""
    sound, alike = _sound_and_alike(pilot, draws, random)
    rows: Vector = (1 - (1 - alike) ** (sound * factor)) / alike
    return rows


def _needed(pilot: Pilot, draws: NDArray[np.int64], factor: float, random: np.random.Generator, rows: int) -> Vector:
    """The share of all seeds that gives so many rows, in each draw; above 1 where all give fewer: `_rows` inverted."""
    sound, alike = _sound_and_alike(pilot, draws, random)
    with np.errstate(divide="ignore", invalid="ignore"):
        wanted = np.log1p(-np.minimum(rows * alike, 1)) / np.log1p(-alike)
        share: Vector = np.where(sound > 0, wanted / (sound * factor), np.inf)
    return share


def _goal(
    pilot: Pilot, rows: int, needed: Vector, seeds: int, shard_size: int, tokens: Vector, seconds: Vector
) -> dict[str, Any]:
    """What it takes to reach `rows`: seeds, shards, tokens and hours, until all seeds are taken.

    `probability` is the share of the draws in which the seeds give so many; `needed` is in shares of all seeds.
    """
    shards = np.ceil(np.minimum(needed, 1.0) * seeds / shard_size)
    taken = np.minimum(shards * shard_size, seeds)
    share = taken / seeds
    hours = (pilot.fixed_seconds + (seconds - pilot.fixed_seconds) * share) / 3600
    return {
        "rows": rows,
        "probability": round(float(np.mean(needed <= 1.0)), 3),
        "shards": _interval(shards),
        "seeds": _interval(taken),
        "new_tokens": _interval(tokens * share),
        "hours": [round(float(value), 4) for value in np.percentile(hours, WITHIN)],
    }


def _sound_and_alike(pilot: Pilot, draws: NDArray[np.int64], random: np.random.Generator) -> tuple[Vector, Vector]:
    """In each draw, the pilot's sound responses, and the probability that two of them resemble each other."""
    sound = pilot.sound[draws].sum(axis=1)
    lost = pilot.sound.sum() - pilot.rows.sum()
    pairs = max(pilot.sound.sum() * (pilot.sound.sum() - 1) / 2, 1)
    # The probability of a pair: its posterior by the pilot's count, which allows for pairs that it missed.
    return sound, np.minimum(random.gamma(lost + 0.5, size=DRAWS) / pairs, 0.5)


def _amounts(values: Vector) -> list[float]:
    return [float(value) for value in np.percentile(values, WITHIN)]


def _interval(values: Vector) -> list[int]:
    return [round(float(value)) for value in np.percentile(values, WITHIN)]
