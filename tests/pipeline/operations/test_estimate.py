"""The estimate of a whole run: arithmetic on a pilot whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.dataset.cost import Prices
from pipeline.operations.estimate import Pilot, StageSample, compare, estimate, seeds_in

PREFILL, DECODE = 0.001, 0.01  # seconds for a token


def generating(size, tail, new, contexts=4, context_tokens=500.0):
    seconds = PREFILL * (size * tail + contexts * context_tokens) + DECODE * size * new
    ones = np.ones(size)
    return StageSample(ones, ones, ones * tail, ones * new, seconds, contexts, context_tokens, 100 * size)


def pilot(size=10, lost=0):
    ones = np.ones(size)
    executions = StageSample(ones * 4, ones * 4, ones * 0, ones * 0, 2.0, 0, 0.0, 10 * size)
    stages = {
        "concepts": generating(size, tail=200, new=10),
        "instructions": generating(size, tail=50, new=40),
        "responses": generating(size, tail=60, new=200),
        "executions": executions,
    }
    rows = ones.copy()
    rows[:lost] = 0
    return Pilot(stages, sound=ones, rows=rows, row_bytes=1000 * size, fixed_seconds=5.0)


def test_units_and_tokens_grow_with_the_seeds():
    plan = estimate(pilot(), 1000, 16)
    assert plan["stages"]["responses"]["units"] == [1000, 1000, 1000]
    assert plan["new_tokens"][1] == 250_000
    assert plan["stages"]["executions"]["seconds"][1] == 200


def test_time_counts_each_few_shot_context_as_often_as_it_is_computed():
    plan = estimate(pilot(), 1000, 16)
    tokens = {"concepts": (200, 10), "instructions": (50, 40), "responses": (60, 200)}
    expected = 5 + 200
    for tail, new in tokens.values():
        expected += PREFILL * (1000 * tail + 16 * 500) + DECODE * 1000 * new
    assert plan["hours"][1] * 3600 == pytest.approx(expected, rel=0.01)


def test_a_row_costs_all_tokens_and_all_time_by_the_rows():
    plan = estimate(pilot(), 1000, 16)
    assert plan["a_row"]["new_tokens"][1] == pytest.approx(plan["new_tokens"][1] / plan["rows"][1], rel=0.05)
    assert plan["a_row"]["seconds"][1] == pytest.approx(plan["hours"][1] * 3600 / plan["rows"][1], rel=0.05)
    assert estimate(pilot(lost=10), 1000, 16)["a_row"] is None


def with_fates(of):
    """The pilot whose responses sent 300 tokens a seed; every second seed's response was lost to a rule."""
    half = np.array([1.0, 0.0] * 5)
    fates = {"row": 200 * half, "responses/length": 200 * (1 - half)}
    responses = replace(of.stages["responses"], prompt_tokens=np.full(10, 300.0), fates=fates)
    return replace(of, stages={**of.stages, "responses": responses})


def test_tokens_are_estimated_by_what_becomes_of_them():
    plan = estimate(with_fates(pilot()), 1000, 16)
    low, middle, high = plan["fates"]["responses/length"]
    assert low < middle < high
    assert middle == pytest.approx(100_000, rel=0.1)
    assert plan["stages"]["responses"]["fates"]["responses/length"] == [low, middle, high]


@pytest.mark.parametrize(("prompts", "new", "hour"), [(3.0, 0.0, 0.0), (1.0, 4.0, 0.0), (0.0, 0.0, 2.0)])
def test_money_is_estimated_from_the_prices_and_compared_with_what_was_spent(prompts, new, hour):
    prices = Prices(prompts, new, hour, "EUR")
    plan = estimate(with_fates(pilot()), 1000, 16, prices=prices)
    expected = (prompts * 300_000 + new * 250_000) / 1e6 + hour * plan["hours"][1]
    assert plan["money"][1] == pytest.approx(expected, rel=1e-3)
    assert plan["a_row"]["money"][1] == pytest.approx(expected / plan["rows"][1], rel=0.05)
    manifest = {
        "rows": plan["rows"][1],
        "spent": {"responses": {"prompt_tokens": 150_000, "new_tokens": 125_000}},
        "seconds": dict.fromkeys(plan["stages"], 0.0) | {"responses": 1800 * plan["hours"][1]},
        "funnel": {stage: {"kept": 1000} for stage in plan["stages"]},
        "cost": {"by_fate": [{"fate": "responses/length", "new_tokens": 50_000}]},
    }
    lines = {line["what"]: line for line in compare(plan, manifest)}
    assert lines["money"]["off"] == pytest.approx(1.0, abs=0.02)
    assert lines["new tokens: responses/length"]["happened"] == 50_000
    assert lines["new tokens: row"]["happened"] == 0


def test_without_prices_there_is_no_money():
    plan = estimate(with_fates(pilot()), 1000, 16)
    assert "money" not in plan
    assert "money" not in plan["a_row"]


def test_rows_that_resemble_each_other_make_the_yield_fall_as_the_dataset_grows():
    few, many = estimate(pilot(lost=3), 20, 16), estimate(pilot(lost=3), 2000, 16)
    assert few["rows"][1] / 20 > 2 * many["rows"][1] / 2000


def test_an_interval_is_wider_where_the_seeds_of_the_pilot_differ():
    same = pilot()
    mixed = pilot()
    mixed.sound[::2] = mixed.rows[::2] = 0
    assert estimate(mixed, 100, 4)["rows"][0] < estimate(same, 100, 4)["rows"][0]
    low, middle, high = estimate(mixed, 100, 4)["rows"]
    assert low < middle < high


def nothing(size=10):
    zeros = np.zeros(size)
    return StageSample(zeros, zeros, zeros, zeros, 0.1, 0, 0.0, 0)


@pytest.mark.parametrize("stages_with_units", [0, 1, 3])
def test_nothing_is_estimated_of_what_the_pilot_did_not_come_to(stages_with_units):
    of = pilot()
    stages = {name: stage if n < stages_with_units else nothing() for n, (name, stage) in enumerate(of.stages.items())}
    plan = estimate(Pilot(stages, np.zeros(10), np.zeros(10), 0, 5.0, {"not_passed": 3}), 1000, 16)
    assert plan["rows"] is None
    assert plan["lost"] == {"not_passed": 3}
    assert [numbers["units"] is None for numbers in plan["stages"].values()] == [
        n >= stages_with_units for n in range(len(stages))
    ]
    assert plan["hours"][1] >= 5 / 3600


def test_a_budget_fits_as_many_seeds_as_it_pays_for():
    plan = estimate(pilot(), 1000, 16)
    assert seeds_in(plan, plan["hours"][1]) == 1000
    assert 450 < seeds_in(plan, plan["hours"][1] / 2) < 550
    assert seeds_in(plan, 0.0) == 0


def test_the_comparison_says_how_far_off_the_estimate_was():
    plan = estimate(pilot(), 1000, 16)
    manifest = {
        "rows": 500,
        "spent": {stage: {"new_tokens": 100_000} for stage in ("concepts", "responses")},
        "seconds": dict.fromkeys(plan["stages"], 100.0),
        "funnel": {stage: {"kept": 1000} for stage in plan["stages"]},
    }
    lines = {line["what"]: line for line in compare(plan, manifest)}
    assert lines["new tokens"]["off"] == 0.25
    assert lines["rows"]["happened"] == 500
    assert lines["responses kept"]["off"] == 0.0


def test_a_number_of_rows_takes_whole_shards_and_the_time_of_their_seeds():
    plan = estimate(pilot(), 1000, 16, wanted_rows=12, shard_size=5)
    goal = plan["goal"]
    assert goal["seeds"][1] == 5 * goal["shards"][1]
    assert 12 <= goal["seeds"][1] <= 20
    assert goal["probability"] > 0.9
    fixed, share = plan["fixed_seconds"] / 3600, goal["seeds"][1] / 1000
    assert goal["hours"][1] == pytest.approx(fixed + share * (plan["hours"][1] - fixed), rel=0.02)


def test_rows_that_the_seeds_do_not_give_take_all_of_them():
    goal = estimate(pilot(lost=3), 20, 16, wanted_rows=10_000, shard_size=8)["goal"]
    assert (goal["probability"], goal["seeds"]) == (0.0, [20, 20, 20])
